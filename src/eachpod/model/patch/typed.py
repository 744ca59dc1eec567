"""Whether an apply configuration fits its kind, in the words that the real server's merge library has for it.

An apply refuses what other writes only warn of: a field that nobody knows could not be owned. All faults are told at
once, sorted.
"""

import json
from collections.abc import Iterator
from typing import Any

from eachpod.model.objects import Object
from eachpod.model.shape import fields
from eachpod.model.structure import field_of

from .fieldset import Unkeyed, item_key

_SCALARS = "syijfb"
_PYTHON: dict[str, tuple[type, ...]] = {"s": (str,), "y": (str,), "b": (bool,)}
_GO_TYPES = {str: "string", bool: "bool", dict: "map[string]interface {}", list: "[]interface {}"}


def faults(obj: Object, struct: str) -> list[str]:
    """What of an object does not fit a struct such as `core/v1.Pod`."""
    return sorted(_struct(struct, obj, ""))


def _struct(struct: str, obj: Any, path: str) -> Iterator[str]:
    if obj is None:
        return
    if not isinstance(obj, dict):
        yield f"{path}: expected map, got &{{{_shown(obj)}}}"
        return
    codes = fields(struct)
    for key, value in obj.items():
        where = f"{path}.{key}"
        if key not in codes:
            yield f"{where}: field not declared in schema"
        elif value is not None:
            yield from _value(struct, key, codes[key].rstrip("!~"), value, where)


def _value(struct: str, key: str, code: str, value: Any, path: str) -> Iterator[str]:
    head, _, inner = code.partition(":")
    if inner and head in "SP":
        yield from _struct(inner, value, path)
    elif head[0] in "Ll":
        yield from _list(struct, key, head[1:], inner, value, path)
    elif head[0] in "MmR":
        yield from _map(head[1:], inner, value, path)
    else:
        yield from _scalar(head[-1], value, path)


def _list(struct: str, key: str, plain: str, inner: str, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: expected list, got &{{{_shown(value)}}}"
        return
    field = field_of(struct, key)
    seen: set[str] = set()
    for index, item in enumerate(value):
        where = f"{path}[{index}]"
        if field.list_type == "map":
            try:
                named = item_key(item, field)
            except Unkeyed:
                yield f"{path}: element {index}: associative list with keys may not have non-map elements"
                continue
            if named in seen:
                yield f"{path}: duplicate entries for key {_pairs(named)}"
            seen.add(named)
            where = f"{path}{_pairs(named)}"
        elif field.list_type == "set":
            named = json.dumps(item)
            if named in seen:
                yield f"{path}: duplicate entries for key [={named}]"
            seen.add(named)
        yield from _struct(inner, item, where) if inner else _scalar(plain, item, where)


def _pairs(named: str) -> str:
    """`[name="c"]` of the key of a list item."""
    pairs = json.loads(named.removeprefix("k:"))
    return f"[{','.join(f'{key}={json.dumps(value)}' for key, value in pairs.items())}]"


def _map(plain: str, inner: str, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: expected map, got &{{{_shown(value)}}}"
        return
    for key, item in value.items():
        yield from _struct(inner, item, f"{path}.{key}") if inner else _scalar(plain, item, f"{path}.{key}")


def _scalar(letter: str, value: Any, path: str) -> Iterator[str]:
    if value is None or letter not in _SCALARS or not letter:
        return
    if letter in "ijf":
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield f"{path}: expected numeric (int or float), got {_GO_TYPES[type(value)]}"
    elif not isinstance(value, _PYTHON[letter]):
        shown = _shown(value)
        got = (
            f"boolean, got &{{{shown}}}" if letter == "b" else f"string, got &value.valueUnstructured{{Value:{shown}}}"
        )
        yield f"{path}: expected {got}"


def _shown(value: Any) -> str:
    """A value as Go prints it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{' '.join(_shown(item) for item in value)}]"
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{_shown(item)}' for key, item in sorted(value.items()))}]"
    return str(value)
