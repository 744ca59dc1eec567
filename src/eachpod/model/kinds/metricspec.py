"""What an autoscaler may go by: a metric of one of five sources, and the target for it."""

from eachpod.model import names, quantity
from eachpod.model.fielderrors import FieldError, forbidden, invalid, not_supported, required
from eachpod.model.fieldrules import form
from eachpod.model.objects import Object

# By the type that names them.
SOURCES = {
    "ContainerResource": "containerResource",
    "External": "external",
    "Object": "object",
    "Pods": "pods",
    "Resource": "resource",
}
_TARGETS = ("Utilization", "Value", "AverageValue")


def validate_metric(metric: Object, path: str) -> list[FieldError]:
    kind = metric.get("type") or ""
    source = SOURCES.get(kind)
    errors = [] if kind else [required(f"{path}.type", "must specify a metric source type")]
    if source is None:
        return [*errors, not_supported(f"{path}.type", kind, tuple(SOURCES))]
    if metric.get(source) is None:
        errors.append(required(f"{path}.{source}", "must populate information for the given metric source"))
    else:
        errors += _source(source, metric[source], f"{path}.{source}")
    others = (each for each in SOURCES.values() if each != source and metric.get(each) is not None)
    return errors + [forbidden(f"{path}.{each}", "must populate the given metric source only") for each in others]


def validate_reference(target: Object, path: str) -> list[FieldError]:
    """The object that is scaled, or that a metric is about."""
    errors: list[FieldError] = []
    for field in ("kind", "name"):
        value, where = target.get(field), f"{path}.{field}"
        errors += form(names.path_segment, value, where) if value else [required(where)]
    return errors


def _source(source: str, spec: Object, path: str) -> list[FieldError]:
    target, where = spec.get("target") or {}, f"{path}.target"
    errors: list[FieldError] = []
    if source in ("resource", "containerResource"):
        if not spec.get("name"):
            errors.append(required(f"{path}.name", "must specify a resource name"))
        if source == "containerResource" and not spec.get("container"):
            errors.append(required(f"{path}.container", "must specify a container"))
        return errors + _target(target, where) + _share(target, where)
    if source == "object":
        errors += validate_reference(spec.get("describedObject") or {}, f"{path}.describedObject")
    name = (spec.get("metric") or {}).get("name") or ""
    here = f"{path}.metric.name"
    errors += form(names.path_segment, name, here) if name else [required(here, "must specify a metric name")]
    return errors + _target(target, where) + _value(source, target, where)


def _target(target: Object, path: str) -> list[FieldError]:
    kind, share = target.get("type") or "", target.get("averageUtilization")
    errors = [] if kind else [required(f"{path}.type", "must specify a metric target type")]
    if kind not in _TARGETS:
        errors.append(invalid(f"{path}.type", kind, "must be either Utilization, Value, or AverageValue"))
    for field in ("value", "averageValue"):
        amount = target.get(field)
        if amount is not None and quantity.parse(amount) <= 0:
            errors.append(invalid(f"{path}.{field}", amount, "must be positive"))
    if share is not None and share < 1:
        errors.append(invalid(f"{path}.averageUtilization", share, "must be greater than 0"))
    return errors


def _share(target: Object, path: str) -> list[FieldError]:
    share, amount = target.get("averageUtilization"), target.get("averageValue")
    if share is None and amount is None:
        text = "must set either a target raw value or a target utilization"
        return [required(f"{path}.averageUtilization", text)]
    if share is not None and amount is not None:
        return [forbidden(f"{path}.averageValue", "may not set both a target raw value and a target utilization")]
    return []


def _value(source: str, target: Object, path: str) -> list[FieldError]:
    whole, each = target.get("value"), target.get("averageValue")
    if source == "pods":
        text = "must specify a positive target averageValue"
        return [] if each is not None else [required(f"{path}.averageValue", text)]
    words = {"object": "a target value or averageValue", "external": "a target value for metric or a per-pod target"}
    if whole is None and each is None:
        return [required(f"{path}.averageValue", f"must set either {words[source]}")]
    if source == "external" and whole is not None and each is not None:
        return [forbidden(f"{path}.value", "may not set both a target value for metric and a per-pod target")]
    return []
