"""The life of one pod on the node, as a pure machine: `handle(state, event, now) -> (state, commands)`.

An event changes what is known; then `_advance` compares what is wanted with what is there and orders what is missing.
It depends on the state alone, so lost or repeated events, an agent that was restarted and a runtime that was killed all
end the same way. The same machine drives real and simulated containers.
"""

from dataclasses import replace

from eachpod.model import objects
from eachpod.model.objects import Object, dig
from eachpod.model.timestamps import parse

from . import podspec
from .backoff import restart_delay
from .podabsorb import PULL_REASONS, absorb, with_container
from .podoutcome import ending, finished
from .podstate import (
    SANDBOX,
    START,
    STOP,
    STOP_SANDBOX,
    VOLUMES,
    Command,
    Container,
    PodEvent,
    PodState,
    PrepareVolumes,
    RunSandbox,
    StartContainer,
    StopContainer,
    StopSandbox,
    Tell,
    WakeAt,
)
from .podteardown import PAST_DEADLINE, ordered, take_down
from .runtime import Phase

Step = tuple[PodState, list[Command]]

# A container that must wait shows how it ended for so long before the status says that it waits.
_SHOW_END_SECONDS = 1.0


def begin(pod: Object, now: float) -> PodState:
    """The state of a pod that the node has just been given, or that a restarted agent finds in the API."""
    counts = {
        each["name"]: each
        for kind in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
        for each in dig(pod, "status", kind, default=[])
    }
    containers = {}
    for spec in podspec.all_containers(pod):
        known = counts.get(spec["name"]) or {}
        # Of a container that ran and is unknown to the runtime now, the next run is one more.
        ran = 1 if known.get("containerID") else 0
        containers[spec["name"]] = Container(spec["name"], attempt=int(known.get("restartCount") or 0) + ran)
    addresses = tuple(each["ip"] for each in dig(pod, "status", "podIPs", default=[]))
    return PodState(pod, parse(dig(pod, "status", "startTime")) or now, containers, addresses=addresses)


def handle(state: PodState, event: PodEvent, now: float) -> Step:
    state, commands = absorb(state, event, now)
    state, more = _advance(state, now)
    return state, commands + more


def _advance(state: PodState, now: float) -> Step:
    if state.done or not (state.admitted or state.gone or objects.deleting(state.pod)):
        return state, []
    state = _judged(state, now)
    if ending(state):
        return take_down(state)
    return _bring_up(state, now)


def _judged(state: PodState, now: float) -> PodState:
    deadline = dig(state.pod, "spec", "activeDeadlineSeconds")
    if deadline is None or state.verdict or objects.deleting(state.pod) or finished(state):
        return state
    return replace(state, verdict=PAST_DEADLINE) if now >= state.started_at + deadline else state


# Up


def _bring_up(state: PodState, now: float) -> Step:
    commands: list[Command] = []
    deadline = dig(state.pod, "spec", "activeDeadlineSeconds")
    if deadline is not None:
        commands.append(WakeAt(state.started_at + deadline))
    if not state.volumes_ready or state.sandbox is None:
        state, more = _ground(state, now)
        return state, commands + more
    if not state.sandbox.ready:
        state, more = _renew_sandbox(state)
        return state, commands + more
    for stage in (_stop_condemned, _start_ephemeral):
        state, more = stage(state, now)
        commands += more
    state, more = _start_in_order(state, now)
    return state, commands + more


def _ground(state: PodState, now: float) -> Step:
    """Volumes, then the sandbox."""
    if state.busy & {VOLUMES, SANDBOX}:
        return state, []
    if now < state.retry_at:
        return state, [WakeAt(state.retry_at)]
    if not state.volumes_ready:
        return ordered(state, PrepareVolumes())
    return ordered(state, RunSandbox(state.sandbox_attempt))


def _renew_sandbox(state: PodState) -> Step:
    """A sandbox that died takes its containers along; they begin again in a new one."""
    assert state.sandbox is not None
    if STOP_SANDBOX in state.busy:
        return state, []
    message = "Pod sandbox changed, it will be killed and re-created."
    state, commands = ordered(state, StopSandbox(state.sandbox.id))
    return state, [Tell("SandboxChanged", message), *commands]


def _stop_condemned(state: PodState, now: float) -> Step:
    """Containers whose probes failed, while the pod goes on."""
    commands: list[Command] = []
    for known in list(state.containers.values()):
        if known.kill and known.running and known.seen:
            grace = _probe_grace(state.pod, known)
            state, more = ordered(state, StopContainer(known.name, known.seen.id, grace, known.kill))
            commands += more
    return state, commands


def _probe_grace(pod: Object, known: Container) -> int:
    spec = podspec.container(pod, known.name) or {}
    for kind in ("livenessProbe", "startupProbe"):
        wanted = dig(spec, kind, "terminationGracePeriodSeconds")
        if wanted is not None:
            return max(int(wanted), 1)
    return podspec.grace_seconds(pod)


def _start_ephemeral(state: PodState, now: float) -> Step:
    for spec in podspec.ephemeral_containers(state.pod):
        known = state.containers[spec["name"]]
        if known.seen is None:
            return _start(state, known, now)
    return state, []


def _start_in_order(state: PodState, now: float) -> Step:
    """Init containers one after the other; a sidecar lets the next begin once it has started. Then the regular ones:
    each begins when the one before it was started, postStart hook included, as the kubelet does."""
    commands: list[Command] = []
    for spec in podspec.init_containers(state.pod):
        known = state.containers[spec["name"]]
        if podspec.is_sidecar(spec):
            if not known.running:
                state, more = _start(state, known, now)
                commands += more
                if not _any_regular_began(state):
                    return state, commands
            elif not known.started and not _any_regular_began(state):
                return state, commands
            continue
        if _any_regular_began(state) or (known.exited and known.seen and known.seen.exit_code == 0):
            continue
        if not known.running:
            state, more = _start(state, known, now)
            commands += more
        return state, commands
    for spec in podspec.regular_containers(state.pod):
        known = state.containers[spec["name"]]
        if known.running:
            continue
        if known.exited and known.seen and not podspec.may_restart(state.pod, spec, known.seen.exit_code):
            continue
        state, more = _start(state, known, now)
        commands += more
    return state, commands


def _any_regular_began(state: PodState) -> bool:
    return any(state.containers[spec["name"]].seen for spec in podspec.regular_containers(state.pod))


def _start(state: PodState, known: Container, now: float) -> Step:
    """Order a start, or say why it has to wait."""
    if any(operation.startswith(START) for operation in state.busy) or f"{STOP}:{known.name}" in state.busy:
        return state, []
    if known.not_before > now:  # after a failed pull or start
        return _wait_longer(state, known, now)
    if known.exited and known.seen:
        until, backoff = restart_delay(known.backoff, known.backoff_at, known.seen.finished_at)
        if now < until:
            return _crash_loop(state, known, until, now)
        known = replace(known, backoff=backoff, backoff_at=now)
    elif known.seen is not None and known.seen.phase is Phase.CREATED:
        known = replace(known, attempt=known.attempt + 1)  # its start failed; a new one takes its place
    attempt = known.seen.attempt + 1 if known.exited and known.seen else known.attempt
    state = with_container(state, replace(known, attempt=attempt))
    return ordered(state, StartContainer(known.name, attempt))


def _crash_loop(state: PodState, known: Container, until: float, now: float) -> Step:
    assert known.seen is not None
    if known.waiting and known.waiting[0] == "CrashLoopBackOff":
        return state, [WakeAt(until)]
    shown_until = min(until, known.seen.finished_at + _SHOW_END_SECONDS)
    if now < shown_until:
        return state, [WakeAt(shown_until)]
    who = _who(state.pod)
    delay = duration(known.backoff)
    message = f"back-off {delay} restarting failed container={known.name} pod={who}"
    state = with_container(state, replace(known, waiting=("CrashLoopBackOff", message)))
    told = f"Back-off restarting failed container {known.name} in pod {who}"
    return state, [Tell("BackOff", told, "Warning", known.name), WakeAt(until)]


def _wait_longer(state: PodState, known: Container, now: float) -> Step:
    """A pull that failed shows as ErrImagePull first, then as waiting for its next try."""
    reason, message = known.waiting or ("", "")
    if reason not in PULL_REASONS:
        return state, [WakeAt(known.not_before)]
    shown_until = known.not_before - known.pull_backoff + _SHOW_END_SECONDS
    if now < shown_until:
        return state, [WakeAt(shown_until)]
    image = dig(podspec.container(state.pod, known.name), "image", default="")
    back_off = f'Back-off pulling image "{image}"'
    waiting = ("ImagePullBackOff", f"{back_off}: {reason}: {message}")
    state = with_container(state, replace(known, waiting=waiting))
    told = [Tell("BackOff", back_off, "Normal", known.name)]
    return state, [*told, Tell("Failed", "Error: ImagePullBackOff", "Warning", known.name), WakeAt(known.not_before)]


def _who(pod: Object) -> str:
    return f"{objects.name(pod)}_{objects.namespace(pod)}({objects.uid(pod)})"


def duration(seconds: float) -> str:
    """As Go prints a duration of whole seconds: 10s, 1m20s, 5m0s."""
    whole = int(seconds)
    return f"{whole // 60}m{whole % 60}s" if whole >= 60 else f"{whole}s"
