"""Deployment: a template in many copies, and how they are replaced by those of another one."""

from eachpod.model.fielderrors import FieldError, forbidden, invalid, not_supported
from eachpod.model.fieldrules import non_negative
from eachpod.model.kind import Cell, Kind
from eachpod.model.metadata import immutable
from eachpod.model.objects import Object, dig, name
from eachpod.model.podspec.replicas import (
    amount_of,
    at_most_all,
    int_or_percent,
    validate_collisions,
    validate_counters,
    validate_lasting_template,
    validate_replicas_selector,
)
from eachpod.model.podspec.template import default_template
from eachpod.model.podspec.warnings import template_warnings
from eachpod.model.resources import DEPLOYMENT
from eachpod.model.table import age, columns, containers, selector


def _default(obj: Object) -> Object:
    spec = obj.setdefault("spec", {})
    default_template(spec)
    strategy = spec["strategy"] = spec.get("strategy") or {}
    strategy["type"] = strategy.get("type") or "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        rolling = strategy["rollingUpdate"] = strategy.get("rollingUpdate") or {}
        for field in ("maxUnavailable", "maxSurge"):
            if rolling.get(field) is None:
                rolling[field] = "25%"
    for field, value in (("replicas", 1), ("revisionHistoryLimit", 10), ("progressDeadlineSeconds", 600)):
        if spec.get(field) is None:
            spec[field] = value
    return obj


def _prepare_create(obj: Object) -> Object:
    return {**obj, "status": {}}


def _validate(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    errors = non_negative(spec, "spec", "replicas")
    errors += validate_replicas_selector(spec)
    errors += validate_lasting_template(spec, "ReplicaSet")
    errors += _strategy(spec.get("strategy") or {}, "spec.strategy")
    errors += non_negative(spec, "spec", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds")
    deadline = spec.get("progressDeadlineSeconds")
    if deadline is not None and deadline <= (spec.get("minReadySeconds") or 0):
        errors.append(invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"))
    return errors


def _strategy(strategy: Object, path: str) -> list[FieldError]:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    here = f"{path}.rollingUpdate"
    if kind == "Recreate":
        text = "may not be specified when strategy `type` is 'Recreate'"
        return [forbidden(here, text)] if rolling is not None else []
    if kind != "RollingUpdate":
        return [not_supported(path, strategy, ("Recreate", "RollingUpdate"))]
    gone, extra = (rolling or {}).get("maxUnavailable"), (rolling or {}).get("maxSurge")
    errors = int_or_percent(gone, f"{here}.maxUnavailable") + int_or_percent(extra, f"{here}.maxSurge")
    if amount_of(gone) == 0 and amount_of(extra) == 0:
        errors.append(invalid(f"{here}.maxUnavailable", gone, "may not be 0 when `maxSurge` is 0"))
    return errors + at_most_all(gone, f"{here}.maxUnavailable")


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    return _validate(new) + immutable(dig(new, "spec", "selector"), dig(old, "spec", "selector"), "spec.selector")


def _validate_status(new: Object, old: Object) -> list[FieldError]:
    status = new.get("status") or {}
    errors = validate_counters(status, "updatedReplicas", "readyReplicas", "availableReplicas")
    errors += non_negative(status, "status", "unavailableReplicas", "terminatingReplicas")
    return errors + validate_collisions(new, old)


def _row(obj: Object, now: float) -> list[Cell]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    return [
        name(obj),
        f"{status.get('readyReplicas') or 0}/{spec.get('replicas') or 0}",
        status.get("updatedReplicas") or 0,
        status.get("availableReplicas") or 0,
        age(obj, now),
        *containers(dig(spec, "template", "spec")),
        selector(spec.get("selector")),
    ]


KIND = Kind(
    DEPLOYMENT,
    default=_default,
    prepare_create=_prepare_create,
    validate=_validate,
    validate_update=_validate_update,
    validate_status_update=_validate_status,
    warnings=template_warnings,
    columns=columns("Ready", "Up-to-date", "Available", "Age", "*Containers", "*Images", "*Selector"),
    row=_row,
    generation=True,
    # Annotations count too: they travel to the replica sets.
    extra={
        "generation_of": lambda obj: (obj.get("spec"), (obj.get("metadata") or {}).get("annotations")),
        "blank_spec": {"replicas": 0},
    },
)
