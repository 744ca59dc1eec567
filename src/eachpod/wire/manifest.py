"""YAML as Kubernetes reads it: YAML 1.1 scalars by the rules of its own parser, and nothing that JSON has no word for.

PyYAML's rules differ where it hurts: it takes `22:22` for a number to the base 60 and a bare date for a date, and it
leaves `y` and `n` as texts. Its C parser is used with other rules. A document that is JSON, as kubectl sends it under
the name of YAML, goes the quick way.
"""

import re
from typing import Any

import orjson
import yaml

# What a document may grow to by its aliases, in nodes.
_LIMIT = 500_000


class Unreadable(ValueError):
    """The text is no YAML, or more than is sensible."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """A safe loader without the implicit types that it would bring."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"^(?:y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$", "yYnNtTfFoO"),
    ("int", r"^[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)$", "-+0123456789"),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("merge", r"^<<$", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


def _boolean(loader: Any, node: Any) -> bool:
    return str(loader.construct_scalar(node)).lower() in ("y", "yes", "true", "on")


def _integer(loader: Any, node: Any) -> int | float:
    text = str(loader.construct_scalar(node)).replace("_", "")
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text.lstrip("+"))
    for prefix, base in (("0b", 2), ("0x", 16), ("0o", 8)):
        if digits.startswith(prefix):
            return sign * int(digits[2:], base)
    return sign * int(digits, 8 if len(digits) > 1 and digits.startswith("0") else 10)


def _float(loader: Any, node: Any) -> float:
    return float(loader.construct_scalar(node))


def _text(loader: Any, node: Any) -> str:
    return str(loader.construct_scalar(node))


for _tag, _construct in (("bool", _boolean), ("int", _integer), ("float", _float), ("timestamp", _text)):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", _construct)


def load(data: bytes | str) -> Any:
    """The value of the one document in `data`; Unreadable where there is none, or more."""
    raw = data.encode() if isinstance(data, str) else data
    if raw.lstrip()[:1] == b"{":
        try:
            return orjson.loads(raw)
        except orjson.JSONDecodeError:
            pass  # YAML has braces, too
    try:
        value = yaml.load(raw, Loader=_Loader)
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        raise Unreadable(str(error)) from None
    if b"*" in raw:
        _check_size(value)
    return _as_json(value)


def _check_size(value: Any) -> None:
    """Aliases make small texts into huge values, or into ones that contain themselves."""
    left, ahead = _LIMIT, [value]
    while ahead:
        here = ahead.pop()
        left -= 1
        if left < 0:
            raise Unreadable("the document grows beyond all measure by its aliases")
        if isinstance(here, dict):
            ahead.extend(here.values())
        elif isinstance(here, list):
            ahead.extend(here)


def _as_json(value: Any) -> Any:
    """Keys become texts; sets and bytes, which only explicit tags make, have no place in JSON."""
    if isinstance(value, dict):
        return {_key(key): _as_json(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_as_json(each) for each in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise Unreadable(f"a value of type {type(value).__name__} has no place in JSON")


def _key(key: Any) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, str | int | float):
        return str(key)
    raise Unreadable(f"a key of type {type(key).__name__} has no place in JSON")
