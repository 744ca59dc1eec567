"""Protobuf bodies of requests (application/vnd.kubernetes.protobuf) into the JSON objects that they stand for.

Clients of the real system send them, but read JSON as well, so there is a decoder only. The messages are a table of
field numbers (`data/api.txt`). Encoders there write empty strings, zeros and empty structs of fields that are no
pointers; a JSON client would leave them out, so they are dropped, by the table that gives objects their written form.
"""

import base64
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import orjson

from eachpod.model import shape, timestamps

from . import protofields
from .protofields import DELIMITED, FIXED64, VARINT
from .protofields import Malformed as Malformed

MAGIC = b"k8s\x00"
CONTENT_TYPE = "application/vnd.kubernetes.protobuf"
# Two group names are not what their folder is called.
_GROUPS = {"rbac.authorization.k8s.io": "rbac", "": "core"}

Object = dict[str, Any]


class NoEnvelope(Malformed):
    """Not even the envelope that every object comes in can be read."""


class UnknownKind(Malformed):
    """An object of a kind that there is no message for."""

    def __init__(self, kind: str, version: str) -> None:
        super().__init__(f'no kind "{kind}" is registered for version "{version}"')
        self.kind, self.version = kind, version


@dataclass(frozen=True, slots=True)
class _Field:
    """`inline` members belong to the object around them. `bare`: zero stands for absent."""

    name: str
    kind: str
    many: bool
    keyed: bool
    inline: bool
    bare: bool


_SCALARS = frozenset({"string", "int32", "int64", "bool", "bytes", "double", "uint32", "uint64"})


def decode(data: bytes) -> Object:
    """The object in an envelope, with apiVersion and kind. Malformed where it is none, or of no known kind."""
    envelope = _envelope(data)
    try:
        return _unwrapped(envelope)
    except UnknownKind:
        raise
    except (ValueError, OverflowError, OSError, struct.error) as error:  # times outside of the calendar are OSErrors
        raise Malformed(str(error)) from None


def _envelope(data: bytes) -> Object:
    if not data:
        raise NoEnvelope("empty data")
    if not data.startswith(MAGIC):
        shown = " ".join(str(byte) for byte in MAGIC)
        raise NoEnvelope(f"provided data does not appear to be a protobuf message, expected prefix [{shown}]")
    if len(data) == len(MAGIC):
        raise NoEnvelope("empty body")
    try:
        found: Object = _read("runtime.Unknown", memoryview(data)[len(MAGIC) :])
    except ValueError as error:
        raise NoEnvelope(str(error)) from None
    return found


def _unwrapped(envelope: Object) -> Object:
    types = envelope.get("typeMeta") or {}
    version, kind = types.get("apiVersion") or "", types.get("kind") or ""
    message = _message_name(version, kind)
    if message not in _table():
        raise UnknownKind(kind, version)
    raw = base64.b64decode(envelope.get("raw") or "")
    return {"kind": kind, "apiVersion": version, **_read(message, memoryview(raw))}


def _message_name(version: str, kind: str) -> str:
    group, _, bare = version.rpartition("/")
    if kind in ("DeleteOptions", "Status"):
        return f"meta/v1.{kind}"
    return f"{_GROUPS.get(group, group.partition('.')[0])}/{bare}.{kind}"


@cache
def _table() -> dict[str, dict[int, _Field]]:
    text = resources.files("eachpod.wire").joinpath("data/api.txt").read_text()
    table: dict[str, dict[int, _Field]] = {}
    name = ""
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        if not line.startswith(" "):
            name = line
            table[name] = {}
            continue
        number, field, kind = line.split()
        table[name][int(number)] = _field(name, field, kind)
    return table


def _field(message: str, name: str, kind: str) -> _Field:
    known = shape.fields(message) if shape.known(message) else {}
    spelled = {each.lower(): each for each in known}.get(name.lower(), name)
    bare_kind = kind.removesuffix("*").removeprefix("map:")
    inline = bool(known) and spelled not in known and bare_kind not in _SCALARS
    code = known.get(spelled, "s")
    # Structs that are embedded in others are not in the table of shapes; those in them are pointers.
    bare = shape.by_value(code) if known else bare_kind in _SCALARS
    return _Field(spelled, bare_kind, kind.endswith("*"), kind.startswith("map:"), inline, bare)


def _read(message: str, data: memoryview) -> Any:
    special = _SPECIAL.get(message)
    if special:
        return special({number: value for number, _, value in protofields.fields(data)})
    fields = _table().get(message)
    if fields is None:
        raise Malformed(f"message {message} is not known")
    found: Object = {}
    for number, wire, value in protofields.fields(data):
        field = fields.get(number)
        if field is None:
            continue
        if wire != _wire(field) and not (field.many and wire == DELIMITED):
            raise Malformed(f"field {field.name} has wire type {wire}")
        if field.keyed:
            key, item = _entry(field.kind, value)
            found.setdefault(field.name, {})[key] = item
        elif field.many:
            found.setdefault(field.name, []).extend(_items(field.kind, wire, value))
        else:
            item = _value(field.kind, value)
            if field.inline:
                found.update(item)
            elif item is not None and (item or not field.bare):
                found[field.name] = item
    return found.get("items", []) if message in _LISTS else found


def _wire(field: _Field) -> int:
    """How values of a field are written; lists of numbers may also be packed, as bytes."""
    if field.keyed or field.kind not in _SCALARS or field.kind in ("string", "bytes"):
        return DELIMITED
    return FIXED64 if field.kind == "double" else VARINT


def _entry(kind: str, data: memoryview) -> tuple[str, Any]:
    """Key and value of a map entry."""
    parts = {number: value for number, _, value in protofields.fields(data)}
    return _text(parts.get(1, b"")), _value(kind, parts[2]) if 2 in parts else _zero(kind)


def _zero(kind: str) -> Any:
    if kind in _LISTS:
        return []
    return {"string": "", "bytes": "", "bool": False}.get(kind, 0 if kind in _SCALARS else {})


def _items(kind: str, wire: int, value: Any) -> list[Any]:
    """One item, or all of a packed list of numbers."""
    if kind in _SCALARS and kind not in ("string", "bytes") and wire == DELIMITED:
        items, at = [], 0
        while at < len(value):
            number, at = protofields.varint(value, at)
            items.append(_value(kind, number))
        return items
    return [_value(kind, value)]


def _value(kind: str, value: Any) -> Any:
    if kind == "string":
        return _text(value)
    if kind == "bytes":
        return base64.b64encode(_bytes(value)).decode()
    if kind == "bool":
        return bool(value)
    if kind in ("int32", "int64"):
        return _number(value)
    if kind == "double":
        return struct.unpack("<d", _bytes(value))[0]
    if kind in _SCALARS:
        return value
    if isinstance(value, int):
        raise Malformed("a number where a message has to be")
    return _read(kind, value)


def _bytes(value: Any) -> bytes:
    """Not `bytes(value)` at once: that would make a number into that many zeros."""
    if isinstance(value, int):
        raise Malformed("a number where bytes have to be")
    return bytes(value)


def _number(value: Any) -> int:
    if not isinstance(value, int):
        raise Malformed("bytes where a number has to be")
    return _signed(value)


def _text(value: Any) -> str:
    return _bytes(value).decode()


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _time(parts: dict[int, Any]) -> str | None:
    return timestamps.render(_number(parts.get(1, 0))) if parts else None


def _micro_time(parts: dict[int, Any]) -> str | None:
    return timestamps.render_micro(_number(parts.get(1, 0)) + _number(parts.get(2, 0)) / 1e9) if parts else None


def _quantity(parts: dict[int, Any]) -> str:
    return _text(parts.get(1, b"0"))


def _int_or_string(parts: dict[int, Any]) -> int | str:
    return _text(parts.get(3, b"")) if parts.get(1) else _number(parts.get(2, 0))


def _raw(parts: dict[int, Any]) -> Any:
    raw = _bytes(parts.get(1, b""))
    return orjson.loads(raw) if raw else None


# Lists with a name of their own: here they are messages with one field, in JSON they are just lists.
_LISTS = frozenset(
    (
        "authentication/v1.AttestationValue",
        "authentication/v1.ExtraValue",
        "authorization/v1.ExtraValue",
        "certificates/v1.ExtraValue",
    )
)

_SPECIAL: dict[str, Callable[[dict[int, Any]], Any]] = {
    "meta/v1.Time": _time,
    "meta/v1.MicroTime": _micro_time,
    "resource.Quantity": _quantity,
    "intstr.IntOrString": _int_or_string,
    "meta/v1.FieldsV1": _raw,
    "runtime.RawExtension": _raw,
}
