"""Secret."""

from eachpod.model.kind import Cell, Kind
from eachpod.model.objects import Object, name
from eachpod.model.resources import SECRET
from eachpod.model.table import age, columns


def _default(obj: Object) -> Object:
    obj["type"] = obj.get("type") or "Opaque"
    return obj


def _row(obj: Object, now: float) -> list[Cell]:
    return [name(obj), obj.get("type") or "", len(obj.get("data") or {}), age(obj, now)]


KIND = Kind(
    SECRET,
    default=_default,
    columns=columns("Type", "Data", "Age"),
    row=_row,
    fields=lambda obj: {"type": obj.get("type") or ""},
    field_names=("type",),
)
