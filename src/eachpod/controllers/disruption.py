"""Keeps the status of PodDisruptionBudgets: how many of their pods may be evicted now. Evictions go by it."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from eachpod.client.correlate import Note
from eachpod.model.disruptionallowed import with_disruption_allowed
from eachpod.model.labelselector import Selector, go_text
from eachpod.model.objects import Object, condition, controller_of, deleting, dig, labels, name, namespace, uid
from eachpod.model.resource import Resource
from eachpod.model.resources import (
    DAEMONSET,
    DEPLOYMENT,
    JOB,
    NODE,
    POD,
    PODDISRUPTIONBUDGET,
    REPLICASET,
    REPLICATIONCONTROLLER,
    STATEFULSET,
)
from eachpod.model.timestamps import parse

from .plan import Emit, Plan, update_status
from .view import Controller, Key, View, Watch, key_of

# How long an evicted pod may take to be marked as deleted before it counts as there again.
_DELETION_SECONDS = 120.0

# Kinds whose replicas say how many pods there should be, by group and kind.
_SCALED: Mapping[tuple[str, str], Resource] = {
    (one.group, one.kind): one for one in (REPLICATIONCONTROLLER, REPLICASET, STATEFULSET, DEPLOYMENT)
}


# Kinds that control pods and say nowhere how many.
_UNSCALED: Mapping[tuple[str, str], Resource] = {(one.group, one.kind): one for one in (DAEMONSET, JOB, NODE)}

# (pod) -> the uid of the controller that counts it, and its replicas; None where that cannot be told.
ScaleOf = Callable[[Object], tuple[str, int] | None]


class Expected(NamedTuple):
    """`pods` there should be, `healthy` ones there must be; `unmanaged` are pods that nobody counts."""

    pods: int
    healthy: int
    unmanaged: tuple[str, ...] = ()
    problem: str = ""


def reconcile(view: View, key: Key, now: float) -> Plan:
    budget = view.get(PODDISRUPTIONBUDGET, key.namespace, key.name)
    if budget is None:
        return Plan(remember=None)
    selector = Selector.of(dig(budget, "spec", "selector"))
    pods = [pod for pod in view.within(POD, key.namespace) if selector.matches(labels(pod))]
    notes = [] if pods else [Note(budget, "NoPods", "No matching pods found")]
    shared = _shared(view, budget, pods)
    notes += [_too_many(budget, pod) for pod in pods if uid(pod) in shared - (view.recall(key) or frozenset())]
    expected = expect(budget, pods, lambda pod: _scale(view, pod))
    if expected.problem:
        text = f"Failed to calculate the number of expected pods: {expected.problem}"
        notes.append(Note(budget, "CalculateExpectedPodCountFailed", text, "Warning"))
        written = update_status(*_failed(budget, expected.problem, now))
        return Plan(tuple(Emit(note) for note in notes) + written, remember=shared)
    if expected.unmanaged:
        notes.append(_unmanaged(budget))
    disrupted, recheck, overdue = _disrupted(budget, pods, now)
    notes += [_not_deleted(budget, pod) for pod in overdue]
    status = _status(budget, pods, expected, disrupted, now)
    writes = update_status(PODDISRUPTIONBUDGET, budget, status)
    return Plan(tuple(Emit(note) for note in notes) + writes, requeue_after=recheck, remember=shared)


def _shared(view: View, budget: Object, pods: list[Object]) -> frozenset[str]:
    """The uids of pods that other budgets select as well, where this budget is the one that is to tell."""
    others = [one for one in view.within(PODDISRUPTIONBUDGET, namespace(budget)) if name(one) != name(budget)]
    if not others:
        return frozenset()
    before = [Selector.of(dig(one, "spec", "selector")) for one in others if name(one) < name(budget)]
    after = [Selector.of(dig(one, "spec", "selector")) for one in others if name(one) > name(budget)]
    return frozenset(
        uid(pod)
        for pod in pods
        if any(one.matches(labels(pod)) for one in after) and not any(one.matches(labels(pod)) for one in before)
    )


def _too_many(budget: Object, pod: Object) -> Note:
    which = f'Pod "{namespace(pod)}"/"{name(pod)}" matches multiple PodDisruptionBudgets.'
    return Note(pod, "MultiplePodDisruptionBudgets", f'{which}  Chose "{name(budget)}" arbitrarily.', "Warning")


def _scaled(value: int | str, total: int) -> int:
    """A number, or a percentage of `total` rounded up."""
    if isinstance(value, str) and value.endswith("%"):
        return math.ceil(int(value[:-1]) * total / 100)
    return int(value)


def expect(budget: Object, pods: list[Object], scale_of: ScaleOf) -> Expected:
    least, most = dig(budget, "spec", "minAvailable"), dig(budget, "spec", "maxUnavailable")
    if most is None and not isinstance(least, str):
        return Expected(len(pods), int(least or 0))
    scales: dict[str, int] = {}
    unmanaged: list[str] = []
    for pod in pods:
        if controller_of(pod) is None:
            unmanaged.append(name(pod))
            continue
        found = scale_of(pod)
        if found is None:
            return Expected(0, 0, problem=_uncounted(pod))
        scales[found[0]] = found[1]
    total = sum(scales.values())
    healthy = _scaled(least, total) if most is None else max(0, total - _scaled(most, total))
    return Expected(total, healthy, tuple(unmanaged))


def _uncounted(pod: Object) -> str:
    unscaled = _UNSCALED.get(_group_kind(controller_of(pod) or {}))
    if unscaled is not None:
        what = f"{unscaled.plural}.{unscaled.group}" if unscaled.group else unscaled.plural
        return f"{what} does not implement the scale subresource"
    return f'found no controllers for pod "{name(pod)}"'


def _group_kind(ref: Object) -> tuple[str, str]:
    """The API group and the kind of an owner."""
    return (ref.get("apiVersion") or "").rpartition("/")[0], ref.get("kind") or ""


def _scale(view: View, pod: Object) -> tuple[str, int] | None:
    """The replicas of the pod's controller; of a ReplicaSet's Deployment where it has one."""
    owner = _owner(view, pod)
    if owner is not None and controller_of(owner):
        owner = _owner(view, owner) or owner
    return (uid(owner), int(dig(owner, "spec", "replicas", default=1))) if owner is not None else None


def _owner(view: View, obj: Object) -> Object | None:
    ref = controller_of(obj) or {}
    resource = _SCALED.get(_group_kind(ref))
    found = view.get(resource, namespace(obj), ref.get("name") or "") if resource else None
    return found if found is not None and uid(found) == ref.get("uid") else None


def _disrupted(budget: Object, pods: list[Object], now: float) -> tuple[dict[str, str], float | None, list[Object]]:
    """Evicted pods that are not marked as deleted yet, when to look again, and those that should have been by now."""
    known: dict[str, str] = dig(budget, "status", "disruptedPods", default={})
    kept: dict[str, str] = {}
    overdue: list[Object] = []
    recheck: float | None = None
    for pod in pods:
        if deleting(pod) or name(pod) not in known:
            continue
        left = (parse(known[name(pod)]) or 0.0) + _DELETION_SECONDS - now
        if left < 0:
            overdue.append(pod)
            continue
        kept[name(pod)] = known[name(pod)]
        recheck = left if recheck is None else min(recheck, left)
    return kept, recheck, overdue


def _is_healthy(pod: Object) -> bool:
    return (condition(pod, "Ready") or {}).get("status") == "True"


def _status(budget: Object, pods: list[Object], expected: Expected, disrupted: dict[str, str], now: float) -> Object:
    healthy = sum(not deleting(pod) and name(pod) not in disrupted and _is_healthy(pod) for pod in pods)
    allowed = max(0, healthy - expected.healthy) if expected.pods > 0 else 0
    status: Object = {key: value for key, value in (budget.get("status") or {}).items() if key != "disruptedPods"}
    if disrupted:
        status["disruptedPods"] = disrupted
    status |= {
        "currentHealthy": healthy,
        "desiredHealthy": expected.healthy,
        "expectedPods": expected.pods,
        "disruptionsAllowed": allowed,
        "observedGeneration": dig(budget, "metadata", "generation", default=0),
    }
    return with_disruption_allowed(status, now)


def _failed(budget: Object, problem: str, now: float) -> tuple[Resource, Object, Object]:
    """Nothing may be evicted while nobody knows how many pods there should be; the spec counts as not seen yet."""
    status = {**(budget.get("status") or {}), "disruptionsAllowed": 0}
    for count in ("currentHealthy", "desiredHealthy", "expectedPods"):
        status.setdefault(count, 0)
    return PODDISRUPTIONBUDGET, budget, with_disruption_allowed(status, now, problem=problem)


def _unmanaged(budget: Object) -> Note:
    shown = go_text(dig(budget, "spec", "selector", default={}))
    text = (
        f"Pods selected by this PodDisruptionBudget (selector: {shown}) were found to be unmanaged. As a result, "
        "the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for "
        'these pods please set ".spec.minAvailable" field of the PDB to an integer value.'
    )
    return Note(budget, "UnmanagedPods", text, "Warning")


def _not_deleted(budget: Object, pod: Object) -> Note:
    text = f"Pod was expected by PDB {namespace(budget)}/{name(budget)} to be deleted but it wasn't"
    return Note(pod, "NotDeleted", text, "Warning")


def _budgets_of_pod(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    found = set()
    for pod in (old, new):
        if pod is None:
            continue
        for budget in view.within(PODDISRUPTIONBUDGET, namespace(pod)):
            if Selector.of(dig(budget, "spec", "selector")).matches(labels(pod)):
                found.add(key_of(budget))
    return found


def _budgets_of_owner(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """Another number of replicas changes what percentages mean."""
    owner = new if new is not None else old
    if owner is None or dig(old, "spec", "replicas") == dig(new, "spec", "replicas"):
        return ()
    return [key_of(budget) for budget in view.within(PODDISRUPTIONBUDGET, namespace(owner))]


CONTROLLER = Controller(
    name="disruption-controller",
    component="controllermanager",
    reconcile=reconcile,
    primary=PODDISRUPTIONBUDGET,
    watches=(
        Watch(POD, _budgets_of_pod),
        *(Watch(resource, _budgets_of_owner) for resource in _SCALED.values()),
    ),
    workers=1,
)
