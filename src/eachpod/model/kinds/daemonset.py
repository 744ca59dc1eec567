"""DaemonSet."""

from eachpod.model.fielderrors import FieldError, invalid, not_supported, required
from eachpod.model.fieldrules import non_negative
from eachpod.model.kind import Cell, Kind
from eachpod.model.metadata import immutable, validate_selector
from eachpod.model.objects import Object, dig, name, put
from eachpod.model.podspec.replicas import (
    amount_of,
    at_most_all,
    int_or_percent,
    validate_collisions,
    validate_lasting_template,
    validate_selected,
)
from eachpod.model.podspec.template import default_template
from eachpod.model.podspec.warnings import template_warnings
from eachpod.model.resources import DAEMONSET
from eachpod.model.shape import zero
from eachpod.model.table import age, columns, containers, label_pairs, selector

# How often the template changed, kept where older clients look for it.
_TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
_COUNTERS = (
    "currentNumberScheduled",
    "numberMisscheduled",
    "desiredNumberScheduled",
    "numberReady",
    "observedGeneration",
    "updatedNumberScheduled",
    "numberAvailable",
    "numberUnavailable",
    "collisionCount",
)


def _default(obj: Object) -> Object:
    spec = obj.setdefault("spec", {})
    default_template(spec)
    strategy = spec["updateStrategy"] = spec.get("updateStrategy") or {}
    strategy["type"] = strategy.get("type") or "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        rolling = strategy["rollingUpdate"] = strategy.get("rollingUpdate") or {}
        for field, value in (("maxUnavailable", 1), ("maxSurge", 0)):
            if rolling.get(field) is None:
                rolling[field] = value
    if spec.get("revisionHistoryLimit") is None:
        spec["revisionHistoryLimit"] = 10
    return obj


def _template_generation(obj: Object) -> int:
    text = dig(obj, "metadata", "annotations", _TEMPLATE_GENERATION, default="0")
    return int(text) if text.isdigit() else 0


def _numbered(obj: Object, number: int) -> Object:
    return put(obj, ("metadata", "annotations", _TEMPLATE_GENERATION), str(number))


def _prepare_create(obj: Object) -> Object:
    return _numbered({**obj, "status": zero("apps/v1.DaemonSetStatus")}, max(_template_generation(obj), 1))


def _prepare_update(new: Object, old: Object) -> Object:
    changed = dig(new, "spec", "template") != dig(old, "spec", "template")
    return _numbered(new, _template_generation(old) + changed)


def _validate(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    errors = validate_selector(spec.get("selector"), "spec.selector") + validate_selected(spec)
    own = spec.get("selector")
    if own is not None and not own.get("matchLabels") and not own.get("matchExpressions"):
        errors.append(invalid("spec.selector", own, "empty selector is invalid for daemonset"))
    errors += validate_lasting_template(spec, "DaemonSet")
    errors += non_negative(spec, "spec", "minReadySeconds")
    errors += _strategy(spec.get("updateStrategy") or {}, "spec.updateStrategy")
    return errors + non_negative(spec, "spec", "revisionHistoryLimit")


def _strategy(strategy: Object, path: str) -> list[FieldError]:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if kind == "OnDelete":
        return []
    if kind != "RollingUpdate":
        return [not_supported(path, strategy, ("RollingUpdate", "OnDelete"))]
    here = f"{path}.rollingUpdate"
    if rolling is None:
        return [required(here)]
    gone, extra = rolling.get("maxUnavailable"), rolling.get("maxSurge")
    errors = int_or_percent(gone, f"{here}.maxUnavailable") + int_or_percent(extra, f"{here}.maxSurge")
    errors += at_most_all(gone, f"{here}.maxUnavailable") + at_most_all(extra, f"{here}.maxSurge")
    if amount_of(gone) and amount_of(extra):
        errors.append(invalid(f"{here}.maxSurge", extra, "may not be set when maxUnavailable is non-zero"))
    elif not amount_of(gone) and not amount_of(extra):
        errors.append(required(f"{here}.maxUnavailable", "cannot be 0 when maxSurge is 0"))
    return errors


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    return immutable(dig(new, "spec", "selector"), dig(old, "spec", "selector"), "spec.selector") + _validate(new)


def _validate_status(new: Object, old: Object) -> list[FieldError]:
    return non_negative(new.get("status") or {}, "status", *_COUNTERS) + validate_collisions(new, old)


def _row(obj: Object, now: float) -> list[Cell]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    counted = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady", "updatedNumberScheduled")
    return [
        name(obj),
        *(status.get(field) or 0 for field in (*counted, "numberAvailable")),
        label_pairs(dig(spec, "template", "spec", "nodeSelector")),
        age(obj, now),
        *containers(dig(spec, "template", "spec")),
        selector(spec.get("selector")),
    ]


KIND = Kind(
    DAEMONSET,
    default=_default,
    prepare_create=_prepare_create,
    prepare_update=_prepare_update,
    validate=_validate,
    validate_update=_validate_update,
    validate_status_update=_validate_status,
    warnings=template_warnings,
    columns=columns(
        "Desired:integer",
        "Current:integer",
        "Ready:integer",
        "Up-to-date:integer",
        "Available:integer",
        "Node Selector",
        "Age",
        "*Containers",
        "*Images",
        "*Selector",
    ),
    row=_row,
    generation=True,
    # A field in the memory of the real server, which makes it an annotation when it writes the object out.
    extra={"written_annotations": (_TEMPLATE_GENERATION,)},
)
