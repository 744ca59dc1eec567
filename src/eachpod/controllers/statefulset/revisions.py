"""The history of a StatefulSet's template, as ControllerRevisions with the names that Kubernetes gives them.

The name holds a hash of the encoded template, so it must be reproduced to the byte: then this controller and
kube-controller-manager can take turns on one cluster without rolling a single pod.
"""

import copy
import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from eachpod.controllers.ownership import controller_reference
from eachpod.controllers.plan import Change, Create, Update, delete
from eachpod.kit.ids import safe_encode
from eachpod.model import objects
from eachpod.model.objects import Object, dig
from eachpod.model.podspec.template import default_template
from eachpod.model.resources import CONTROLLERREVISION
from eachpod.model.timestamps import parse

HASH_LABEL = "controller.kubernetes.io/hash"
_PREFIX_LIMIT = 223
_EXACT = 2**53


@dataclass(frozen=True, slots=True)
class History:
    """`current` and `update` are ControllerRevisions; `update` may be about to be created by `changes`."""

    current: Object
    update: Object
    collision_count: int
    changes: tuple[Change, ...]


def data_of(set_: Object) -> Object:
    """The patch that brings the template back: what a revision remembers."""
    template = {**dig(set_, "spec", "template", default={}), "$patch": "replace"}
    return {"spec": {"template": template}}


def template_of(revision: Object) -> Object:
    template = dig(revision, "data", "spec", "template", default={})
    return {key: value for key, value in template.items() if key != "$patch"}


def go_json(value: Any) -> bytes:
    """JSON as Go's encoding/json writes a decoded value: keys sorted, compact, HTML characters escaped."""
    text = json.dumps(_as_float(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text.encode()


def _as_float(value: Any) -> Any:
    """Go decodes every number as a float64; whole ones beyond 2^53 come out rounded."""
    if isinstance(value, dict):
        return {key: _as_float(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_as_float(member) for member in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _EXACT:
        return int(Decimal(repr(float(value))))
    return value


def hash_of(data: Object, collision_count: int) -> str:
    value = 0x811C9DC5  # FNV-1, 32 bits
    for byte in go_json(data) + str(collision_count).encode():
        value = (value * 0x01000193 & 0xFFFFFFFF) ^ byte
    return safe_encode(str(value))


def number(revision: Object) -> int:
    return int(revision.get("revision") or 0)


def ordered(revisions: Iterable[Object]) -> list[Object]:
    """Oldest first."""
    return sorted(
        revisions, key=lambda r: (number(r), parse(objects.meta(r).get("creationTimestamp")) or 0, objects.name(r))
    )


def resolve(set_: Object, revisions: list[Object], namesakes: dict[str, Object]) -> History:
    """The revisions that the set is at and goes to. `revisions` are the set's, in order; `namesakes` are all of the
    namespace by name, to see collisions."""
    collisions = int(dig(set_, "status", "collisionCount", default=0))
    data = data_of(set_)
    changes: tuple[Change, ...] = ()
    equal = [revision for revision in revisions if revision.get("data") == data]
    if equal and equal[-1].get("data") == revisions[-1].get("data"):
        update = revisions[-1]
    elif equal:  # back to an older one: it becomes the newest
        update = {**equal[-1], "revision": number(revisions[-1]) + 1}
        changes = (Update(CONTROLLERREVISION, update),)
    elif revisions and _same_meaning(revisions[-1], data):
        update = revisions[-1]
    else:
        update, collisions, changes = _create(set_, data, revisions, namesakes, collisions)
    name = dig(set_, "status", "currentRevision", default="")
    current = next((revision for revision in revisions if objects.name(revision) == name), update)
    return History(current, update, collisions, changes)


def _same_meaning(revision: Object, data: Object) -> bool:
    """Whether a stored template says the same in another spelling: servers before 1.34 wrote `creationTimestamp:
    null`, and older ones did not know the newer fields that have a default. Neither must roll the whole set."""
    return _spelled_out(revision) == _spelled_out({"data": data})


def _spelled_out(revision: Object) -> Object:
    whole = {"template": copy.deepcopy(template_of(revision))}
    default_template(whole)
    plain: Object = _without_nulls(whole)
    return plain


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(member) for key, member in value.items() if member is not None}
    if isinstance(value, list):
        return [_without_nulls(member) for member in value]
    return value


def _create(
    set_: Object, data: Object, revisions: list[Object], namesakes: dict[str, Object], collisions: int
) -> tuple[Object, int, tuple[Change, ...]]:
    while True:
        revision = _build(set_, data, number(revisions[-1]) + 1 if revisions else 1, collisions)
        taken = namesakes.get(objects.name(revision))
        if taken is None:
            return revision, collisions, (Create(CONTROLLERREVISION, revision),)
        if taken.get("data") == data:
            return taken, collisions, ()
        collisions += 1


def _build(set_: Object, data: Object, count: int, collisions: int) -> Object:
    digest = hash_of(data, collisions)
    metadata: Object = {
        "name": f"{objects.name(set_)[:_PREFIX_LIMIT]}-{digest}",
        "namespace": objects.namespace(set_),
        "labels": {**objects.labels(dig(set_, "spec", "template", default={})), HASH_LABEL: digest},
        "ownerReferences": [controller_reference(set_)],
    }
    if objects.annotations(set_):
        metadata["annotations"] = objects.annotations(set_)
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": metadata,
        "data": data,
        "revision": count,
    }


def truncation(set_: Object, revisions: list[Object], live: set[str]) -> tuple[Change, ...]:
    """Deletions of the oldest revisions that nothing refers to, beyond the set's limit."""
    limit = int(dig(set_, "spec", "revisionHistoryLimit", default=10))
    dead = [revision for revision in revisions if objects.name(revision) not in live]
    if limit < 0 or len(dead) <= limit:
        return ()
    return tuple(delete(CONTROLLERREVISION, revision) for revision in dead[: len(dead) - limit])
