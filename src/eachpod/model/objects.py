"""Reading and changing API objects.

An object is a plain dict as JSON gives it. It is never changed in place once it has left the function that made it:
caches, the store and every controller share the same dict. `put` and `drop` copy only the dicts on the changed path,
which costs a fraction of a microsecond where a deep copy costs sixty.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Object = dict[str, Any]
Path = Sequence[str]


def dig(obj: Mapping[str, Any] | None, *path: str, default: Any = None) -> Any:
    """The value at `path`, or `default` where any step is missing or null."""
    here: Any = obj
    for step in path:
        if not isinstance(here, Mapping):
            return default
        here = here.get(step)
    return default if here is None else here


def put(obj: Object, path: Path, value: Any) -> Object:
    """A copy of `obj` with `value` at `path`; missing dicts on the way are made."""
    head, rest = path[0], path[1:]
    copy = dict(obj)
    copy[head] = put(copy.get(head) or {}, rest, value) if rest else value
    return copy


def drop(obj: Object, path: Path) -> Object:
    """A copy of `obj` without the member at `path`; `obj` itself where there is none."""
    head, rest = path[0], path[1:]
    if head not in obj:
        return obj
    if not rest:
        return {key: value for key, value in obj.items() if key != head}
    inner = obj[head]
    if not isinstance(inner, dict):
        return obj
    return {**obj, head: drop(inner, rest)}


def meta(obj: Object) -> Object:
    return obj.get("metadata") or {}


def name(obj: Object) -> str:
    return meta(obj).get("name") or ""


def namespace(obj: Object) -> str:
    return meta(obj).get("namespace") or ""


def uid(obj: Object) -> str:
    return meta(obj).get("uid") or ""


def revision(obj: Object) -> str:
    """metadata.resourceVersion, "" where unset."""
    return meta(obj).get("resourceVersion") or ""


def labels(obj: Object) -> dict[str, str]:
    return meta(obj).get("labels") or {}


def annotations(obj: Object) -> dict[str, str]:
    return meta(obj).get("annotations") or {}


def finalizers(obj: Object) -> list[str]:
    return meta(obj).get("finalizers") or []


def owners(obj: Object) -> list[Object]:
    return meta(obj).get("ownerReferences") or []


def controller_of(obj: Object) -> Object | None:
    """The owner reference with `controller: true`, if any."""
    return next((owner for owner in owners(obj) if owner.get("controller")), None)


def deleting(obj: Object) -> bool:
    return bool(meta(obj).get("deletionTimestamp"))


def condition(obj: Object, kind: str) -> Object | None:
    """The entry of status.conditions whose type is `kind`."""
    return next((c for c in dig(obj, "status", "conditions", default=[]) if c.get("type") == kind), None)


def with_condition(listed: Iterable[Object], fresh: Object) -> list[Object]:
    """The conditions with `fresh` in the place of the one of its type, else at the end. `lastTransitionTime` is that
    of the last change of status (meta/v1 Condition)."""
    listed = list(listed)
    before = next((one for one in listed if one.get("type") == fresh["type"]), None)
    if before is None:
        return [*listed, fresh]
    since = before.get("lastTransitionTime")
    if since and before.get("status") == fresh["status"]:
        fresh = {**fresh, "lastTransitionTime": since}
    return [fresh if one is before else one for one in listed]
