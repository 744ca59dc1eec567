"""The Deployment controller: from the caches to a plan."""

from collections.abc import Iterable

from eachpod.controllers.ownership import claim
from eachpod.controllers.plan import NOTHING, Change, Plan, Update, delete
from eachpod.controllers.view import Controller, Key, View, Watch, owner_keys
from eachpod.model import objects
from eachpod.model.labelselector import Selector
from eachpod.model.objects import Object, dig, put
from eachpod.model.podphase import is_finished
from eachpod.model.resources import DEPLOYMENT, POD, REPLICASET

from . import replicasets, status
from .replicasets import REVISION, is_rolling, replicas
from .rollout import Sets, is_scaling, roll, room_for_new, scale

_KEEP_ALL = 2**31 - 1


def reconcile(view: View, key: Key, now: float) -> Plan:
    deployment = view.get(DEPLOYMENT, key.namespace, key.name)
    if deployment is None:
        return NOTHING
    selector = Selector.of(dig(deployment, "spec", "selector"))
    candidates = [*view.owned(REPLICASET, objects.uid(deployment)), *view.orphans(REPLICASET, key.namespace)]
    mine = claim(DEPLOYMENT, deployment, REPLICASET, candidates, lambda s: selector.matches(objects.labels(s)))
    sets = _sets(deployment, list(mine.members))
    conditions = status.Conditions(deployment, now)
    collisions = int(dig(deployment, "status", "collisionCount", default=0))
    cleaning: tuple[Change, ...] = ()
    rolling_out = False
    if not objects.deleting(deployment):
        status.tell_pause(conditions, deployment)
        if dig(deployment, "spec", "paused") or is_scaling(sets):
            scale(sets)
        else:
            rolling_out = True
            collisions = _roll_out(view, sets, conditions)
    counted = status.counters(sets)
    status.tell_availability(conditions, sets, counted)
    wait = None
    if rolling_out:
        wait = status.tell_progress(conditions, sets, counted, now)
        status.tell_failures(conditions, sets)
        if status.is_complete(deployment, dig(deployment, "status", default={})):
            cleaning = _cleanup(sets)
    written = _with_revision(deployment, sets)
    final = status.encoded(counted, conditions, deployment, collisions)
    always: tuple[Change, ...] = ()
    if final != (deployment.get("status") or {}) or written is not deployment:
        always = (Update(DEPLOYMENT, {**written, "status": final}, "status"),)
    return Plan((*mine.changes, *sets.changes(), *cleaning), always, requeue_after=wait)


def _sets(deployment: Object, members: list[Object]) -> Sets:
    before = {objects.name(set_): set_ for set_ in members}
    newest = replicasets.newest(deployment, members)
    old = [set_ for set_ in members if newest is None or objects.name(set_) != objects.name(newest)]
    sets = Sets(deployment, newest, old, before)
    if newest is not None and not objects.deleting(deployment):
        number = max(map(replicasets.revision, old), default=0) + 1
        kept = replicasets.annotated(deployment, newest, number)
        seconds = dig(deployment, "spec", "minReadySeconds", default=0)
        if dig(newest, "spec", "minReadySeconds", default=0) != seconds:
            kept = put(kept, ("spec", "minReadySeconds"), seconds)
        sets.replace(kept)
    return sets


def _roll_out(view: View, sets: Sets, conditions: status.Conditions) -> int:
    """Bring the present template forward. Returns the collision count."""
    deployment = sets.deployment
    collisions = int(dig(deployment, "status", "collisionCount", default=0))
    if not is_rolling(deployment) and _empty_old(view, sets):
        return collisions
    if sets.newest is None:
        number = max(map(replicasets.revision, sets.old), default=0) + 1
        taken = {objects.name(s): s for s in view.within(REPLICASET, objects.namespace(deployment))}
        sets.newest, collisions = replicasets.build(deployment, number, taken)
        sets.scale(sets.newest, room_for_new(sets))
        if status.deadline(deployment) is not None:
            text = f'Created new replica set "{objects.name(sets.newest)}"'
            conditions.set("Progressing", "True", "NewReplicaSetCreated", text)
    elif status.deadline(deployment) is not None and conditions.get("Progressing") is None:
        text = f'Found new replica set "{objects.name(sets.newest)}"'
        conditions.set("Progressing", "True", "FoundNewReplicaSet", text)
    if is_rolling(deployment):
        roll(sets)
    else:
        sets.scale(sets.newest, replicas(deployment))
    return collisions


def _empty_old(view: View, sets: Sets) -> bool:
    """Recreate: scale the old sets to nothing; whether there is still something of them to wait for."""
    shrunk = [sets.scale(set_, 0) for set_ in sets.active_old]
    pods = [pod for set_ in sets.old for pod in view.owned(POD, objects.uid(set_))]
    return any(shrunk) or any(not is_finished(pod) for pod in pods)


def _cleanup(sets: Sets) -> tuple[Change, ...]:
    """Deletions of the oldest empty sets beyond the history that the Deployment keeps."""
    limit = int(dig(sets.deployment, "spec", "revisionHistoryLimit", default=_KEEP_ALL))
    alive = sorted((s for s in sets.old if not objects.deleting(s)), key=replicasets.revision)
    empty = [
        set_
        for set_ in alive[: max(0, len(alive) - limit)]
        if not replicas(set_)
        and not dig(set_, "status", "replicas", default=0)
        and objects.meta(set_).get("generation", 0) <= dig(set_, "status", "observedGeneration", default=0)
    ]
    return tuple(delete(REPLICASET, set_) for set_ in empty)


def _with_revision(deployment: Object, sets: Sets) -> Object:
    number = objects.annotations(sets.newest).get(REVISION) if sets.newest is not None else None
    if number is None or objects.annotations(deployment).get(REVISION) == number:
        return deployment
    return put(deployment, ("metadata", "annotations"), {**objects.annotations(deployment), REVISION: number})


_by_owner = owner_keys("Deployment")


def _set_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    keys = set(_by_owner(view, old, new))
    if new is not None and objects.controller_of(new) is None:
        labels, namespace = objects.labels(new), objects.namespace(new)
        keys |= {
            Key(namespace, objects.name(each))
            for each in view.within(DEPLOYMENT, namespace)
            if Selector.of(dig(each, "spec", "selector")).matches(labels)
        }
    return keys


def _gone_pod_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """Deployments that wait for the last old pod to go before they make new ones (Recreate)."""
    pod = old if new is None else (new if is_finished(new) else None)
    owner = objects.controller_of(pod) if pod is not None else None
    if pod is None or owner is None or owner.get("kind") != "ReplicaSet":
        return ()
    set_ = view.get(REPLICASET, objects.namespace(pod), owner.get("name") or "")
    return _by_owner(view, None, set_)


CONTROLLER = Controller(
    name="deployment-controller",
    component="deployment-controller",
    reconcile=reconcile,
    primary=DEPLOYMENT,
    watches=(Watch(REPLICASET, _set_keys), Watch(POD, _gone_pod_keys)),
)
