"""The schemas of the built-in kinds in OpenAPI v3, from the shapes of their structs and what else is published of them.

`data/openapi.json` has which fields are required, their sets of values, formats and defaults (see tools/go_openapi.py).
"""

import json
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any

from eachpod.model.objects import Object
from eachpod.model.shape import fields, known
from eachpod.model.structure import marks_of

PREFIX = "#/components/schemas/"
TIME = "io.k8s.apimachinery.pkg.apis.meta.v1.Time"
MICRO_TIME = "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime"
QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"

_PLAIN: dict[str, Object] = {
    "s": {"type": "string"},
    "y": {"type": "string", "format": "byte"},
    "i": {"type": "integer", "format": "int32"},
    "j": {"type": "integer", "format": "int64"},
    "f": {"type": "number", "format": "double"},
    "b": {"type": "boolean"},
    "o": {"$ref": PREFIX + INT_OR_STRING},
    "q": {"$ref": PREFIX + QUANTITY},
    "t": {"$ref": PREFIX + TIME},
    "x": {"type": "object"},
}
# A value that is left out has this one where the field is always written. References take theirs from what they name.
_ZEROS: dict[str, Any] = {"s": "", "i": 0, "j": 0, "f": 0, "b": False}


@cache
def _facts() -> dict[str, dict[str, dict[str, Any]]]:
    text = resources.files("eachpod.model.data").joinpath("openapi.json").read_text()
    table: dict[str, dict[str, dict[str, Any]]] = json.loads(text)
    return table


def definition_name(struct: str) -> str:
    """`io.k8s.api.core.v1.Pod` for `core/v1.Pod`."""
    package, _, kind = struct.rpartition(".")
    group, _, version = package.partition("/")
    if group == "meta":
        return f"io.k8s.apimachinery.pkg.apis.meta.{version}.{kind}"
    return f"io.k8s.api.{group}.{version}.{kind}"


def define(structs: Iterable[str], schemas: Object) -> None:
    """Add the schemas of structs and of all that they refer to."""
    ahead = [struct for struct in structs if struct]
    while ahead:
        struct = ahead.pop()
        name = definition_name(struct)
        if name not in schemas and known(struct):
            schemas[name] = _schema(struct)
            ahead += [code.rstrip("!~").partition(":")[2] for code in fields(struct).values() if ":" in code]


def _schema(struct: str) -> Object:
    facts = _facts().get(struct, {})
    made: Object = {
        "type": "object",
        "properties": {
            name: _property(struct, name, code, facts.get(name, {})) for name, code in fields(struct).items()
        },
    }
    required = [name for name, fact in facts.items() if "r" in fact]
    if required:
        made["required"] = required
    if union := facts.get("", {}).get("u"):
        made["x-kubernetes-unions"] = [union]
    return {**made, **_marks(marks_of(struct))}


def _property(struct: str, name: str, code: str, facts: Object) -> Object:
    made = _typed(code, facts)
    if "d" in facts:
        made["default"] = facts["d"]
    marks = _marks(marks_of(struct, name))
    if "$ref" in made and (marks or "default" in made):
        made["allOf"] = [{"$ref": made.pop("$ref")}]
    return {**made, **marks}


def _typed(code: str, facts: Object) -> Object:
    head, _, inner = code.rstrip("!~").partition(":")
    if head == "S":
        return {**_reference(inner), "default": {}}
    if head == "P":
        return _reference(inner)
    if head == "L":
        return {"type": "array", "items": _reference(inner)}
    if head == "M":
        return {"type": "object", "additionalProperties": _reference(inner)}
    if head == "R":
        return {"type": "object", "additionalProperties": _plain("q", facts)}
    if head[0] == "l":
        return {"type": "array", "items": _plain(head[1:], facts)}
    if "l" in facts:
        return {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}
    if head[0] == "m":
        return {"type": "object", "additionalProperties": _plain(head[1:], facts)}
    made = _plain(head[1:] if head[0] == "p" else head.lower(), facts)
    if head in _ZEROS and code.endswith("!"):
        made["default"] = _ZEROS[head]
    return made


def _plain(letter: str, facts: Object) -> Object:
    made = dict(_PLAIN.get(letter, _PLAIN["x"]))
    if "e" in facts:
        made["enum"] = facts["e"]
    if facts.get("f") == "micro":
        made["$ref"] = PREFIX + MICRO_TIME
    elif "f" in facts:
        made["format"] = facts["f"]
    return made


def _reference(struct: str) -> Object:
    return {"$ref": PREFIX + definition_name(struct)}


def _marks(published: Object) -> Object:
    """How lists and maps merge, by the names of the extensions."""
    names = {"l": "list-type", "m": "list-map-keys", "t": "map-type", "k": "patch-merge-key", "s": "patch-strategy"}
    return {f"x-kubernetes-{name}": published[key] for key, name in names.items() if key in published}
