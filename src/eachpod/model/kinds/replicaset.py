"""ReplicaSet: a template in many copies without names of their own."""

from eachpod.model.fielderrors import FieldError
from eachpod.model.fieldrules import non_negative
from eachpod.model.kind import Cell, Kind
from eachpod.model.metadata import immutable
from eachpod.model.objects import Object, dig
from eachpod.model.podspec.replicas import (
    validate_counters,
    validate_lasting_template,
    validate_replicas_selector,
)
from eachpod.model.podspec.template import default_template
from eachpod.model.resources import REPLICASET
from eachpod.model.table import selector

from .replicated import cells, default_replicas, replicated


def _default(obj: Object) -> Object:
    default_template(obj.setdefault("spec", {}))
    return default_replicas(obj)


def _validate(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    errors = non_negative(spec, "spec", "replicas", "minReadySeconds")
    errors += validate_replicas_selector(spec)
    return errors + validate_lasting_template(spec, "ReplicaSet")


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    return _validate(new) + immutable(dig(new, "spec", "selector"), dig(old, "spec", "selector"), "spec.selector")


def _validate_status(new: Object, old: Object) -> list[FieldError]:
    status = new.get("status") or {}
    errors = validate_counters(status, "fullyLabeledReplicas", "readyReplicas", "availableReplicas")
    return errors + non_negative(status, "status", "terminatingReplicas")


def _row(obj: Object, now: float) -> list[Cell]:
    return [*cells(obj, now), selector(dig(obj, "spec", "selector"))]


KIND = replicated(
    Kind(
        REPLICASET,
        default=_default,
        validate=_validate,
        validate_update=_validate_update,
        validate_status_update=_validate_status,
        row=_row,
    )
)
