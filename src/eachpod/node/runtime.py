"""The runtime contract: what the agent asks of whatever runs containers, on one page.

The implementation is `cri/` (containerd); tests have a fake. The words are those of the CRI, without its protobuf:
values are frozen, times are Unix seconds, and a runtime keeps no knowledge of pods beyond the labels and
annotations that it is given, which is how a restarted agent finds its pods again.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class RuntimeFault(Exception):
    """A refused or failed request. `reason` is the waiting reason of the kubelet where it has one (ErrImagePull,
    ErrImageNeverPull, InvalidImageName, RegistryUnavailable, CreateContainerError, RunContainerError ...), else "";
    the message is the runtime's own."""

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.message, self.reason = message, reason


class NotFoundFault(RuntimeFault):
    """No such sandbox, container or image."""


class Phase(StrEnum):
    CREATED = "created"
    RUNNING = "running"
    EXITED = "exited"
    UNKNOWN = "unknown"


class NamespaceMode(StrEnum):
    POD = "pod"
    CONTAINER = "container"
    NODE = "node"
    TARGET = "target"  # the process namespace of the container `Security.target_id`


@dataclass(frozen=True, slots=True)
class Dns:
    """What goes into resolv.conf, in this order: search, nameserver, options."""

    servers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PortMapping:
    container_port: int
    host_port: int
    protocol: str = "TCP"
    host_ip: str = ""


@dataclass(frozen=True, slots=True)
class Mount:
    """`host_path` is absolute and exists. propagation: "" (private), "HostToContainer" or "Bidirectional"."""

    host_path: str
    container_path: str
    read_only: bool = False
    propagation: str = ""


@dataclass(frozen=True, slots=True)
class Resources:
    """Linux limits as the CRI takes them; 0 and "" are unset."""

    cpu_shares: int = 0
    cpu_quota: int = 0
    cpu_period: int = 0
    memory_limit: int = 0
    oom_score_adj: int = 0
    hugepage_limits: tuple[tuple[str, int], ...] = ()  # ("2MB", bytes)


@dataclass(frozen=True, slots=True)
class Security:
    """The effective security context: pod and container settings are merged already. None is "as the image says".
    seccomp: "" (unconfined), "RuntimeDefault" or "Localhost:PATH" (absolute path); AppArmor by profile name."""

    run_as_user: int | None = None
    run_as_group: int | None = None
    supplemental_groups: tuple[int, ...] = ()
    privileged: bool = False
    read_only_root: bool = False
    no_new_privileges: bool = False
    add_capabilities: tuple[str, ...] = ()
    drop_capabilities: tuple[str, ...] = ()
    seccomp: str = ""
    apparmor: str = ""
    unmasked_proc: bool = False
    network: NamespaceMode = NamespaceMode.POD
    pid: NamespaceMode = NamespaceMode.CONTAINER
    ipc: NamespaceMode = NamespaceMode.POD
    target_id: str = ""


@dataclass(frozen=True, slots=True)
class SandboxSpec:
    """A pod sandbox. `addresses` are wishes (an address kept over restarts); a runtime that cannot grant them gives
    others and does not fail. `hostname` is "" with host network."""

    name: str
    namespace: str
    uid: str
    attempt: int = 0
    hostname: str = ""
    log_directory: str = ""
    dns: Dns | None = None
    port_mappings: tuple[PortMapping, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    security: Security = Security()
    sysctls: Mapping[str, str] = field(default_factory=dict)
    cgroup_parent: str = ""
    addresses: tuple[str, ...] = ()
    runtime_handler: str = ""


@dataclass(frozen=True, slots=True)
class SandboxState:
    """`ready` is false as soon as the sandbox process is gone. `addresses`, `pid` and `netns` come with
    `sandbox_status` and may be empty in a list. netns is a path, "" with host network."""

    id: str
    name: str
    namespace: str
    uid: str
    attempt: int
    ready: bool
    created_at: float
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    addresses: tuple[str, ...] = ()
    pid: int = 0
    netns: str = ""


@dataclass(frozen=True, slots=True)
class ImageState:
    """`id` is what containers are created from; `reference` (repository@digest, else id) goes into status.imageID.
    `user` is the image's own: a number where it is one, else the name."""

    id: str
    reference: str
    tags: tuple[str, ...] = ()
    size: int = 0
    user: int | str | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """For one registry, from an imagePullSecret."""

    username: str = ""
    password: str = ""
    identity_token: str = ""


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """A container of a sandbox. `image` is ImageState.id, `image_name` the user's reference. `command` and `args` as in
    the pod: empty means the image's. `log_path` is relative to the sandbox's log directory; its directory exists."""

    name: str
    image: str
    image_name: str = ""
    attempt: int = 0
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    working_dir: str = ""
    env: tuple[tuple[str, str], ...] = ()
    mounts: tuple[Mount, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    log_path: str = ""
    stdin: bool = False
    stdin_once: bool = False
    tty: bool = False
    resources: Resources = Resources()
    security: Security = Security()
    stop_signal: str = ""


@dataclass(frozen=True, slots=True)
class ContainerState:
    """In a list only id, sandbox_id, name, attempt, phase, created_at, labels and annotations are certain; the rest
    comes with `container_status`. `reason` and `message` are the runtime's (Completed, Error, OOMKilled)."""

    id: str
    sandbox_id: str
    name: str
    attempt: int
    phase: Phase
    created_at: float
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    image: str = ""
    image_ref: str = ""
    started_at: float = 0.0
    finished_at: float = 0.0
    exit_code: int = 0
    reason: str = ""
    message: str = ""
    log_path: str = ""
    # Absolute host path -> container path of the mounts, as the runtime has them.
    mounts: tuple[Mount, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that the runtime has, of all pods of the node: the truth after any event or restart."""

    sandboxes: tuple[SandboxState, ...]
    containers: tuple[ContainerState, ...]


@dataclass(frozen=True, slots=True)
class ExecResult:
    """`timed_out`: the command was killed at its timeout; then exit_code means nothing."""

    exit_code: int
    stdout: bytes = b""
    stderr: bytes = b""
    timed_out: bool = False


@dataclass(frozen=True, slots=True)
class ContainerStats:
    """Cumulative CPU nanoseconds at `timestamp`; working set and usage in bytes."""

    id: str
    name: str
    labels: Mapping[str, str]
    timestamp: float
    cpu_nanoseconds: int = 0
    memory_working_set: int = 0
    memory_usage: int = 0


@dataclass(frozen=True, slots=True)
class StreamTarget:
    """Where a granted exec, attach or port-forward goes on: an HTTP upgrade to `path`, once, over a connection that
    `connect` opens ((reader, writer) of asyncio). What is spoken over it is the affair of `node/streams`."""

    path: str
    connect: Callable[[], Awaitable[tuple[Any, Any]]]


@dataclass(frozen=True, slots=True)
class Version:
    name: str
    version: str
    api_version: str = "v1"


class Runtime(Protocol):
    """All methods raise RuntimeFault; NotFoundFault where the id is unknown. Stop and remove of something that is gone
    already succeed, so that a repeated teardown ends."""

    async def version(self) -> Version: ...

    async def run_sandbox(self, spec: SandboxSpec) -> str:
        """Returns the id, with the network set up."""
        ...

    async def stop_sandbox(self, sandbox_id: str) -> None:
        """Kills what still runs in it and gives the network back."""
        ...

    async def remove_sandbox(self, sandbox_id: str) -> None: ...

    async def sandbox_status(self, sandbox_id: str) -> SandboxState: ...

    async def create_container(self, sandbox: SandboxState, sandbox_spec: SandboxSpec, spec: ContainerSpec) -> str: ...

    async def start_container(self, container_id: str) -> None: ...

    async def stop_container(self, container_id: str, grace_seconds: int) -> None:
        """Stop signal, then SIGKILL after the grace. Returns when the process is gone."""
        ...

    async def remove_container(self, container_id: str) -> None: ...

    async def container_status(self, container_id: str) -> ContainerState: ...

    async def snapshot(self) -> Snapshot:
        """Sandboxes and containers as the runtime lists them: cheap (about a millisecond), so once a second is fine."""
        ...

    def events(self) -> AsyncIterator[str]:
        """Hints that something changed: ids of sandboxes or containers, "" for anything. May lose some; never ends
        but by cancellation (a broken connection to the runtime is mended inside)."""
        ...

    async def pull_image(self, image: str, credentials: Credentials | None, sandbox: SandboxSpec | None = None) -> str:
        """Returns ImageState.id. A fault's reason is ErrImagePull, RegistryUnavailable, InvalidImageName ..."""
        ...

    async def image_status(self, image: str) -> ImageState | None:
        """None where it is not on the node."""
        ...

    async def exec_sync(self, container_id: str, command: tuple[str, ...], timeout_seconds: int) -> ExecResult: ...

    async def open_exec(
        self, container_id: str, command: tuple[str, ...], *, tty: bool, stdin: bool, stdout: bool, stderr: bool
    ) -> StreamTarget: ...

    async def open_attach(
        self, container_id: str, *, tty: bool, stdin: bool, stdout: bool, stderr: bool
    ) -> StreamTarget: ...

    async def open_port_forward(self, sandbox_id: str, ports: tuple[int, ...]) -> StreamTarget: ...

    async def reopen_log(self, container_id: str) -> None: ...

    async def stats(self) -> tuple[ContainerStats, ...]: ...

    async def close(self) -> None: ...
