"""The second half of a pod's life in the machine: stop its containers, give back its sandbox, clean up, delete."""

from dataclasses import replace

from eachpod.model import objects

from . import podspec
from .podstate import (
    CLEAN,
    DELETE,
    SANDBOX,
    START,
    STOP,
    STOP_SANDBOX,
    VOLUMES,
    Cancel,
    CleanUp,
    Command,
    DeletePod,
    PodState,
    StopContainer,
    StopSandbox,
    Tell,
    Verdict,
)

Step = tuple[PodState, list[Command]]

PAST_DEADLINE = Verdict("DeadlineExceeded", "Pod was active on the node longer than the specified deadline")


def take_down(state: PodState) -> Step:
    state, commands = _shorten(state)
    for stage in (_cancel_starts, _stop_all):
        state, more = stage(state)
        commands += more
    if _still_there(state):
        return state, commands
    if state.sandbox is not None and state.sandbox.ready:
        if STOP_SANDBOX in state.busy:
            return state, commands
        state, more = ordered(state, STOP_SANDBOX, StopSandbox(state.sandbox.id))
        return state, commands + more
    if STOP_SANDBOX in state.busy:
        return state, commands
    if not (state.gone or objects.deleting(state.pod)):
        return state, commands  # a finished pod stays, with its logs, until it is deleted
    if not state.cleaned:
        state, more = (state, []) if CLEAN in state.busy else ordered(state, CLEAN, CleanUp())
        return state, commands + more
    if state.gone:
        return replace(state, done=True), commands
    if state.final_status_written and DELETE not in state.busy:
        state, more = ordered(state, DELETE, DeletePod())
        commands += more
    return state, commands


def _shorten(state: PodState) -> Step:
    """The grace of the teardown; a deletion may come while a longer one runs, and a second one may be shorter."""
    wanted = podspec.grace_seconds(state.pod)
    if state.grace is not None and wanted >= state.grace:
        return state, []
    commands: list[Command] = []
    if state.grace is None and state.verdict is PAST_DEADLINE:
        commands.append(Tell(state.verdict.reason, state.verdict.message))
    if state.grace is not None:
        for operation in [each for each in state.busy if each.startswith(STOP + ":")]:
            known = state.containers.get(operation.partition(":")[2])
            if known and known.running and known.seen:
                commands.append(StopContainer(known.name, known.seen.id, wanted, ""))
    return replace(state, grace=wanted), commands


def _cancel_starts(state: PodState) -> Step:
    starting = [each for each in state.busy if each.startswith((START, VOLUMES))]
    return state, [Cancel(each) for each in sorted(starting)]


def _stop_all(state: PodState) -> Step:
    """Everything but the sidecars at once; these afterwards, the last one first."""
    sidecars = [each["name"] for each in podspec.init_containers(state.pod) if podspec.is_sidecar(each)]
    running = [each.name for each in state.containers.values() if each.running]
    first = [each for each in running if each not in sidecars]
    last = [each for each in reversed(sidecars) if each in running][:1]
    commands: list[Command] = []
    for name in first or last:
        seen = state.containers[name].seen
        operation = f"{STOP}:{name}"
        if seen is None or operation in state.busy:
            continue
        message = f"Stopping container {name}"
        state, more = ordered(state, operation, StopContainer(name, seen.id, state.grace or 1, message))
        commands += more
    return state, commands


def _still_there(state: PodState) -> bool:
    if any(each.running for each in state.containers.values()):
        return True
    return any(each.startswith((START, STOP + ":", SANDBOX, VOLUMES)) for each in state.busy)


def ordered(state: PodState, operation: str, command: Command) -> Step:
    return replace(state, busy=state.busy | {operation}), [command]
