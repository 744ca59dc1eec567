"""Whether a pod goes on: what has ended by itself, what is being taken down."""

from eachpod.model import objects
from eachpod.model.objects import Object
from eachpod.model.podphase import is_finished

from . import podspec
from .podstate import PodState


def ending(state: PodState) -> bool:
    """Whether the pod is being taken down, for whatever reason."""
    return state.gone or state.verdict is not None or objects.deleting(state.pod) or finished(state)


def finished(state: PodState) -> bool:
    """Whether it has ended by itself: nothing runs and nothing will start again."""
    if is_finished(state.pod):
        return True
    if any(_failed_for_good(state, spec) for spec in podspec.init_containers(state.pod)):
        return True
    for spec in podspec.regular_containers(state.pod):
        known = state.containers.get(spec["name"])
        if known is None or not known.exited or known.seen is None:
            return False
        if podspec.may_restart(state.pod, spec, known.seen.exit_code):
            return False
    return True


def _failed_for_good(state: PodState, init: Object) -> bool:
    known = state.containers.get(init["name"])
    if known is None or known.seen is None or not known.exited or podspec.is_sidecar(init):
        return False
    code = known.seen.exit_code
    return code != 0 and not podspec.init_may_restart(state.pod, init, code)
