"""HorizontalPodAutoscaler (autoscaling/v2)."""

from copy import deepcopy
from typing import Any

from eachpod.model.fielderrors import FieldError, forbidden, invalid, required
from eachpod.model.fieldrules import NEGATIVE
from eachpod.model.kind import Cell, Kind
from eachpod.model.objects import Object, dig, name
from eachpod.model.resources import HORIZONTALPODAUTOSCALER
from eachpod.model.shape import zero
from eachpod.model.table import NONE, UNSET, age, columns

from .metricspec import SOURCES, validate_metric, validate_reference

_CPU_PERCENT = 80
_SCALE_UP: Object = {
    "stabilizationWindowSeconds": 0,
    "selectPolicy": "Max",
    "policies": [
        {"type": "Pods", "value": 4, "periodSeconds": 15},
        {"type": "Percent", "value": 100, "periodSeconds": 15},
    ],
}
_SCALE_DOWN: Object = {
    "selectPolicy": "Max",
    "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
}


def _default(obj: Object) -> Object:
    spec = obj.setdefault("spec", {})
    if spec.get("minReplicas") is None:
        spec["minReplicas"] = 1
    if not spec.get("metrics"):
        target = {"type": "Utilization", "averageUtilization": _CPU_PERCENT}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    behavior = spec.get("behavior")
    if behavior is not None:
        for side, rules in (("scaleUp", _SCALE_UP), ("scaleDown", _SCALE_DOWN)):
            behavior[side] = {**deepcopy(rules), **(behavior.get(side) or {})}
    return obj


def _prepare_create(obj: Object) -> Object:
    return {**obj, "status": zero("autoscaling/v2.HorizontalPodAutoscalerStatus")}


def _validate(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    least, most = spec.get("minReplicas"), spec.get("maxReplicas") or 0
    errors: list[FieldError] = []
    if least is not None and most < least:
        text = "must be greater than or equal to `minReplicas`"
        errors.append(invalid("spec.maxReplicas", most, text))
    errors += _target_ref(spec.get("scaleTargetRef") or {}) + _metrics(spec)
    # What the schema alone says comes last.
    if least is not None and least < 0:
        errors.append(invalid("spec.minReplicas", least, NEGATIVE))
    if most < 0:
        errors.append(invalid("spec.maxReplicas", most, "must be greater than or equal to 1"))
    return errors if most else [*errors, required("spec.maxReplicas")]


def _target_ref(target: Object) -> list[FieldError]:
    errors = validate_reference(target, "spec.scaleTargetRef")
    version, where = target.get("apiVersion") or "", "spec.scaleTargetRef.apiVersion"
    if version.count("/") > 1:
        errors.append(invalid(where, version, f"unexpected GroupVersion string: {version}"))
    elif "/" not in version and not (version == "v1" and target.get("kind") == "ReplicationController"):
        errors.append(invalid(where, version, "apiVersion must specify API group"))
    return errors


def _metrics(spec: Object) -> list[FieldError]:
    errors: list[FieldError] = []
    kinds = [metric.get("type") for metric in spec.get("metrics") or ()]
    if spec.get("minReplicas") == 0 and not {"Object", "External"} & set(kinds):
        text = "must specify at least one Object or External metric to support scaling to zero replicas"
        errors.append(forbidden("spec.metrics", text))
    for index, metric in enumerate(spec.get("metrics") or ()):
        errors += validate_metric(metric, f"spec.metrics[{index}]")
    return errors


def _targets(obj: Object) -> str:
    specs, current = dig(obj, "spec", "metrics", default=[]), dig(obj, "status", "currentMetrics", default=[])
    shown = [_target(spec, current[index] if index < len(current) else {}) for index, spec in enumerate(specs)]
    text = ", ".join(shown[:2])
    return f"{text} + {len(shown) - 2} more..." if len(shown) > 2 else text or NONE


def _target(spec: Object, status: Object) -> str:
    source = SOURCES.get(spec.get("type") or "", "")
    wanted, now = dig(spec, source, "target", default={}), dig(status, source, "current", default={})
    prefix = f"{dig(spec, source, 'name', default='')}: " if source in ("resource", "containerResource") else ""
    if wanted.get("averageValue") is not None:
        note = " (avg)" if source in ("object", "external") else ""
        return f"{prefix}{_known(now.get('averageValue'))}/{wanted['averageValue']}{note}"
    if prefix:
        used, limit = now.get("averageUtilization"), wanted.get("averageUtilization")
        return f"{prefix}{_percent(used, '<unknown>')}/{_percent(limit, '<auto>')}"
    return f"{_known(now.get('value'))}/{wanted.get('value')}"


def _known(value: Any) -> str:
    return "<unknown>" if value is None else str(value)


def _percent(value: Any, otherwise: str) -> str:
    return otherwise if value is None else f"{value}%"


def _row(obj: Object, now: float) -> list[Cell]:
    spec = obj.get("spec") or {}
    target = spec.get("scaleTargetRef") or {}
    return [
        name(obj),
        f"{target.get('kind') or ''}/{target.get('name') or ''}",
        _targets(obj),
        UNSET if spec.get("minReplicas") is None else str(spec["minReplicas"]),
        spec.get("maxReplicas") or 0,
        dig(obj, "status", "currentReplicas", default=0),
        age(obj, now),
    ]


KIND = Kind(
    HORIZONTALPODAUTOSCALER,
    default=_default,
    prepare_create=_prepare_create,
    validate=_validate,
    validate_update=lambda new, old: _validate(new),
    columns=columns("Reference", "Targets", "MinPods", "MaxPods", "Replicas", "Age"),
    row=_row,
    generation=True,
)
