"""Lease."""

from eachpod.model.fielderrors import FieldError, forbidden, invalid
from eachpod.model.fieldrules import NEGATIVE
from eachpod.model.kind import Cell, Kind
from eachpod.model.objects import Object, dig, name
from eachpod.model.resources import LEASE
from eachpod.model.table import age, columns


def _validate(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    errors: list[FieldError] = []
    seconds, transitions = spec.get("leaseDurationSeconds"), spec.get("leaseTransitions")
    if seconds is not None and seconds <= 0:
        errors.append(invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0"))
    if transitions is not None and transitions < 0:
        errors.append(invalid("spec.leaseTransitions", transitions, NEGATIVE))
    if spec.get("preferredHolder") and not spec.get("strategy"):
        text = "may only be specified if `strategy` is defined"
        errors.append(forbidden("spec.preferredHolder", text))
    return errors


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    return _validate(new)


def _row(obj: Object, now: float) -> list[Cell]:
    return [name(obj), dig(obj, "spec", "holderIdentity", default=""), age(obj, now)]


KIND = Kind(
    LEASE,
    validate=_validate,
    validate_update=_validate_update,
    columns=columns("Holder", "Age"),
    row=_row,
    create_on_update=True,
    unconditional_update=False,
    free_finalizers=True,
)
