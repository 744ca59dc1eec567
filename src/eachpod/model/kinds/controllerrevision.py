"""ControllerRevision."""

from eachpod.model.fielderrors import FieldError, invalid, required
from eachpod.model.fieldrules import NEGATIVE
from eachpod.model.kind import Cell, Kind
from eachpod.model.metadata import immutable
from eachpod.model.objects import Object, controller_of, name
from eachpod.model.resources import CONTROLLERREVISION
from eachpod.model.table import NONE, age, columns


def _validate(obj: Object) -> list[FieldError]:
    errors = _number(obj)
    data = obj.get("data")
    if data is None:
        errors.append(required("data", "data is mandatory"))
    elif not isinstance(data, dict):
        errors.append(required("data", "data must be a valid JSON object"))
    return errors


def _number(obj: Object) -> list[FieldError]:
    revision = obj.get("revision") or 0
    return [invalid("revision", revision, NEGATIVE)] if revision < 0 else []


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    return _number(new) + immutable(new.get("data"), old.get("data"), "data")


def _row(obj: Object, now: float) -> list[Cell]:
    owner = controller_of(obj)
    shown = NONE
    if owner:
        group = (owner.get("apiVersion") or "").rpartition("/")[0]
        shown = f"{(owner.get('kind') or '').lower()}{'.' + group if group else ''}/{owner.get('name')}"
    return [name(obj), shown, obj.get("revision") or 0, age(obj, now)]


KIND = Kind(
    CONTROLLERREVISION,
    validate=_validate,
    validate_update=_validate_update,
    columns=columns("Controller", "Revision", "Age"),
    row=_row,
)
