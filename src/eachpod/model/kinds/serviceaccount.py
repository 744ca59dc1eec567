"""ServiceAccount."""

from eachpod.model.kind import Cell, Kind
from eachpod.model.objects import Object, name
from eachpod.model.resources import SERVICEACCOUNT
from eachpod.model.table import age, columns


def _row(obj: Object, now: float) -> list[Cell]:
    return [name(obj), age(obj, now)]


def _named_secrets(obj: Object) -> Object:
    """Of what an account says of its secrets only the names are kept."""
    if not obj.get("secrets"):
        return obj
    return {**obj, "secrets": [{"name": each["name"]} if each.get("name") else {} for each in obj["secrets"]]}


KIND = Kind(
    SERVICEACCOUNT,
    prepare_create=_named_secrets,
    prepare_update=lambda new, old: _named_secrets(new),
    columns=columns("Age"),
    row=_row,
)
