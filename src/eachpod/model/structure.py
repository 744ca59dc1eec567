"""What a field of a built-in kind holds and how its lists merge: for strategic merge and server-side apply.

`data/merge.json` has, per struct and field, the merge key and strategy (k, s), the list type and its keys (l, m) and
the map type (t), as the published OpenAPI says them (x-kubernetes-...). A struct is named like `core/v1.PodSpec`; ""
stands for anything without a known structure.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from .resource import Resource
from .shape import fields, known

# Letters of field codes (see `shape`) whose values are structs, or lists and maps of structs.
_STRUCTS = "SPLM"


@dataclass(frozen=True, slots=True)
class Field:
    """`struct` is that of the value or of its items; `merge_key` is None where a list is replaced as a whole."""

    struct: str = ""
    merge: bool = False
    merge_key: str = ""
    replace: bool = False
    list_type: str = ""
    list_keys: tuple[str, ...] = ()
    map_type: str = ""
    keyed: bool = False
    # An empty object has the field, too: it is written even when empty.
    fixed: bool = False


UNKNOWN = Field()


def struct_of(resource: Resource) -> str:
    """The struct of a built-in kind, "" where there is none."""
    group = resource.group.removesuffix(".authorization.k8s.io").partition(".")[0] or "core"
    name = f"{group}/{resource.version}.{resource.kind}"
    return name if known(name) else ""


@cache
def _table() -> dict[str, dict[str, dict[str, Any]]]:
    text = resources.files("eachpod.model.data").joinpath("merge.json").read_text()
    table: dict[str, dict[str, dict[str, Any]]] = json.loads(text)
    return table


def marks_of(struct: str, name: str = "") -> dict[str, Any]:
    """What is published of a field, or of the struct itself."""
    return _table().get(struct, {}).get(name, {})


@cache
def field_of(struct: str, name: str) -> Field:
    code = fields(struct).get(name, "") if known(struct) else ""
    letter, _, inner = code.rstrip("!~").partition(":")
    inner = inner if letter in _STRUCTS else ""
    marks = marks_of(struct, name)
    strategies = marks.get("s", "").split(",")
    whole = marks_of(inner)
    return Field(
        struct=inner,
        merge="merge" in strategies,
        merge_key=marks.get("k", ""),
        replace="replace" in strategies,
        list_type=marks.get("l", ""),
        list_keys=tuple(marks.get("m", ())),
        map_type=marks.get("t") or (whole.get("t", "") if letter in "SP" else ""),
        keyed=letter == "M",
        fixed=letter == "S" or code.endswith("!"),
    )
