"""What a StatefulSet needs next: pods to create and to delete, in the order that its policies allow.

The stages follow each other: every wanted ordinal, the claims of condemned pods, the condemned pods, the rolling
update. With OrderedReady a stage ends the turn at the first pod that is not done; with Parallel every stage looks at
all pods and makes its changes side by side.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from eachpod.client.correlate import Note
from eachpod.controllers.plan import Change, Create, Delete, Emit, Step, Telling, Together, Update
from eachpod.model import objects
from eachpod.model.errors import AlreadyExists
from eachpod.model.objects import Object, dig
from eachpod.model.resources import POD

from . import claims as claim_rules
from . import heal
from .claims import Claims
from .identity import claim_templates, new_pod, pod_name, repaired, start, storage_matches, wanted
from .members import Member
from .revisions import History, template_of
from .status import min_ready_seconds, unavailable


@dataclass(frozen=True, slots=True)
class World:
    """Everything that a decision looks at. `claims` are those of the set's namespace by name, `claimed` says whether
    the set's pods have any."""

    set_: Object
    pods: tuple[Member, ...]
    claims: Claims
    history: History
    now: float
    ordered: bool
    claimed: bool
    min_ready: int

    @classmethod
    def of(cls, set_: Object, pods: tuple[Member, ...], claims: Claims, history: History, now: float) -> "World":
        ordered = dig(set_, "spec", "podManagementPolicy") != "Parallel"
        return cls(set_, pods, claims, history, now, ordered, bool(claim_templates(set_)), min_ready_seconds(set_))

    def unavailable(self, pod: Member | None) -> bool:
        return unavailable(pod, self.min_ready, self.now)


Places = dict[int, Member | None]


@dataclass(frozen=True, slots=True)
class Turn:
    """What one stage does about one pod. `waits` says in words why nothing may happen after it, "" if something may."""

    changes: tuple[Change, ...] = ()
    waits: str = ""


_NOTHING_TO_DO = Turn()


@dataclass(slots=True)
class Decision:
    """`updating` are pods deleted so that they come back at another revision; `waits` is the first reason to wait."""

    steps: list[Step] = field(default_factory=list)
    updating: list[Member] = field(default_factory=list)
    waits: str = ""


def decide(world: World) -> Decision:
    places: Places = dict.fromkeys(wanted(world.set_))
    condemned = []
    for pod in world.pods:
        if pod.ordinal in places:
            places[pod.ordinal] = pod
        elif pod.ordinal >= 0:
            condemned.append(pod)
    condemned.sort(key=lambda pod: pod.ordinal, reverse=True)
    decision = Decision()
    first = _first_unavailable(world, places, condemned) if condemned else ""
    stages = (
        (_replica(world, number, pod) for number, pod in places.items()),
        (Turn(claim_rules.ownership_changes(world.set_, pod.pod, world.claims)) for pod in condemned),
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


def _first_unavailable(world: World, places: Places, condemned: list[Member]) -> str:
    """The name of the lowest pod that is missing or not available; wanted ones come before condemned ones."""
    for number, pod in places.items():
        if world.unavailable(pod):
            return pod_name(world.set_, number)
    return next((pod.name for pod in reversed(condemned) if world.unavailable(pod)), "")


def _replica(world: World, number: int, pod: Member | None) -> Turn:
    if pod is None:
        return _missing(world, number)
    if pod.finished:
        gone = () if pod.deleting else (delete_pod(world.set_, pod.pod),)
        return Turn(gone, f"pod {pod.name} has {pod.phase.lower()} and is replaced when it is gone")
    if not pod.ready and _is_to_heal(world, number, pod):
        return Turn(
            (delete_pod(world.set_, pod.pod),), f"pod {pod.name} is broken and comes back at the newest revision"
        )
    changes: tuple[Change, ...] = ()
    if pod.phase == "Pending" and world.claimed:
        changes = claim_rules.missing(world.set_, pod.pod, world.claims)
        leaving = claim_rules.leaving(world.set_, pod.pod, world.claims)
        if leaving:
            return Turn(changes, f"claim {leaving} of pod {pod.name} is being deleted")
        changes += claim_rules.ownership_changes(world.set_, pod.pod, world.claims)
    if world.ordered:
        waits = _not_done(world, pod)
        if waits:
            return Turn(changes, waits)
    changes = changes or _repair(world, pod)
    return Turn(changes) if changes else _NOTHING_TO_DO


def _is_to_heal(world: World, number: int, pod: Member) -> bool:
    outdated = pod.revision != objects.name(world.history.update)
    if not outdated or not heal.is_asked_for(world.set_) or not heal.is_broken(pod.pod):
        return False
    rolling = dig(world.set_, "spec", "updateStrategy", default={})
    return rolling.get("type", "RollingUpdate") == "RollingUpdate" and not _starts_at_current(world.set_, number)


def _not_done(world: World, pod: Member) -> str:
    if pod.deleting:
        return f"pod {pod.name} is terminating"
    if not pod.running_and_ready:
        return f"pod {pod.name} is not Running and Ready"
    seconds = world.min_ready
    if not pod.is_available(seconds, world.now):
        return f"pod {pod.name} has not been Ready for {seconds} seconds yet"
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


def _repair(world: World, member: Member) -> tuple[Change, ...]:
    """What gives a pod back its label, volumes and claims' owners."""
    set_, pod = world.set_, member.pod
    if member.whole and (not world.claimed or claim_rules.ownership_matches(set_, pod, world.claims)):
        return ()
    text = f"Update Pod {objects.name(pod)} in StatefulSet {objects.name(set_)}"
    done = Note(set_, "SuccessfulUpdate", f"{text} successful")
    changes: tuple[Change, ...] = ()
    if not storage_matches(set_, pod):
        changes += claim_rules.missing(set_, pod, world.claims)
    changes += claim_rules.ownership_changes(set_, pod, world.claims)
    if member.whole:
        return (*changes, Emit(done))
    warning = Note(set_, "FailedUpdate", f"{text} failed error: ", "Warning")
    return (*changes, Update(POD, repaired(set_, pod), telling=Telling(done, warning)))


def _condemned(world: World, pod: Member, first_unavailable: str) -> Turn:
    if pod.deleting:
        return Turn((), f"pod {pod.name} is terminating")
    # A finished pod will never be Ready: waiting for it would be for ever (kube-controller-manager does wait).
    if world.ordered and pod.name != first_unavailable and not pod.finished:
        ready = pod.running_and_ready and pod.is_available(world.min_ready, world.now)
        if not ready:
            return Turn((), f"pod {first_unavailable} is not available, and pod {pod.name} goes after it")
    return Turn((delete_pod(world.set_, pod.pod),), f"pod {pod.name} is terminating")


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


def _update(world: World, decision: Decision, places: Places) -> None:
    """Delete pods of another revision from the highest ordinal down, at most so many that `maxUnavailable` holds."""
    set_, update = world.set_, objects.name(world.history.update)
    rolling = dig(set_, "spec", "updateStrategy", "rollingUpdate", default={})
    lowest = start(set_) + int(rolling.get("partition") or 0)
    stale = [
        pod
        for number, pod in reversed(places.items())
        if pod is not None and pod.revision != update and number >= lowest and not pod.deleting
    ]
    if not stale:
        return
    down = sum(map(world.unavailable, places.values()))
    budget = max(0, max_unavailable(rolling.get("maxUnavailable"), len(places)) - down)
    if world.ordered:
        chosen = stale[:budget]
    else:
        # What is broken already costs nothing; the budget is for what still works.
        broken = [pod for pod in stale if world.unavailable(pod)]
        working = [pod for pod in stale if not world.unavailable(pod)]
        chosen = broken + working[:budget]
    decision.steps += [delete_pod(set_, pod.pod) for pod in chosen]
    decision.updating = chosen
    if not decision.waits:
        waiting = next(
            (pod for pod in places.values() if pod is not None and world.unavailable(pod)),
            chosen[0] if chosen else None,
        )
        decision.waits = f"pod {waiting.name} is not available" if waiting is not None else ""


def max_unavailable(value: object, replicas: int) -> int:
    """A number, or a percentage of the replicas rounded down; at least 1."""
    if isinstance(value, str):
        share = value.removesuffix("%")
        return max(1, int(share) * replicas // 100) if share.isdecimal() else 1
    return max(1, value) if isinstance(value, int) else 1
