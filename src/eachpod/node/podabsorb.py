"""The first half of the pod machine: what an event changes in what is known of the pod."""

from collections.abc import Mapping
from dataclasses import replace

from eachpod.model import objects
from eachpod.model.objects import Object, dig

from . import podspec
from .backoff import pull_delay, retry_delay
from .podoutcome import ending
from .podstate import (
    CLEAN,
    DELETE,
    SANDBOX,
    START,
    STOP,
    STOP_SANDBOX,
    VOLUMES,
    Admitted,
    Command,
    Container,
    ContainerLost,
    ContainerSeen,
    Done,
    PodEvent,
    PodGone,
    PodSeen,
    PodState,
    Probed,
    RemoveContainer,
    SandboxSeen,
    StatusWritten,
    Tell,
)
from .runtime import ContainerState, Phase, SandboxState

Step = tuple[PodState, list[Command]]

# Reasons that a start fails with before the image is there: the wait is that of the image, not of the container.
PULL_REASONS = ("ErrImagePull", "RegistryUnavailable", "SignatureValidationFailed")
_START_RETRY_SECONDS = 10.0


def absorb(state: PodState, event: PodEvent, now: float) -> Step:
    match event:
        case PodSeen(pod):
            return _pod_seen(state, pod), []
        case PodGone(pod):
            return replace(state, pod=pod, gone=True), []
        case Admitted(verdict):
            return replace(state, admitted=True, verdict=verdict or state.verdict), []
        case SandboxSeen(id, sandbox):
            return _sandbox_seen(state, id, sandbox), []
        case ContainerSeen(container):
            return _container_seen(state, container, now)
        case ContainerLost(id):
            return _container_lost(state, id, now)
        case Done():
            return _done(state, event, now)
        case Probed():
            return _probed(state, event), []
        case StatusWritten():
            over = state.cleaned and objects.deleting(state.pod)
            return (replace(state, final_status_written=True) if over else state), []
    return state, []


def with_container(state: PodState, container: Container) -> PodState:
    return replace(state, containers={**state.containers, container.name: container})


def _pod_seen(state: PodState, pod: Object) -> PodState:
    containers: Mapping[str, Container] = state.containers
    new = [each["name"] for each in podspec.ephemeral_containers(pod) if each["name"] not in containers]
    if new:
        containers = {**containers, **{name: Container(name) for name in new}}
    changed = {name: _if_changed(known, pod) for name, known in containers.items()}
    return replace(state, pod=pod, containers=containers if changed == containers else changed)


def _if_changed(known: Container, pod: Object) -> Container:
    """A container that runs another image than its spec names now has to go and come again."""
    spec = podspec.container(pod, known.name)
    made_from = known.seen.annotations.get(podspec.HASH) if known.seen else None
    if not known.running or known.kill or spec is None or made_from in (None, podspec.fingerprint(spec)):
        return known
    return replace(known, kill=f"Container {known.name} definition changed, will be restarted")


def _sandbox_seen(state: PodState, id: str, sandbox: SandboxState | None) -> PodState:
    current = state.sandbox
    if sandbox is not None and (current is None or sandbox.attempt > current.attempt or sandbox.id == current.id):
        addresses = sandbox.addresses or (current.addresses if current and current.id == sandbox.id else ())
        known = replace(sandbox, addresses=addresses)
        addresses = addresses or state.addresses
        return replace(state, sandbox=known, addresses=addresses, sandbox_attempt=sandbox.attempt)
    if sandbox is None and current is not None and current.id == id:
        return replace(state, sandbox=replace(current, ready=False))
    return state


def _container_seen(state: PodState, seen: ContainerState, now: float) -> Step:
    known = state.containers.get(seen.name)
    if known is None:
        return state, []
    current = known.seen
    if current is not None and current.id != seen.id:
        if seen.attempt < current.attempt:
            if known.previous is None and seen.phase is Phase.EXITED:
                return with_container(state, replace(known, previous=seen)), []
            return state, []
        return _superseded(state, known, seen)
    if current is None:
        known = replace(known, attempt=max(known.attempt, seen.attempt))
    return with_container(state, _with_seen(state.pod, known, seen)), []


def _superseded(state: PodState, known: Container, seen: ContainerState) -> Step:
    """A new run. The one before it stays, for its logs; the one before that goes."""
    commands: list[Command] = [RemoveContainer(known.previous.id)] if known.previous else []
    known = replace(known, previous=known.seen, seen=None)
    return with_container(state, _with_seen(state.pod, known, seen)), commands


def _with_seen(pod: Object, known: Container, seen: ContainerState) -> Container:
    fresh = not known.running
    known = replace(known, seen=seen)
    if seen.phase is Phase.RUNNING:
        if fresh:
            spec = podspec.container(pod, seen.name) or {}
            as_before = _as_before(pod, seen.id)
            started = not spec.get("startupProbe") or bool(as_before.get("started"))
            ready = started and (not spec.get("readinessProbe") or bool(as_before.get("ready")))
            known = replace(known, started=started, ready=ready, kill="")
        return replace(known, waiting=None, pull_backoff=0.0, not_before=0.0)
    if seen.phase in (Phase.EXITED, Phase.UNKNOWN):
        return replace(known, started=False, ready=False, kill="")
    return known


def _as_before(pod: Object, id: str) -> Object:
    """What the API says of the container that has this id: a restarted agent goes on from there."""
    for kind in ("containerStatuses", "initContainerStatuses"):
        for status in dig(pod, "status", kind, default=[]):
            if str(status.get("containerID") or "").endswith(f"//{id}"):
                return dict(status)
    return {}


def _container_lost(state: PodState, id: str, now: float) -> Step:
    for known in state.containers.values():
        if known.seen and known.seen.id == id and not known.exited:
            message = "The container could not be located when the pod was terminated"
            lost = replace(
                known.seen, phase=Phase.EXITED, exit_code=137, reason="ContainerStatusUnknown", message=message,
                finished_at=now,
            )  # fmt: skip
            return with_container(state, _with_seen(state.pod, known, lost)), []
    return state, []


def _probed(state: PodState, probed: Probed) -> PodState:
    known = state.containers.get(probed.container)
    if known is None or known.seen is None or known.seen.id != probed.id or not known.running:
        return state
    if probed.kind == "startup":
        if probed.success:
            spec = podspec.container(state.pod, known.name) or {}
            known = replace(known, started=True, ready=known.ready or not spec.get("readinessProbe"))
            return with_container(state, known)
        return with_container(state, replace(known, kill=_why_killed(state.pod, known.name, "startup")))
    if probed.kind == "readiness":
        return with_container(state, replace(known, ready=probed.success))
    if not probed.success:
        return with_container(state, replace(known, kill=_why_killed(state.pod, known.name, "liveness")))
    return state


def _why_killed(pod: Object, name: str, kind: str) -> str:
    spec = podspec.container(pod, name) or {}
    policy = spec.get("restartPolicy") or dig(pod, "spec", "restartPolicy", default="Always")
    again = "" if policy == "Never" else ", will be restarted"
    return f"Container {name} failed {kind} probe{again}"


def _done(state: PodState, done: Done, now: float) -> Step:
    state = replace(state, busy=state.busy - {done.operation})
    kind, _, name = done.operation.partition(":")
    if kind in (VOLUMES, SANDBOX):
        return _ground_done(state, kind, done, now)
    if kind == START:
        return _start_done(state, name, done, now)
    if kind == STOP_SANDBOX and state.sandbox is not None and not done.failed:
        # Where the pod goes on, the next sandbox is a new attempt.
        state = replace(state, sandbox=replace(state.sandbox, ready=False))
        return _sandbox_left(state), []
    if kind == CLEAN and not done.failed:
        return replace(state, cleaned=True), []
    if kind == DELETE and not done.failed:
        return replace(state, done=True), []
    if kind == STOP and isinstance(done.result, ContainerState):
        return _container_seen(state, done.result, now)
    return state, []


def _sandbox_left(state: PodState) -> PodState:
    if ending(state):
        return state
    return replace(state, sandbox=None, sandbox_attempt=state.sandbox_attempt + 1)


def _ground_done(state: PodState, kind: str, done: Done, now: float) -> Step:
    if done.failed:
        failures = state.failures + 1
        state = replace(state, failures=failures, retry_at=now + retry_delay(failures))
        if done.reason == "Cancelled":
            return state, []
        if kind == SANDBOX:
            return state, [Tell("FailedCreatePodSandBox", f"Failed to create pod sandbox: {done.message}", "Warning")]
        return state, [Tell(done.reason or "FailedMount", done.message, "Warning")]
    state = replace(state, failures=0, retry_at=0.0)
    if kind == VOLUMES:
        return replace(state, volumes_ready=True), []
    sandbox: SandboxState = done.result
    return replace(state, sandbox=sandbox, addresses=sandbox.addresses), []


def _start_done(state: PodState, name: str, done: Done, now: float) -> Step:
    known = state.containers[name]
    if isinstance(done.result, ContainerState):
        state, commands = _container_seen(state, done.result, now)
        if not done.failed:
            return state, commands
        known = state.containers[name]
    if not done.failed or done.reason == "Cancelled":
        return state, []
    if done.reason in PULL_REASONS:
        backoff = pull_delay(known.pull_backoff)
        known = replace(known, pull_backoff=backoff, not_before=now + backoff)
    elif not known.exited:  # one that came as far as to end waits as any that ends
        known = replace(known, not_before=now + _START_RETRY_SECONDS)
    return with_container(state, replace(known, waiting=(done.reason, done.message))), []
