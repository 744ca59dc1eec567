"""Lease."""

from eachpod.model.kind import Cell, Kind
from eachpod.model.objects import Object, dig, name
from eachpod.model.resources import LEASE
from eachpod.model.table import age, columns


def _row(obj: Object, now: float) -> list[Cell]:
    return [name(obj), dig(obj, "spec", "holderIdentity", default=""), age(obj, now)]


KIND = Kind(LEASE, columns=columns("Holder", "Age"), row=_row, create_on_update=True)
