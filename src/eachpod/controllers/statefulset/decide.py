"""What a StatefulSet needs next: pods to create and to delete, in the order that its policies allow.

The stages follow each other: every wanted ordinal, the claims of condemned pods, the condemned pods, the rolling
update. With OrderedReady a stage ends the turn at the first pod that is not done; with Parallel every stage looks at
all pods and makes its changes side by side.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from eachpod.client.correlate import Note
from eachpod.controllers.plan import Change, Create, Delete, Emit, Step, Telling, Together, Update
from eachpod.controllers.podstate import is_available, phase
from eachpod.model import objects
from eachpod.model.errors import AlreadyExists
from eachpod.model.objects import Object, dig
from eachpod.model.podphase import is_finished
from eachpod.model.resources import POD

from . import claims as claim_rules
from . import heal
from .claims import Claims
from .identity import (
    identity_matches,
    new_pod,
    ordinal,
    pod_name,
    repaired,
    revision_of,
    start,
    storage_matches,
    wanted,
)
from .revisions import History, template_of
from .status import min_ready_seconds, running_and_ready, unavailable


@dataclass(frozen=True, slots=True)
class World:
    """Everything that a decision looks at. `claims` are those of the set's namespace by name."""

    set_: Object
    pods: tuple[Object, ...]
    claims: Claims
    history: History
    now: float

    @property
    def ordered(self) -> bool:
        return bool(dig(self.set_, "spec", "podManagementPolicy") != "Parallel")

    def unavailable(self, pod: Object | None) -> bool:
        return unavailable(pod, min_ready_seconds(self.set_), self.now)


@dataclass(frozen=True, slots=True)
class Turn:
    """What one stage does about one pod. `waits` says in words why nothing may happen after it, "" if something may."""

    changes: tuple[Change, ...] = ()
    waits: str = ""


@dataclass(slots=True)
class Decision:
    """`updating` are pods deleted so that they come back at another revision; `waits` is the first reason to wait."""

    steps: list[Step] = field(default_factory=list)
    updating: list[Object] = field(default_factory=list)
    waits: str = ""


def decide(world: World) -> Decision:
    places: dict[int, Object | None] = dict.fromkeys(wanted(world.set_))
    condemned = []
    for pod in world.pods:
        if ordinal(pod) in places:
            places[ordinal(pod)] = pod
        elif ordinal(pod) >= 0:
            condemned.append(pod)
    condemned.sort(key=ordinal, reverse=True)
    decision = Decision()
    first = _first_unavailable(world, places, condemned)
    stages = (
        (_replica(world, number, pod) for number, pod in places.items()),
        (Turn(claim_rules.ownership_changes(world.set_, pod, world.claims)) for pod in condemned),
        (_condemned(world, pod, first) for pod in condemned),
    )
    for stage in stages:
        if not _take(world, decision, stage):
            return decision
    if dig(world.set_, "spec", "updateStrategy", "type", default="RollingUpdate") == "RollingUpdate":
        _update(world, decision, places)
    return decision


def _take(world: World, decision: Decision, stage: Iterable[Turn]) -> bool:
    """Carry the turns of a stage into the decision; False where the decision ends with it."""
    groups = []
    for turn in stage:
        decision.waits = decision.waits or turn.waits
        if world.ordered:
            decision.steps += turn.changes
            if turn.waits:
                return False
        elif turn.changes:
            groups.append(turn.changes)
    if groups:
        decision.steps.append(Together(tuple(groups)))
    return True


def _first_unavailable(world: World, places: dict[int, Object | None], condemned: list[Object]) -> str:
    """The name of the lowest pod that is missing or not available; wanted ones come before condemned ones."""
    for number, pod in places.items():
        if world.unavailable(pod):
            return pod_name(world.set_, number)
    return next((objects.name(pod) for pod in reversed(condemned) if world.unavailable(pod)), "")


def _replica(world: World, number: int, pod: Object | None) -> Turn:
    if pod is None:
        return _missing(world, number)
    name = objects.name(pod)
    if is_finished(pod):
        gone = () if objects.deleting(pod) else (delete_pod(world.set_, pod),)
        return Turn(gone, f"pod {name} has {phase(pod).lower()} and is replaced when it is gone")
    if _is_to_heal(world, number, pod):
        return Turn((delete_pod(world.set_, pod),), f"pod {name} is broken and comes back at the newest revision")
    changes: tuple[Change, ...] = ()
    if phase(pod) == "Pending":
        changes = claim_rules.missing(world.set_, pod, world.claims)
        leaving = claim_rules.leaving(world.set_, pod, world.claims)
        if leaving:
            return Turn(changes, f"claim {leaving} of pod {name} is being deleted")
        changes += claim_rules.ownership_changes(world.set_, pod, world.claims)
    if world.ordered:
        waits = _not_done(world, pod)
        if waits:
            return Turn(changes, waits)
    return Turn(changes or _repair(world, pod))


def _is_to_heal(world: World, number: int, pod: Object) -> bool:
    outdated = revision_of(pod) != objects.name(world.history.update)
    if not outdated or not heal.is_asked_for(world.set_) or not heal.is_broken(pod):
        return False
    rolling = dig(world.set_, "spec", "updateStrategy", default={})
    return rolling.get("type", "RollingUpdate") == "RollingUpdate" and not _starts_at_current(world.set_, number)


def _not_done(world: World, pod: Object) -> str:
    name = objects.name(pod)
    if objects.deleting(pod):
        return f"pod {name} is terminating"
    if not running_and_ready(pod):
        return f"pod {name} is not Running and Ready"
    seconds = min_ready_seconds(world.set_)
    if not is_available(pod, seconds, world.now):
        return f"pod {name} has not been Ready for {seconds} seconds yet"
    return ""


def _missing(world: World, number: int) -> Turn:
    set_, name = world.set_, pod_name(world.set_, number)
    current = _starts_at_current(set_, number)
    revision = world.history.current if current else world.history.update
    pod = new_pod(set_, template_of(revision), objects.name(revision), number)
    if claim_rules.is_stale(set_, pod, world.claims):
        return Turn((), f"a claim of pod {name} goes with an earlier pod of that name")
    changes = claim_rules.missing(set_, pod, world.claims)
    text = f"Create Pod {name} in StatefulSet {objects.name(set_)}"
    warning = Note(set_, "FailedCreate", f"{text} failed error: ", "Warning")
    leaving = claim_rules.leaving(set_, pod, world.claims)
    if leaving:
        told = Note(set_, "FailedCreate", f"{warning.message}pvc {leaving} is being deleted", "Warning")
        return Turn((*changes, Emit(told)), f"claim {leaving} of pod {name} is being deleted")
    telling = Telling(Note(set_, "SuccessfulCreate", f"{text} successful"), warning, (AlreadyExists,))
    create = Create(POD, pod, telling)
    owners = claim_rules.ownership_changes(set_, pod, world.claims)
    return Turn((*changes, create, *owners), f"pod {name} is not Running and Ready")


def _starts_at_current(set_: Object, number: int) -> bool:
    """Whether a missing pod comes back at the current revision instead of the update revision."""
    strategy = dig(set_, "spec", "updateStrategy", default={})
    rolling = strategy.get("rollingUpdate")
    if rolling is not None:
        return number < start(set_) + int(rolling.get("partition") or 0)
    if strategy.get("type", "RollingUpdate") != "RollingUpdate":
        return False
    return number < start(set_) + int(dig(set_, "status", "currentReplicas", default=0))


def _repair(world: World, pod: Object) -> tuple[Change, ...]:
    """What gives a pod back its label, volumes and claims' owners."""
    set_ = world.set_
    whole = identity_matches(pod) and storage_matches(set_, pod)
    if whole and claim_rules.ownership_matches(set_, pod, world.claims):
        return ()
    text = f"Update Pod {objects.name(pod)} in StatefulSet {objects.name(set_)}"
    done = Note(set_, "SuccessfulUpdate", f"{text} successful")
    changes: tuple[Change, ...] = ()
    if not storage_matches(set_, pod):
        changes += claim_rules.missing(set_, pod, world.claims)
    changes += claim_rules.ownership_changes(set_, pod, world.claims)
    if whole:
        return (*changes, Emit(done))
    warning = Note(set_, "FailedUpdate", f"{text} failed error: ", "Warning")
    return (*changes, Update(POD, repaired(set_, pod), telling=Telling(done, warning)))


def _condemned(world: World, pod: Object, first_unavailable: str) -> Turn:
    name = objects.name(pod)
    if objects.deleting(pod):
        return Turn((), f"pod {name} is terminating")
    # A finished pod will never be Ready: waiting for it would be for ever (kube-controller-manager does wait).
    if world.ordered and name != first_unavailable and not is_finished(pod):
        ready = running_and_ready(pod) and is_available(pod, min_ready_seconds(world.set_), world.now)
        if not ready:
            return Turn((), f"pod {first_unavailable} is not available, and pod {name} goes after it")
    return Turn((delete_pod(world.set_, pod),), f"pod {name} is terminating")


def delete_pod(set_: Object, pod: Object) -> Delete:
    text = f"Delete Pod {objects.name(pod)} in StatefulSet {objects.name(set_)}"
    done = Note(set_, "SuccessfulDelete", f"{text} successful")
    failed = Note(set_, "FailedDelete", f"{text} failed error: ", "Warning")
    return Delete(
        POD,
        objects.namespace(pod),
        objects.name(pod),
        uid=objects.uid(pod),
        telling=Telling(done, failed),
    )


def _update(world: World, decision: Decision, places: dict[int, Object | None]) -> None:
    """Delete pods of another revision from the highest ordinal down, at most so many that `maxUnavailable` holds."""
    set_, update = world.set_, objects.name(world.history.update)
    rolling = dig(set_, "spec", "updateStrategy", "rollingUpdate", default={})
    budget = max_unavailable(rolling.get("maxUnavailable"), len(places)) - sum(map(world.unavailable, places.values()))
    lowest = start(set_) + int(rolling.get("partition") or 0)
    stale = [
        pod
        for number, pod in reversed(places.items())
        if pod is not None and number >= lowest and revision_of(pod) != update and not objects.deleting(pod)
    ]
    if world.ordered:
        chosen = stale[: max(0, budget)]
    else:
        # What is broken already costs nothing; the budget is for what still works.
        broken = [pod for pod in stale if world.unavailable(pod)]
        working = [pod for pod in stale if not world.unavailable(pod)]
        chosen = broken + working[: max(0, budget)]
    decision.steps += [delete_pod(set_, pod) for pod in chosen]
    decision.updating = chosen
    if stale and not decision.waits:
        waiting = next(
            (pod for pod in places.values() if pod is not None and world.unavailable(pod)),
            chosen[0] if chosen else None,
        )
        decision.waits = f"pod {objects.name(waiting)} is not available" if waiting is not None else ""


def max_unavailable(value: object, replicas: int) -> int:
    """A number, or a percentage of the replicas rounded down; at least 1."""
    if isinstance(value, str):
        share = value.removesuffix("%")
        return max(1, int(share) * replicas // 100) if share.isdecimal() else 1
    return max(1, value) if isinstance(value, int) else 1
