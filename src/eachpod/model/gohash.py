"""The hash of a pod template as Kubernetes makes it for names of ReplicaSets and their pods (`pod-template-hash`).

Upstream hashes a printed dump of the Go struct, with every field in its order, its type and its zero value
(k8s.io/utils/dump, FNV-1a). The table `data/podtemplate.json` holds what the dump needs to know of the types; it is
made by `tools/pod_template_types.go`.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from eachpod.kit.ids import fnv1a_32, safe_encode

from .objects import Object

_ROOT = "core.PodTemplateSpec"
_TIME = "{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}"
_SCALES = {"": 0, "n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}


@cache
def _types() -> dict[str, list[tuple[str, str, str, str]]]:
    """By type: name of the field in Go, its name in JSON ("" where embedded), its type as shown, how to show it."""
    text = files("eachpod.model").joinpath("data/podtemplate.json").read_text()
    return {name: [tuple(row) for row in rows] for name, rows in json.loads(text).items()}


def pod_template_hash(template: Object, collisions: int | None) -> str:
    """`collisions` is the collision count of the owner's status, None where it has none."""
    data = dump(template).encode()
    if collisions is not None:
        data += collisions.to_bytes(4, "little") + bytes(4)
    return safe_encode(str(fnv1a_32(data)))


def dump(template: Object) -> str:
    return f"(v1.PodTemplateSpec){_struct(_ROOT, template)}"


def _struct(name: str, value: Any) -> str:
    shown = []
    have = value or {}
    for field, key, kind, form in _types()[name]:
        shown.append(f"{field}:({kind}){_shown(form, have.get(key) if key else have)}")
    return "{" + " ".join(shown) + "}"


def _shown(form: str, value: Any) -> str:
    if form.startswith("*"):
        return "<nil>" if value is None else _shown(form[1:], value)
    if form.startswith("[]"):
        return "<nil>" if value is None else f"[{' '.join(_shown(form[2:], one) for one in value)}]"
    if form.startswith("map "):
        if value is None:
            return "<nil>"
        return f"map[{' '.join(f'{key}:{_shown(form[4:], value[key])}' for key in sorted(value))}]"
    match form:
        case "string":
            return value or ""
        case "bool":
            return "true" if value else "false"
        case "Quantity":
            return _quantity(str(value if value is not None else "0"))
        case "IntOrString":
            return _int_or_string(value)
        case "meta.Time":
            return _TIME
        case _:
            return _struct(form, value) if form in _types() else str(value or 0)


def _int_or_string(value: Any) -> str:
    number, text = (0, value) if isinstance(value, str) else (value or 0, "")
    return f"{{Type:(intstr.Type){int(isinstance(value, str))} IntVal:(int32){number} StrVal:(string){text}}}"


def _quantity(text: str) -> str:
    """A quantity in its canonical form, as the API gives it: whole digits and a suffix."""
    digits = text.rstrip("numkMGTPEKi")
    suffix = text[len(digits) :]
    binary = _BINARY.get(suffix)
    number = int(digits) << binary if binary is not None else digits
    scale = 0 if binary is not None else _SCALES.get(suffix, 0)
    style = "BinarySI" if binary is not None else "DecimalSI"
    return (
        f"{{i:(resource.int64Amount){{value:(int64){number} scale:(resource.Scale){scale}}} "
        f"d:(resource.infDecAmount){{Dec:(*inf.Dec)<nil>}} s:(string){text} Format:(resource.Format){style}}}"
    )
