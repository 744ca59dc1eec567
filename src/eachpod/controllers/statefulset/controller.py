"""The StatefulSet controller: from the caches to a plan."""

import re
from collections.abc import Iterable

from eachpod.controllers.ownership import adopt, claim
from eachpod.controllers.plan import Change, Confirm, Emit, Plan, update_status
from eachpod.controllers.view import Controller, Key, View, Watch, owner_keys
from eachpod.model import objects
from eachpod.model.labelselector import Selector
from eachpod.model.objects import Object, dig
from eachpod.model.resources import CONTROLLERREVISION, PERSISTENTVOLUMECLAIM, POD, SERVICE, STATEFULSET

from . import explain, members, revisions, status
from .decide import Decision, World, decide
from .identity import claim_templates
from .members import Member, Members


def reconcile(view: View, key: Key, now: float) -> Plan:
    set_ = view.get(STATEFULSET, key.namespace, key.name)
    if set_ is None:
        return Plan(remember=None)
    selector = Selector.of(dig(set_, "spec", "selector"))
    found = _revisions(view, set_, selector)
    leaving = objects.deleting(set_)  # then it makes nothing more: the garbage collector would take it away for ever
    adoptions = () if leaving else _adoptions(set_, found)
    seen = members.look(view.recall(key), set_, _candidates(view, set_))
    pods, claiming = _claimed(set_, seen)
    namesakes = {objects.name(r): r for r in view.within(CONTROLLERREVISION, key.namespace)}
    history = revisions.resolve(set_, found, namesakes)
    claims = _claims(view, set_)
    # Pods whose number no set gives are not counted, except by a set that is leaving and looks at nothing else.
    counted = status.count(set_, pods if leaving else [pod for pod in pods if pod.ordinal >= 0], history, now)
    decision = Decision() if leaving else decide(World.of(set_, pods, claims, history, now))
    final = status.completed(set_, _less(counted, decision, history))
    told, final = _explained(view, set_, decision, final, now)
    live = {objects.name(history.current), objects.name(history.update), *(pod.revision for pod in pods)}
    return Plan(
        changes=(
            *adoptions,
            *claiming,
            *(() if leaving else history.changes),
            *decision.steps,
            *told,
        ),
        always=(
            *update_status(STATEFULSET, set_, status.encoded(final)),
            *revisions.truncation(set_, found, live),
        ),
        requeue_after=_next_available(set_, pods, now),
        remember=seen,
    )


def _explained(
    view: View, set_: Object, decision: Decision, final: Object, now: float
) -> tuple[tuple[Emit, ...], Object]:
    """The status with conditions that explain it, and what is to be told, where that is asked for."""
    if not explain.is_asked_for(set_, view.config.explain):
        return (), {**final, "conditions": explain.without(set_)}
    service = view.get(SERVICE, objects.namespace(set_), dig(set_, "spec", "serviceName", default=""))
    finding = explain.diagnose(set_, service)
    conditions = explain.conditions(set_, decision.waits, finding, now)
    return explain.events(set_, finding), {**final, "conditions": conditions}


def _candidates(view: View, set_: Object) -> list[Object]:
    return [*view.owned(POD, objects.uid(set_)), *view.orphans(POD, objects.namespace(set_))]


def _claimed(set_: Object, seen: Members) -> tuple[tuple[Member, ...], tuple[Change, ...]]:
    """The set's pods, and what makes those its own that are to be. Nearly always they are already."""
    settled = [one for one in seen.known.values() if one.owned and one.belongs]
    loose = [one.pod for one in seen.known.values() if not (one.owned and one.belongs)]
    claimed = claim(STATEFULSET, set_, POD, loose, lambda pod: seen[pod].belongs)
    return (*settled, *(seen[pod] for pod in claimed.members)), claimed.changes


def _revisions(view: View, set_: Object, selector: Selector) -> list[Object]:
    """The set's revisions and matching orphans, oldest first."""
    mine = view.owned(CONTROLLERREVISION, objects.uid(set_))
    orphans = view.orphans(CONTROLLERREVISION, objects.namespace(set_))
    return revisions.ordered(r for r in (*mine, *orphans) if selector.matches(objects.labels(r)))


def _adoptions(set_: Object, found: list[Object]) -> tuple[Change, ...]:
    orphans = [revision for revision in found if objects.controller_of(revision) is None]
    if not orphans:
        return ()
    confirm = Confirm(STATEFULSET, objects.namespace(set_), objects.name(set_), objects.uid(set_))
    return (confirm, *(adopt(CONTROLLERREVISION, revision, set_) for revision in orphans))


def _claims(view: View, set_: Object) -> dict[str, Object]:
    if not claim_templates(set_):
        return {}
    return {objects.name(c): c for c in view.within(PERSISTENTVOLUMECLAIM, objects.namespace(set_))}


def _less(counted: Object, decision: Decision, history: revisions.History) -> Object:
    """The counters without the pods that the rolling update is about to delete, which saves a write."""
    current = objects.name(history.current)
    leaving = sum(pod.revision == current for pod in decision.updating)
    return {**counted, "currentReplicas": counted["currentReplicas"] - leaving}


def _next_available(set_: Object, pods: Iterable[Member], now: float) -> float | None:
    """Seconds until the next pod has been Ready for minReadySeconds."""
    seconds = status.min_ready_seconds(set_)
    if not seconds:
        return None
    return min((wait for pod in pods if (wait := pod.available_in(seconds, now)) is not None), default=None)


def _orphan_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """Sets that may want an orphan: those whose selector matches a new or relabelled one."""
    if new is None or objects.controller_of(new) is not None:
        return ()
    unchanged = (
        old is not None and objects.labels(old) == objects.labels(new) and objects.owners(old) == objects.owners(new)
    )
    if unchanged:
        return ()
    namespace, labels = objects.namespace(new), objects.labels(new)
    return [
        Key(namespace, objects.name(set_))
        for set_ in view.within(STATEFULSET, namespace)
        if Selector.of(dig(set_, "spec", "selector")).matches(labels)
    ]


def _member_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    return {*_by_owner(view, old, new), *_orphan_keys(view, old, new)}


def _claim_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """Sets that would give a claim this name: they may wait for it to go, or have to make it again."""
    obj = new if new is not None else old
    if obj is None:
        return ()
    namespace, name = objects.namespace(obj), objects.name(obj)
    return [Key(namespace, objects.name(s)) for s in view.within(STATEFULSET, namespace) if _could_claim(s, name)]


def _governed_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """Sets that name the Service; of interest only to those that are to be explained."""
    obj = new if new is not None else old
    if obj is None:
        return ()
    namespace, name = objects.namespace(obj), objects.name(obj)
    return [
        Key(namespace, objects.name(set_))
        for set_ in view.within(STATEFULSET, namespace)
        if dig(set_, "spec", "serviceName") == name and explain.is_asked_for(set_, view.config.explain)
    ]


def _could_claim(set_: Object, name: str) -> bool:
    tail = re.escape(objects.name(set_))
    return any(
        re.fullmatch(rf"{re.escape(objects.name(template))}-{tail}-[0-9]+", name) for template in claim_templates(set_)
    )


_by_owner = owner_keys("StatefulSet")

CONTROLLER = Controller(
    name="statefulset-controller",
    component="statefulset-controller",
    reconcile=reconcile,
    primary=STATEFULSET,
    watches=(
        Watch(POD, _member_keys),
        Watch(CONTROLLERREVISION, _member_keys),
        Watch(PERSISTENTVOLUMECLAIM, _claim_keys),
        Watch(SERVICE, _governed_keys),
    ),
)
