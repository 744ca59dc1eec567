"""ServiceAccount."""

from eachpod.model.kind import Cell, Kind
from eachpod.model.objects import Object, name
from eachpod.model.resources import SERVICEACCOUNT
from eachpod.model.table import age, columns


def _row(obj: Object, now: float) -> list[Cell]:
    return [name(obj), age(obj, now)]


KIND = Kind(SERVICEACCOUNT, columns=columns("Age"), row=_row)
