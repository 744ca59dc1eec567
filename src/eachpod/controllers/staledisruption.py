"""Takes back the condition DisruptionTarget from pods that were not deleted after all.

Whoever evicts a pod says so in its status first. Where the deletion then fails, the pod stays, and who reads its status
would think for ever that it is about to go. The kubelet's own condition stays: it may take long to end a pod.
"""

from collections.abc import Iterable

from eachpod.model.objects import Object, condition, deleting, dig, put, with_condition
from eachpod.model.podphase import is_finished
from eachpod.model.resources import POD
from eachpod.model.timestamps import parse, render

from .plan import NOTHING, Plan, Update
from .view import Controller, Key, View, Watch, key_of

_TIMEOUT_SECONDS = 120.0
_TARGET = "DisruptionTarget"


def reconcile(view: View, key: Key, now: float) -> Plan:
    pod = view.get(POD, key.namespace, key.name)
    if pod is None or not _is_target(pod):
        return NOTHING
    before = condition(pod, _TARGET) or {}
    left = (parse(before.get("lastTransitionTime")) or 0.0) + _TIMEOUT_SECONDS - now
    if left > 0:
        return Plan(requeue_after=left)
    fresh = {
        "type": _TARGET,
        "status": "False",
        "observedGeneration": dig(pod, "metadata", "generation"),
        "lastProbeTime": None,
        "lastTransitionTime": render(now),
    }
    fresh = {key: value for key, value in fresh.items() if value is not None or key == "lastProbeTime"}
    conditions = with_condition(dig(pod, "status", "conditions", default=()), fresh)
    return Plan((Update(POD, put(pod, ("status", "conditions"), conditions), "status"),))


def _is_target(pod: Object) -> bool:
    found = condition(pod, _TARGET)
    if found is None or found.get("status") != "True" or found.get("reason") == "TerminationByKubelet":
        return False
    return not deleting(pod) and not is_finished(pod)


def _targets(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    return (key_of(new),) if new is not None and _is_target(new) else ()


CONTROLLER = Controller(
    name="disruption-controller",  # of which it is a part
    component="controllermanager",
    reconcile=reconcile,
    watches=(Watch(POD, _targets),),
    workers=1,
)
