"""ConfigMap."""

from eachpod.model.kind import Cell, Kind
from eachpod.model.objects import Object, name
from eachpod.model.resources import CONFIGMAP
from eachpod.model.table import age, columns


def _row(obj: Object, now: float) -> list[Cell]:
    return [name(obj), str(len(obj.get("data") or {}) + len(obj.get("binaryData") or {})), age(obj, now)]


KIND = Kind(CONFIGMAP, columns=columns("Data", "Age"), row=_row)
