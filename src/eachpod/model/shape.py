"""The one written form of a built-in object: which empty fields are left out and which are always there.

Clients compare objects, and controllers hash templates, over the form that the real server gives back, where an empty
field may vanish, stay or appear. The rule of every field is in `data/shapes.json`; its codes are explained by
`tools/go_shapes.py`, which made it. Unknown fields are left alone.
"""

import json
from collections.abc import Callable, Iterable
from functools import cache
from importlib import resources
from typing import Any

from .objects import Object
from .quantity import canonical as canonical_quantity

# Fields behind feature gates that are off in the real server: known, but dropped when they are sent.
_SWITCHED_OFF = {
    "batch/v1.JobSpec": ("scheduling",),
    "coordination/v1.LeaseSpec": ("preferredHolder", "strategy"),
    "core/v1.EmptyDirVolumeSource": ("mode",),
    "core/v1.HTTPGetAction": ("protocol",),
    "core/v1.NodeSpec": ("configSource", "podPreemptionPolicy"),
    "core/v1.NodeStatus": ("config",),
    "core/v1.PodSpec": ("evictionResponders", "schedulingGroup"),
    "core/v1.VolumeMount": ("bindMountOptions",),
    "discovery/v1.Endpoint": ("deprecatedTopology",),
}

Rule = Callable[[Object, str, Any], bool]


@cache
def _table() -> dict[str, dict[str, str]]:
    text = resources.files("eachpod.model.data").joinpath("shapes.json").read_text()
    table: dict[str, dict[str, str]] = json.loads(text)
    return table


def fields(struct: str) -> dict[str, str]:
    """The codes of a struct's fields."""
    return _table()[struct]


def by_value(code: str) -> bool:
    """Whether the field is no pointer, so that its zero stands for absent."""
    return code[0] in _ZEROS or code[0] in "ST"


class Shape:
    """One struct: `fit` brings an object of it into its written form, in place."""

    __slots__ = ("_always", "_rules")

    def __init__(self, fields: dict[str, str], switched_off: Iterable[str] = ()) -> None:
        self._rules: dict[str, Rule] = {}
        self._always: list[str] = []
        for field, code in fields.items():
            self._rules[field] = _rule(code)
            if code.endswith("!") or (code[0] in "STqo" and not code.endswith("~")):
                self._always.append(field)

        for field in switched_off:
            self._rules[field] = _never

    def fit(self, obj: Object) -> Object:
        for field in self._always:
            if field not in obj:
                obj[field] = None
        gone = [key for key, value in obj.items() if key in self._rules and not self._rules[key](obj, key, value)]
        for key in gone:
            del obj[key]
        return obj


@cache
def shape(name: str) -> Shape:
    """The shape of a struct such as `core/v1.PodSpec`."""
    return Shape(_table()[name], _SWITCHED_OFF.get(name, ()))


def known(name: str) -> bool:
    return name in _table()


def zero(name: str) -> Object:
    """An empty struct in its written form."""
    return shape(name).fit({})


_ZEROS: dict[str, Any] = {"s": "", "y": "", "i": 0, "j": 0, "f": 0, "b": False}


def _rule(code: str) -> Rule:
    """What to do with a field: the rule may write the field anew and says whether it stays."""
    letter, always, struct = code[0], code.endswith("!"), code[2:].rstrip("!~")
    if letter in _ZEROS:
        return _plain(_ZEROS[letter], always)
    if letter == "S":
        return _struct(struct, code.endswith("~"))
    if letter == "P":
        return _pointer(struct, always)
    if letter in "LM":
        return _collection(struct, always)
    if letter == "R":
        return _quantities(always)
    if letter in "qQ":
        return _quantity(letter == "q")
    if letter in "lm":
        return _many(letter == "m", always)
    if letter == "T":
        return _keep if not code.endswith("~") else _unless_null
    if letter == "o":
        return _plain(0, True)
    return _keep if always else _unless_null


def _never(obj: Object, key: str, value: Any) -> bool:
    return False


def _keep(obj: Object, key: str, value: Any) -> bool:
    return True


def _unless_null(obj: Object, key: str, value: Any) -> bool:
    return value is not None


def _plain(zero_value: Any, always: bool) -> Rule:
    def rule(obj: Object, key: str, value: Any) -> bool:
        if value:
            return True
        if value is None:
            obj[key] = zero_value
        return always

    return rule


def _struct(name: str, dropped_when_empty: bool) -> Rule:
    def rule(obj: Object, key: str, value: Any) -> bool:
        if value is None:
            if dropped_when_empty:
                return False
            value = obj[key] = {}
        if isinstance(value, dict):
            shape(name).fit(value)
        return bool(value) or not dropped_when_empty

    return rule


def _pointer(name: str, always: bool) -> Rule:
    def rule(obj: Object, key: str, value: Any) -> bool:
        if isinstance(value, dict):
            shape(name).fit(value)
        return value is not None or always

    return rule


def _collection(name: str, always: bool) -> Rule:
    def rule(obj: Object, key: str, value: Any) -> bool:
        if not value:
            obj[key] = None
            return always
        fit = shape(name).fit
        items = value.values() if isinstance(value, dict) else value
        for item in items if not isinstance(items, str | int | float) else ():
            if isinstance(item, dict):
                fit(item)
        return True

    return rule


def _many(mapped: bool, always: bool) -> Rule:
    def rule(obj: Object, key: str, value: Any) -> bool:
        if not value:
            obj[key] = None
            return always
        if mapped and isinstance(value, dict) and None in value.values():
            obj[key] = {name: "" if item is None else item for name, item in value.items()}
        return True

    return rule


def _quantities(always: bool) -> Rule:
    def rule(obj: Object, key: str, value: Any) -> bool:
        if not value:
            return always
        if isinstance(value, dict):
            obj[key] = {name: canonical_quantity(item) for name, item in value.items()}
        return True

    return rule


def _quantity(by_value: bool) -> Rule:
    def rule(obj: Object, key: str, value: Any) -> bool:
        if value is None:
            obj[key] = "0"
            return by_value
        obj[key] = canonical_quantity(value)
        return True

    return rule
