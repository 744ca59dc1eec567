"""The ReplicaSet controller: so many pods of one template, no matter which."""

from collections import Counter
from collections.abc import Iterable

from eachpod.client.correlate import Note
from eachpod.model import objects
from eachpod.model.labelselector import Selector
from eachpod.model.objects import Object, dig
from eachpod.model.podphase import is_finished
from eachpod.model.resources import POD, REPLICASET
from eachpod.model.timestamps import parse, render

from .ownership import claim, controller_reference
from .plan import NOTHING, Change, Create, Delete, Plan, Telling, Together, update_status
from .podstate import available_in, is_active, is_available, is_ready, phase, ready_since
from .view import Controller, Key, View, Watch, owner_keys

_BURST = 500
_COST = "controller.kubernetes.io/pod-deletion-cost"
_PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}


def reconcile(view: View, key: Key, now: float) -> Plan:
    set_ = view.get(REPLICASET, key.namespace, key.name)
    if set_ is None:
        return NOTHING
    selector = Selector.of(dig(set_, "spec", "selector"))
    owned = view.owned(POD, objects.uid(set_))
    candidates = [pod for pod in (*owned, *view.orphans(POD, key.namespace)) if is_active(pod)]
    members = claim(REPLICASET, set_, POD, candidates, lambda pod: selector.matches(objects.labels(pod)))
    leaving = [pod for pod in owned if objects.deleting(pod) and not is_finished(pod)]
    step = None if objects.deleting(set_) else _manage(set_, members.members)
    counted = _status(set_, members.members, len(leaving), now)
    seconds = int(dig(set_, "spec", "minReadySeconds", default=0))
    waits = (available_in(pod, seconds, now) for pod in members.members) if seconds else ()
    return Plan(
        changes=(*members.changes, *((step,) if step else ())),
        always=update_status(REPLICASET, set_, counted),
        on_failure=lambda error: update_status(REPLICASET, set_, _failed(set_, counted, error, now)),
        requeue_after=min((wait for wait in waits if wait is not None), default=None),
    )


def replicas(set_: Object) -> int:
    return int(dig(set_, "spec", "replicas", default=1))


def _manage(set_: Object, pods: tuple[Object, ...]) -> Together | None:
    missing = replicas(set_) - len(pods)
    if missing > 0:
        done = Note(set_, "SuccessfulCreate", "Created pod: ")
        telling = Telling(done, Note(set_, "FailedCreate", "Error creating: ", "Warning"), named=True)
        create = Create(POD, _pod(set_), telling)
        return Together(((create,),) * min(missing, _BURST))
    if missing < 0:
        order = deletion_order(pods)
        return Together(tuple((_delete(set_, pod),) for pod in order[: min(-missing, _BURST)]))
    return None


def _pod(set_: Object) -> Object:
    template = dig(set_, "spec", "template", default={})
    kept = {k: v for k, v in objects.meta(template).items() if k in ("labels", "annotations", "finalizers") and v}
    metadata = {
        **kept,
        "generateName": f"{objects.name(set_)}-",
        "namespace": objects.namespace(set_),
        "ownerReferences": [controller_reference(set_)],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template.get("spec") or {}}


def _delete(set_: Object, pod: Object) -> Change:
    name = objects.name(pod)
    done = Note(set_, "SuccessfulDelete", f"Deleted pod: {name}")
    failed = Note(set_, "FailedDelete", "Error deleting: ", "Warning")
    return Delete(POD, objects.namespace(pod), name, uid=objects.uid(pod), telling=Telling(done, failed))


def deletion_order(pods: Iterable[Object]) -> list[Object]:
    """Those whose loss costs least first: not placed, not running, not ready, cheap, crowded, young."""
    listed = list(pods)
    crowd = Counter(dig(pod, "spec", "nodeName", default="") for pod in listed)

    def rank(pod: Object) -> tuple[object, ...]:
        node = dig(pod, "spec", "nodeName", default="")
        cost = objects.annotations(pod).get(_COST, "0")
        restarts = [c.get("restartCount") or 0 for c in dig(pod, "status", "containerStatuses", default=[])]
        return (
            bool(node),
            _PHASES.get(phase(pod), 1),
            is_ready(pod),
            int(cost) if cost.removeprefix("-").isdecimal() else 0,
            -crowd[node],
            -(ready_since(pod) or 0.0),
            -max(restarts, default=0),
            -(parse(objects.meta(pod).get("creationTimestamp")) or 0.0),
            objects.uid(pod),
        )

    return sorted(listed, key=rank)


def _status(set_: Object, pods: tuple[Object, ...], leaving: int, now: float) -> Object:
    labels = objects.labels(dig(set_, "spec", "template", default={}))
    labelled = Selector.of({"matchLabels": labels})
    seconds = int(dig(set_, "spec", "minReadySeconds", default=0))
    conditions = [c for c in dig(set_, "status", "conditions", default=[]) if c.get("type") != "ReplicaFailure"]
    counters = {
        "fullyLabeledReplicas": sum(labelled.matches(objects.labels(pod)) for pod in pods),
        "readyReplicas": sum(is_ready(pod) for pod in pods),
        "availableReplicas": sum(is_available(pod, seconds, now) for pod in pods),
        "observedGeneration": objects.meta(set_).get("generation", 0),
        "conditions": conditions,
    }
    shown = {key: value for key, value in counters.items() if value}
    return {"replicas": len(pods), "terminatingReplicas": leaving, **shown}


def _failed(set_: Object, counted: Object, error: Exception, now: float) -> Object:
    before = objects.condition(set_, "ReplicaFailure")
    reason = "FailedCreate" if counted["replicas"] < replicas(set_) else "FailedDelete"
    condition = before or {
        "type": "ReplicaFailure",
        "status": "True",
        "lastTransitionTime": render(now),
        "reason": reason,
        "message": str(error),
    }
    return {**counted, "conditions": [*counted.get("conditions", []), condition]}


_by_owner = owner_keys("ReplicaSet")


def _pod_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    keys = set(_by_owner(view, old, new))
    if new is not None and objects.controller_of(new) is None:
        labels, namespace = objects.labels(new), objects.namespace(new)
        keys |= {
            Key(namespace, objects.name(set_))
            for set_ in view.within(REPLICASET, namespace)
            if Selector.of(dig(set_, "spec", "selector")).matches(labels)
        }
    return keys


CONTROLLER = Controller(
    name="replicaset-controller",
    component="replicaset-controller",
    reconcile=reconcile,
    primary=REPLICASET,
    watches=(Watch(POD, _pod_keys),),
)
