"""PodDisruptionBudget."""

from eachpod.model.kind import Cell, Kind
from eachpod.model.objects import Object, dig, name
from eachpod.model.resources import PODDISRUPTIONBUDGET
from eachpod.model.table import age, columns


def _prepare_create(obj: Object) -> Object:
    counts = ("currentHealthy", "desiredHealthy", "disruptionsAllowed", "expectedPods")
    return {**obj, "status": dict.fromkeys(counts, 0)}


def _prepare_update(new: Object, old: Object) -> Object:
    return {**new, "status": old.get("status") or {}}


def _row(obj: Object, now: float) -> list[Cell]:
    spec = obj.get("spec") or {}
    return [
        name(obj),
        str(spec["minAvailable"]) if spec.get("minAvailable") is not None else "N/A",
        str(spec["maxUnavailable"]) if spec.get("maxUnavailable") is not None else "N/A",
        dig(obj, "status", "disruptionsAllowed", default=0),
        age(obj, now),
    ]


KIND = Kind(
    PODDISRUPTIONBUDGET,
    prepare_create=_prepare_create,
    prepare_update=_prepare_update,
    columns=columns("Min Available", "Max Unavailable", "Allowed Disruptions:integer", "Age"),
    row=_row,
    generation=True,
)
