"""ControllerRevision."""

from eachpod.model.kind import Cell, Kind
from eachpod.model.objects import Object, controller_of, name
from eachpod.model.resources import CONTROLLERREVISION
from eachpod.model.table import NONE, age, columns


def _row(obj: Object, now: float) -> list[Cell]:
    owner = controller_of(obj)
    shown = NONE
    if owner:
        group = (owner.get("apiVersion") or "").rpartition("/")[0]
        shown = f"{(owner.get('kind') or '').lower()}{'.' + group if group else ''}/{owner.get('name')}"
    return [name(obj), shown, obj.get("revision") or 0, age(obj, now)]


KIND = Kind(CONTROLLERREVISION, columns=columns("Controller", "Revision", "Age"), row=_row)
