"""PodDisruptionBudget."""

from eachpod.model.fielderrors import FieldError, invalid, not_supported
from eachpod.model.fieldrules import non_negative
from eachpod.model.kind import Cell, Kind
from eachpod.model.metadata import validate_selector
from eachpod.model.objects import Object, dig, name
from eachpod.model.podspec.replicas import at_most_all, int_or_percent
from eachpod.model.resources import PODDISRUPTIONBUDGET
from eachpod.model.table import age, columns

_POLICIES = ("AlwaysAllow", "IfHealthyBudget")


def _prepare_create(obj: Object) -> Object:
    counts = ("currentHealthy", "desiredHealthy", "disruptionsAllowed", "expectedPods")
    return {**obj, "status": dict.fromkeys(counts, 0)}


def _validate(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    errors: list[FieldError] = []
    bounds = [field for field in ("minAvailable", "maxUnavailable") if spec.get(field) is not None]
    if len(bounds) == 2:
        errors.append(invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set"))
    for field in bounds:
        errors += int_or_percent(spec[field], f"spec.{field}") + at_most_all(spec[field], f"spec.{field}")
    errors += validate_selector(spec.get("selector"), "spec.selector")
    policy = spec.get("unhealthyPodEvictionPolicy")
    if policy is not None and policy not in _POLICIES:
        errors.append(not_supported("spec.unhealthyPodEvictionPolicy", policy, _POLICIES))
    return errors


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    return _validate(new)


def _validate_status(new: Object, old: Object) -> list[FieldError]:
    fields = ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods")
    return non_negative(new.get("status") or {}, "status", *fields)


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
    validate=_validate,
    validate_update=_validate_update,
    validate_status_update=_validate_status,
    columns=columns("Min Available", "Max Unavailable", "Allowed Disruptions:integer", "Age"),
    row=_row,
    generation=True,
    unconditional_update=False,
    free_finalizers=True,
    name_rule="path",
)
