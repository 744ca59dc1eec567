"""JSON patch (RFC 6902) on shared objects: only what lies on a changed path is copied."""

import re
from collections.abc import Callable, Sequence
from typing import Any

LIMIT = 10_000
_INDEX = re.compile(r"^[+-]?[0-9]{1,18}\Z")


class BadPatch(ValueError):
    """The patch itself is no JSON patch."""


class Inapplicable(ValueError):
    """An operation cannot be applied to this object."""


def patched(target: Any, operations: Any) -> Any:
    if not isinstance(operations, list):
        raise BadPatch("json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    for operation in operations:
        if not isinstance(operation, dict):
            raise BadPatch("json: cannot unmarshal into Go value of type jsonpatch.Operation")
        target = _apply(target, operation)
    return target


def _apply(target: Any, operation: dict[str, Any]) -> Any:
    path = _pointer(operation.get("path"))
    match operation.get("op"):
        case "add":
            return _at(target, path, lambda holder, key: _added(holder, key, operation.get("value")), whole=operation)
        case "replace":
            return _at(
                target, path, lambda holder, key: _replaced(holder, key, operation.get("value")), whole=operation
            )
        case "remove":
            return _at(target, path, _removed)
        case "test":
            if not _equal(_value(target, path, missing_ok=True), operation.get("value")):
                raise Inapplicable(f"testing value {operation['path']} failed: test failed")
            return target
        case "move":
            source = _pointer(operation.get("from"))
            value = _value(target, source)
            return _at(_at(target, source, _removed), path, lambda holder, key: _added(holder, key, value))
        case "copy":
            value = _value(target, _pointer(operation.get("from")))
            return _at(target, path, lambda holder, key: _added(holder, key, value))
    raise Inapplicable(f"Unexpected kind: {operation.get('op')}")


def _pointer(path: Any) -> list[str]:
    if not isinstance(path, str):
        raise Inapplicable("missing path")
    if path and not path.startswith("/"):
        raise Inapplicable(f"path {path} does not start with a slash")
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]


def _equal(left: Any, right: Any) -> bool:
    """Python takes True for 1, JSON does not."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_equal(value, right[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_equal, left, right))
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _value(target: Any, path: Sequence[str], *, missing_ok: bool = False) -> Any:
    for key in path:
        try:
            target = target[_index(target, key)] if isinstance(target, list) else target[key]
        except (KeyError, TypeError):
            if missing_ok:
                return None
            raise Inapplicable(f"missing value at /{'/'.join(path)}") from None
    return target


def _index(holder: list[Any], key: str, *, end: int | None = None) -> int:
    """A position in a list; negative ones count from the end, as the real server allows."""
    if not _INDEX.match(key):  # int() would take more: spaces, underscores, digits of other scripts
        raise Inapplicable(f"{key} is not an index")
    index = int(key)
    last = len(holder) - 1 if end is None else end
    if index < 0:
        index += last + 1
    if not 0 <= index <= last:
        raise Inapplicable(f"index {key} is out of bounds")
    return index


def _at(
    target: Any, path: Sequence[str], change: Callable[[Any, str], Any], whole: dict[str, Any] | None = None
) -> Any:
    if not path:
        if whole is None:
            raise Inapplicable("the whole document cannot be removed")
        return whole.get("value")
    head, rest = path[0], path[1:]
    if not rest:
        return change(target, head)
    if isinstance(target, list):
        index = _index(target, head)
        return [*target[:index], _at(target[index], rest, change, whole), *target[index + 1 :]]
    if isinstance(target, dict) and target.get(head) is not None:
        return {**target, head: _at(target[head], rest, change, whole)}
    raise Inapplicable(f"doc is missing path: /{'/'.join(path)}")


def _added(holder: Any, key: str, value: Any) -> Any:
    if isinstance(holder, list):
        index = len(holder) if key == "-" else _index(holder, key, end=len(holder))
        return [*holder[:index], value, *holder[index:]]
    if isinstance(holder, dict):
        return {**holder, key: value}
    raise Inapplicable(f"{key} cannot be added to a plain value")


def _replaced(holder: Any, key: str, value: Any) -> Any:
    if isinstance(holder, list):
        index = _index(holder, key)
        return [*holder[:index], value, *holder[index + 1 :]]
    if isinstance(holder, dict):  # a member need not be there, as the real server has it
        return {**holder, key: value}
    raise Inapplicable(f"{key} cannot be replaced in a plain value")


def _removed(holder: Any, key: str) -> Any:
    if isinstance(holder, list):
        index = _index(holder, key)
        return [*holder[:index], *holder[index + 1 :]]
    if isinstance(holder, dict) and key in holder:
        return {name: value for name, value in holder.items() if name != key}
    raise Inapplicable(f"remove operation does not apply: doc is missing key: {key}")
