"""Whether a request's body has the types and fields of its kind.

Wrong types end a request; unknown fields are named in a warning or, where the client asked for it, in an error. The
types are those of `data/shapes.json`.
"""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from . import quantity, timestamps
from .objects import Object
from .shape import fields

_NAMES = {"s": "string", "y": "string", "i": "int32", "j": "int64", "f": "float64", "b": "bool"}
_PYTHON: dict[str, tuple[type, ...]] = {
    "s": (str,),
    "y": (str,),
    "i": (int,),
    "j": (int,),
    "f": (int, float),
    "b": (bool,),
}
# How far integers reach, to either side.
_REACH = {"i": 2**31, "j": 2**63}


@dataclass(slots=True)
class Findings:
    """`wrong` is the first value of a wrong type, as a sentence; `unknown` the paths of fields that do not exist."""

    wrong: str = ""
    unknown: list[str] = field(default_factory=list)
    # The struct whose fields are being looked at, as messages name it, and the fields that lead to the value: messages
    # about types leave out indices and keys of maps.
    owner: str = ""
    fields: list[str] = field(default_factory=list)


def examine(struct: str, obj: Object) -> Findings:
    """The findings for an object of a struct such as `core/v1.Pod`."""
    findings = Findings()
    _struct(struct, obj, "", findings)
    return findings


@cache
def _codes(struct: str) -> dict[str, tuple[str, str, str]]:
    """Field -> letter, second letter of plain collections, struct of the others."""
    found = {}
    for name, code in fields(struct).items():
        bare = code.rstrip("!~")
        head, _, inner = bare.partition(":")
        found[name] = (head[0], head[1:], inner)
    return found


def _struct(struct: str, obj: Any, path: str, findings: Findings) -> None:
    if not isinstance(obj, dict):
        if obj is not None:
            _mistyped(obj, struct.rpartition("/")[2], findings)
        return
    codes = _codes(struct)
    for key, value in obj.items():
        code = codes.get(key)
        where = f"{path}.{key}" if path else key
        if code is None:
            findings.unknown.append(where)
        elif value is not None:
            findings.owner = struct
            findings.fields.append(key)
            _value(code, value, where, findings)
            findings.fields.pop()


def _value(code: tuple[str, str, str], value: Any, path: str, findings: Findings) -> None:
    letter, plain, struct = code
    if letter in "SP" and struct:
        _struct(struct, value, path, findings)
    elif letter in _NAMES:
        _scalar(letter, value, findings)
    elif letter == "p":
        _scalar(plain, value, findings)
    elif letter in "Ll":
        _list(plain, struct, value, path, findings)
    elif letter in "MmR":
        _map("q" if letter == "R" else plain, struct, value, path, findings)
    else:
        _special(letter, value, findings)


def _list(plain: str, struct: str, value: Any, path: str, findings: Findings) -> None:
    if not isinstance(value, list):
        _mistyped(value, f"[]{struct.rpartition('/')[2] or _NAMES.get(plain, 'interface {}')}", findings)
        return
    for index, item in enumerate(value):
        if struct:
            _struct(struct, item, f"{path}[{index}]", findings)
        elif item is not None:
            _plain(plain, item, findings)


def _map(plain: str, struct: str, value: Any, path: str, findings: Findings) -> None:
    if not isinstance(value, dict):
        _mistyped(value, f"map[string]{struct.rpartition('/')[2] or _NAMES.get(plain, 'string')}", findings)
        return
    for key, item in value.items():
        if struct:
            _struct(struct, item, f"{path}.{key}", findings)
        elif item is not None:
            _plain(plain, item, findings)


def _plain(letter: str, value: Any, findings: Findings) -> None:
    if letter in _NAMES:
        _scalar(letter, value, findings)
    elif letter != "x":
        _special(letter, value, findings)


def _scalar(letter: str, value: Any, findings: Findings) -> None:
    right = isinstance(value, _PYTHON[letter])
    if letter in "ijf" and isinstance(value, bool):
        right = False
    if letter in _REACH and isinstance(value, float) and value.is_integer():
        right = True
    if letter in _REACH and right and not -_REACH[letter] <= value < _REACH[letter]:
        right = False
    if not right:
        _mistyped(value, _NAMES[letter], findings)
    elif letter == "y" and not _is_base64(value):
        findings.wrong = findings.wrong or f"illegal base64 data at input byte {_bad_byte(value)}"


def _is_base64(text: str) -> bool:
    compact = text.replace("\n", "").replace("\r", "")
    return len(compact) % 4 == 0 and _bad_byte(compact) == len(compact)


_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")


def _bad_byte(text: str) -> int:
    """Where a base64 text stops being one; its length where it does not."""
    body = text.rstrip("=")
    bad = next((index for index, sign in enumerate(body) if sign not in _BASE64), len(text))
    if bad == len(text) and len(text) % 4:
        return len(text) - len(text) % 4  # the group that is cut off
    return bad if len(text) - len(body) <= 2 else len(body)


def _special(letter: str, value: Any, findings: Findings) -> None:
    fault = ""
    if letter in "qQ":
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            fault = "unmarshaling quantity: unexpected type"
        elif not quantity.valid(value):
            fault = quantity.INVALID
    elif letter in "Tt":
        if not isinstance(value, str):
            _mistyped(value, "string", findings)
        elif value and timestamps.parse(value) is None:
            layout = "2006-01-02T15:04:05Z07:00"
            fault = f'parsing time "{value}" as "{layout}": cannot parse "{value}" as "2006"'
    elif letter in "oO" and (isinstance(value, bool) or not isinstance(value, str | int)):
        _mistyped(value, "int32", findings)
    findings.wrong = findings.wrong or fault


def _mistyped(value: Any, wanted: str, findings: Findings) -> None:
    if findings.wrong:
        return
    kinds = {bool: "bool", str: "string", int: "number", float: "number", list: "array", dict: "object"}
    owner, path = findings.owner.rpartition(".")[2], ".".join(findings.fields)
    given = kinds.get(type(value), "value")
    if given == "number" and wanted in ("int32", "int64"):
        given = f"number {value}"  # a number, but not of that kind
    findings.wrong = f"json: cannot unmarshal {given} into Go struct field {owner}.{path} of type {wanted}"
