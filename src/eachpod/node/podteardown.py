"""The second half of a pod's life in the machine: stop its containers, give back its sandbox, clean up, delete."""

from dataclasses import replace

from eachpod.model import objects

from . import podspec
from .podstate import (
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
    Work,
    operation_of,
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
        state, more = ordered(state, StopSandbox(state.sandbox.id))
        return state, commands + more
    if STOP_SANDBOX in state.busy:
        return state, commands
    if not (state.gone or objects.deleting(state.pod)):
        return state, commands  # a finished pod stays, with its logs, until it is deleted
    if not state.cleaned:
        state, more = ordered(state, CleanUp())
        return state, commands + more
    if state.gone:
        return replace(state, done=True), commands
    if state.final_status_written:
        state, more = ordered(state, DeletePod())
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
        if seen is not None:
            message = f"Stopping container {name}"
            state, more = ordered(state, StopContainer(name, seen.id, state.grace or 1, message))
            commands += more
    return state, commands


def _still_there(state: PodState) -> bool:
    if any(each.running for each in state.containers.values()):
        return True
    return any(each.startswith((START, STOP + ":", SANDBOX, VOLUMES)) for each in state.busy)


def ordered(state: PodState, work: Work | DeletePod) -> Step:
    """Nothing that is under way already is ordered again."""
    operation = operation_of(work)
    if operation in state.busy:
        return state, []
    return replace(state, busy=state.busy | {operation}), [work]
