"""How endpoints are spread over slices so that one changed endpoint changes one slice.

An endpoint stays in the slice it is in. What is new goes into slices that change anyway, fullest first; else into the
unchanged slice that it fills best; else into new slices. Nothing is ever moved to save a slice, because every
rewritten slice goes to every watcher.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from eachpod.model import objects
from eachpod.model.objects import Object

from .endpoints import key_of

Desired = dict[tuple[str, ...], Object]
# Slices, by the identity of the cached object, that were right before and hold none of the changed endpoints; with
# the keys of their endpoints.
Settled = Mapping[int, Iterable[tuple[str, ...]]]


@dataclass(slots=True)
class Slices:
    """Slices by what has to happen to them. `update` and `delete` hold existing names."""

    create: list[Object] = field(default_factory=list)
    update: list[Object] = field(default_factory=list)
    delete: list[Object] = field(default_factory=list)
    unchanged: list[Object] = field(default_factory=list)

    def all(self) -> list[Object]:
        """The slices that stay or come."""
        return [*self.create, *self.update, *self.unchanged]


def pack(
    existing: Iterable[Object], desired: Desired, template: Object, limit: int, settled: Settled | None = None
) -> Slices:
    """Bring the endpoints `desired` into `existing` slices of the same ports; `template` is a new slice without
    endpoints, with the labels that all of them shall have. What is `settled` is not looked at again."""
    left = dict(desired)
    result = Slices()
    for slice_ in existing:
        known = settled.get(id(slice_)) if settled else None
        if known is not None:
            for key in known:
                left.pop(key, None)
            result.unchanged.append(slice_)
        else:
            _sort_in(slice_, left, template, result)
    rest = list(left.values())
    for slice_ in sorted(result.update, key=lambda s: -len(s["endpoints"])):
        room = limit - len(slice_["endpoints"])
        if rest and room > 0:
            slice_["endpoints"] += rest[:room]
            rest = rest[room:]
    while rest:
        fitting = _best(result.unchanged, len(rest), limit) if len(rest) < limit else None
        if fitting is not None:
            result.unchanged.remove(fitting)
            result.update.append({**fitting, "endpoints": [*(fitting.get("endpoints") or []), *rest]})
            break
        result.create.append({**template, "endpoints": rest[:limit]})
        rest = rest[limit:]
    return result


def _sort_in(slice_: Object, left: Desired, template: Object, result: Slices) -> None:
    kept, changed = [], False
    current = slice_.get("endpoints") or []
    for endpoint in current:
        wanted = left.pop(key_of(endpoint), None)
        if wanted is None:
            changed = True
        elif same(wanted, endpoint):
            kept.append(endpoint)  # with its hints
        else:
            kept.append(wanted)
            changed = True
    relabelled = objects.labels(slice_) != objects.labels(template)
    if changed and not kept:
        result.delete.append(slice_)
    elif changed or relabelled:
        metadata = {**objects.meta(slice_), "labels": objects.labels(template)}
        result.update.append({**slice_, "metadata": metadata, "endpoints": kept})
    else:
        result.unchanged.append(slice_)


def same(wanted: Object, found: Object) -> bool:
    """Whether an endpoint in a slice is as it should be, hints aside."""
    if "hints" in found:
        found = {key: value for key, value in found.items() if key != "hints"}
    return wanted == found


def _best(slices: list[Object], count: int, limit: int) -> Object | None:
    """The slice that comes closest to full with `count` more endpoints."""
    room = [(limit - count - len(s.get("endpoints") or []), index, s) for index, s in enumerate(slices)]
    fitting = [entry for entry in room if 0 <= entry[0] < limit]
    return min(fitting, key=lambda entry: entry[:2])[2] if fitting else None
