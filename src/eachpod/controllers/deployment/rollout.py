"""How many pods each ReplicaSet of a Deployment shall have next."""

from dataclasses import dataclass, field

from eachpod.client.correlate import Note
from eachpod.controllers.plan import Change, Create, Telling, Update
from eachpod.model import objects
from eachpod.model.objects import Object, dig, put
from eachpod.model.resources import REPLICASET

from .replicasets import DESIRED, MAXIMUM, is_rolling, limits, ordered, replicas, sized


def available(set_: Object | None) -> int:
    return int(dig(set_, "status", "availableReplicas", default=0))


@dataclass(slots=True)
class Sets:
    """The sets of a Deployment as they shall be. `before` are those that exist, by name."""

    deployment: Object
    newest: Object | None
    old: list[Object]
    before: dict[str, Object]
    told: list[Note] = field(default_factory=list)

    @property
    def all(self) -> list[Object]:
        return [*self.old, *([self.newest] if self.newest is not None else [])]

    @property
    def active_old(self) -> list[Object]:
        return [set_ for set_ in ordered(self.old) if replicas(set_) > 0]

    def replace(self, set_: Object) -> None:
        name = objects.name(set_)
        if self.newest is not None and objects.name(self.newest) == name:
            self.newest = set_
        else:
            self.old = [set_ if objects.name(each) == name else each for each in self.old]

    def scale(self, set_: Object, count: int, *, force: bool = False) -> bool:
        """Give a set another size; whether that changes it."""
        was = replicas(set_)
        if was == count and not force:
            return False
        self.replace(sized(put(set_, ("spec", "replicas"), count), self.deployment))
        if was != count:
            way = "up" if count > was else "down"
            text = f"Scaled {way} replica set {objects.name(set_)} from {was} to {count}"
            self.told.append(Note(self.deployment, "ScalingReplicaSet", text))
        return was != count

    def changes(self) -> tuple[Change, ...]:
        made: list[Change] = []
        notes = {note.message.split(" ")[4]: note for note in self.told}
        for set_ in self.all:
            name = objects.name(set_)
            telling = Telling(notes.get(name))
            if name not in self.before:
                text = f'Failed to create new replica set "{name}": '
                failed = Note(self.deployment, "ReplicaSetCreateError", text, "Warning")
                made.append(Create(REPLICASET, set_, Telling(notes.get(name), failed)))
            elif set_ != self.before[name]:
                made.append(Update(REPLICASET, set_, telling=telling))
        return tuple(made)


def is_scaling(sets: Sets) -> bool:
    """Whether the Deployment got another size since its sets were sized."""
    wanted = str(replicas(sets.deployment))
    active = [set_ for set_ in sets.all if replicas(set_) > 0]
    return any(objects.annotations(set_).get(DESIRED, wanted) != wanted for set_ in active)


def scale(sets: Sets) -> None:
    """Follow a new size in proportion, so that it neither hastens nor undoes a rollout."""
    want, active = replicas(sets.deployment), [set_ for set_ in sets.all if replicas(set_) > 0]
    if len(active) <= 1:
        latest = active[0] if active else sets.newest or (ordered(sets.old)[-1] if sets.old else None)
        if latest is not None:
            sets.scale(latest, want)
        return
    if _is_saturated(sets):
        for set_ in sets.active_old:
            sets.scale(set_, 0)
        return
    if is_rolling(sets.deployment):
        _in_proportion(sets, active)


def _is_saturated(sets: Sets) -> bool:
    new, want = sets.newest, replicas(sets.deployment)
    if new is None:
        return False
    desired = objects.annotations(new).get(DESIRED, "")
    return replicas(new) == want and desired == str(want) and available(new) == want


def _in_proportion(sets: Sets, active: list[Object]) -> None:
    want = replicas(sets.deployment)
    allowed = want + limits(sets.deployment)[0] if want else 0
    change = allowed - sum(map(replicas, active))
    newer_first = ordered(active)[::-1] if change > 0 else ordered(active)
    by_size = sorted(newer_first, key=replicas, reverse=True)
    sizes, given = {}, 0
    for set_ in by_size:
        part = _proportion(set_, sets.deployment, change, given) if change else 0
        sizes[objects.name(set_)] = replicas(set_) + part
        given += part
    if by_size and change:
        first = objects.name(by_size[0])
        sizes[first] = max(0, sizes[first] + change - given)
    for set_ in by_size:
        sets.scale(set_, sizes[objects.name(set_)], force=True)


def _proportion(set_: Object, deployment: Object, change: int, given: int) -> int:
    if not replicas(set_) or change == given:
        return 0
    surge = limits(deployment)[0]
    maximum = objects.annotations(set_).get(MAXIMUM, "")
    base = (
        int(maximum) if maximum.isdecimal() and int(maximum) else int(dig(deployment, "status", "replicas", default=0))
    )
    if not base:
        return 0
    fraction = round(replicas(set_) * (replicas(deployment) + surge) / base) - replicas(set_)
    left = change - given
    return min(fraction, left) if change > 0 else max(fraction, left)


def roll(sets: Sets) -> None:
    """One step of a rolling update: first more of the new one, else fewer of the old ones."""
    new, want = sets.newest, replicas(sets.deployment)
    if new is None:
        return
    if replicas(new) != want and sets.scale(new, room_for_new(sets)):
        return
    _shrink_old(sets)


def room_for_new(sets: Sets) -> int:
    """The size that the newest set may have beside the others."""
    new, want = sets.newest, replicas(sets.deployment)
    have = replicas(new) if new is not None else 0
    if have > want or not is_rolling(sets.deployment):
        return want
    room = want + limits(sets.deployment)[0] - sum(map(replicas, sets.all))
    return have + min(room, want - have) if room > 0 else have


def _shrink_old(sets: Sets) -> None:
    new, want = sets.newest, replicas(sets.deployment)
    least = want - limits(sets.deployment)[1]
    not_yet = replicas(new) - available(new) if new is not None else 0
    spare = sum(map(replicas, sets.all)) - least - not_yet
    if spare <= 0:
        return
    for set_ in sets.active_old:  # what is broken first: it costs no availability
        broken = replicas(set_) - available(set_)
        if broken > 0 and spare > 0:
            count = min(spare, broken)
            sets.scale(set_, replicas(set_) - count)
            spare -= count
    surplus = sum(map(available, sets.all)) - least
    for set_ in sets.active_old:
        if surplus <= 0:
            return
        count = min(replicas(set_), surplus)
        sets.scale(set_, replicas(set_) - count)
        surplus -= count
