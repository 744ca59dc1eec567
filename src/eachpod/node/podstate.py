"""What the agent knows of one pod, as values: the state of the pod machine, its events and its commands.

The state holds what is wanted (`pod`, as the API has it) and what is there (sandbox, containers), and which operations
are under way (`busy`), so that no operation is ever ordered twice. Everything in it can be rebuilt from the API and the
runtime, which is what a restarted agent does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eachpod.model.objects import Object

from .runtime import ContainerState, Phase, SandboxState

# Names of operations in `busy`; those of single containers carry the container's name behind a colon.
VOLUMES, SANDBOX, START, STOP, REMOVE, STOP_SANDBOX, CLEAN, DELETE = (
    "volumes", "sandbox", "start", "stop", "remove", "stop-sandbox", "clean", "delete",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Container:
    """One container of the pod. `seen` is the runtime's newest state of it, `previous` the one before that.

    `waiting` is (reason, message) while it cannot start; `backoff` the seconds of the last restart delay, decided at
    `backoff_at`; `pull_backoff` that of its image. After a failed pull or start it is not tried before `not_before`.
    `attempt` counts the starts ordered."""

    name: str
    seen: ContainerState | None = None
    previous: ContainerState | None = None
    attempt: int = 0
    waiting: tuple[str, str] | None = None
    backoff: float = 0.0
    backoff_at: float = 0.0
    pull_backoff: float = 0.0
    not_before: float = 0.0
    started: bool = False
    ready: bool = False
    kill: str = ""  # why it must be stopped though the pod goes on, "" where it need not

    @property
    def running(self) -> bool:
        return self.seen is not None and self.seen.phase is Phase.RUNNING

    @property
    def exited(self) -> bool:
        return self.seen is not None and self.seen.phase in (Phase.EXITED, Phase.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why the pod ends though nobody deleted it: refused by the node, past its deadline, evicted."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class PodState:
    pod: Object
    started_at: float
    containers: Mapping[str, Container]
    sandbox: SandboxState | None = None
    sandbox_attempt: int = 0
    addresses: tuple[str, ...] = ()  # kept after the sandbox is gone, for the status
    admitted: bool = False
    verdict: Verdict | None = None
    volumes_ready: bool = False
    retry_at: float = 0.0  # of volumes or sandbox, after a failure
    failures: int = 0
    busy: frozenset[str] = frozenset()
    grace: int | None = None  # seconds of the running teardown, None before it
    gone: bool = False  # removed from the API
    cleaned: bool = False
    final_status_written: bool = False
    done: bool = False  # nothing left to do, ever

    def starting(self, name: str) -> bool:
        """Whether the container's start is under way, its postStart hook included: until then nobody counts on it."""
        return f"{START}:{name}" in self.busy


# Events


@dataclass(frozen=True, slots=True)
class PodSeen:
    pod: Object


@dataclass(frozen=True, slots=True)
class PodGone:
    pod: Object


@dataclass(frozen=True, slots=True)
class Admitted:
    """The node's own decision about a pod bound to it; `verdict` None lets it in."""

    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class SandboxSeen:
    """The state of the sandbox with this id; None: the runtime does not know it any more."""

    id: str
    sandbox: SandboxState | None


@dataclass(frozen=True, slots=True)
class ContainerSeen:
    container: ContainerState


@dataclass(frozen=True, slots=True)
class ContainerLost:
    """The runtime does not know this container any more."""

    id: str


@dataclass(frozen=True, slots=True)
class Done:
    """An operation ended. `reason` and `message` are set where it failed; `result` where it gave something."""

    operation: str
    result: Any = None
    reason: str = ""
    message: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Probed:
    """A probe's verdict has changed. `kind` is startup, readiness or liveness; `id` the container's it was made for."""

    container: str
    id: str
    kind: str
    success: bool


@dataclass(frozen=True, slots=True)
class StatusWritten:
    """The API has the status that was generated last."""


@dataclass(frozen=True, slots=True)
class Tick:
    pass


PodEvent = (
    PodSeen | PodGone | Admitted | SandboxSeen | ContainerSeen | ContainerLost | Done | Probed | StatusWritten | Tick
)


# Commands


@dataclass(frozen=True, slots=True)
class PrepareVolumes:
    pass


@dataclass(frozen=True, slots=True)
class RunSandbox:
    attempt: int


@dataclass(frozen=True, slots=True)
class StartContainer:
    """Pull the image if need be, create, start, run the postStart hook."""

    name: str
    attempt: int


@dataclass(frozen=True, slots=True)
class StopContainer:
    """preStop hook, stop signal, SIGKILL when `grace` is over. `message` is for the event."""

    name: str
    id: str
    grace: int
    message: str


@dataclass(frozen=True, slots=True)
class RemoveContainer:
    """Of an older run, kept no longer."""

    id: str


@dataclass(frozen=True, slots=True)
class StopSandbox:
    id: str


@dataclass(frozen=True, slots=True)
class CleanUp:
    """Remove whatever the runtime has of this pod, its volumes and its directory."""


@dataclass(frozen=True, slots=True)
class DeletePod:
    """The final DELETE: grace 0, with the uid as precondition."""


@dataclass(frozen=True, slots=True)
class Cancel:
    operation: str


@dataclass(frozen=True, slots=True)
class Tell:
    """An event about the pod or, by name, one of its containers."""

    reason: str
    message: str
    type: str = "Normal"
    container: str = ""


@dataclass(frozen=True, slots=True)
class WakeAt:
    time: float


# What is done to the pod's containers and their ground. It takes time and ends with a Done, as a DeletePod does.
Work = PrepareVolumes | RunSandbox | StartContainer | StopContainer | RemoveContainer | StopSandbox | CleanUp
Command = Work | DeletePod | Cancel | Tell | WakeAt


def operation_of(work: Work | DeletePod) -> str:
    """The name that a piece of work bears in `busy` and in its Done."""
    match work:
        case PrepareVolumes():
            return VOLUMES
        case RunSandbox():
            return SANDBOX
        case StartContainer(name):
            return f"{START}:{name}"
        case StopContainer(name):
            return f"{STOP}:{name}"
        case RemoveContainer(id):
            return f"{REMOVE}:{id}"
        case StopSandbox():
            return STOP_SANDBOX
        case CleanUp():
            return CLEAN
        case DeletePod():
            return DELETE


@dataclass(frozen=True, slots=True)
class HostInfo:
    """What of the node goes into a pod's status."""

    name: str
    addresses: tuple[str, ...] = ()
    cluster_domain: str = "cluster.local"
    # Written to every pod beside its status: that it is simulated.
    annotations: Mapping[str, str] = field(default_factory=dict)
