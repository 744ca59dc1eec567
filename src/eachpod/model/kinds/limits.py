"""LimitRange and ResourceQuota."""

from eachpod.model import names, quantity
from eachpod.model.fielderrors import FieldError, duplicate, forbidden, invalid, required
from eachpod.model.fieldrules import form
from eachpod.model.kind import Cell, Kind
from eachpod.model.objects import Object, dig, name
from eachpod.model.podspec.amounts import STANDARD, is_huge_page, validate_amount
from eachpod.model.resources import LIMITRANGE, RESOURCEQUOTA
from eachpod.model.table import age, columns

_LIMIT_TYPES = ("Pod", "Container", "PersistentVolumeClaim")


def _default(obj: Object) -> Object:
    """Of a container's limits, the greatest is also the default, and that also the default request."""
    for item in dig(obj, "spec", "limits", default=()):
        if item.get("type") != "Container":
            continue
        default = {**(item.get("max") or {}), **(item.get("default") or {})}
        request = {**(item.get("min") or {}), **default, **(item.get("defaultRequest") or {})}
        if default:
            item["default"] = default
        if request:
            item["defaultRequest"] = request
    return obj


def _validate(obj: Object) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[str] = set()
    for index, item in enumerate(dig(obj, "spec", "limits", default=())):
        path, kind = f"spec.limits[{index}]", item.get("type") or ""
        found = form(names.label_key, kind, f"{path}.type")
        if not found and "/" not in kind and kind not in _LIMIT_TYPES:
            found = [invalid(f"{path}.type", kind, "must be a standard limit type or fully qualified")]
        errors += found
        if kind in seen:
            errors.append(duplicate(f"{path}.type", kind))
        seen.add(kind)
        errors += _item(item, kind, path)
    return errors


def _item(item: Object, kind: str, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    if kind == "Pod":
        text = "may not be specified when `type` is 'Pod'"
        errors += [forbidden(f"{path}.{field}", text) for field in ("default", "defaultRequest") if item.get(field)]
    bounds = [item.get(field) or {} for field in ("min", "max")]
    if kind == "PersistentVolumeClaim" and not any("storage" in bound for bound in bounds):
        text = "either minimum or maximum storage value is required, but neither was provided"
        errors.append(required(f"{path}.limits", text))
    amounts = ("min", "max", "default", "defaultRequest", "maxLimitRequestRatio")
    for resource in sorted({key for field in amounts for key in item.get(field) or ()}):
        errors += _ordered({field: (item.get(field) or {}).get(resource) for field in amounts}, resource, path)
    return errors


def _above(left: str | None, right: str | None) -> bool:
    return left is not None and right is not None and quantity.compare(left, right) > 0


def _ordered(of: dict[str, str | None], resource: str, path: str) -> list[FieldError]:
    """min <= defaultRequest <= default <= max."""
    low, high, default, request = of["min"], of["max"], of["default"], of["defaultRequest"]
    errors: list[FieldError] = []
    for wrong, field, shown, text in (
        (_above(low, high), "min", low, f"min value {low} is greater than max value {high}"),
        (
            _above(low, request),
            "defaultRequest",
            request,
            f"min value {low} is greater than default request value {request}",
        ),
        (
            _above(request, high),
            "defaultRequest",
            request,
            f"default request value {request} is greater than max value {high}",
        ),
        (
            _above(request, default),
            "defaultRequest",
            request,
            f"default request value {request} is greater than default limit value {default}",
        ),
        (_above(low, default), "default", low, f"min value {low} is greater than default value {default}"),
        (_above(default, high), "default", high, f"default value {default} is greater than max value {high}"),
    ):
        if wrong:
            errors.append(invalid(f"{path}.{field}[{resource}]", shown, text))
    ratio = of["maxLimitRequestRatio"]
    if ratio is not None and quantity.compare(ratio, "1") < 0:
        text = f"ratio {ratio} is less than 1"
        errors.append(invalid(f"{path}.maxLimitRequestRatio[{resource}]", ratio, text))
    return errors


_SCOPES = (
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
)
_ONLY_EXIST = (*_SCOPES[:4], "CrossNamespacePodAffinity")
_ONLY_EXIST_TEXT = (
    "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, "
    "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"
)
_COMPUTE = frozenset(
    f"{kind}{resource}" for kind in ("", "requests.", "limits.") for resource in ("cpu", "memory", "ephemeral-storage")
)
_AMOUNTS = _COMPUTE | {"requests.storage"}
# What a quota counts by these names; others are of a group, or count/ a kind.
_QUOTA_NAMES = _AMOUNTS | {
    "pods", "services", "replicationcontrollers", "resourcequotas", "secrets", "configmaps", "persistentvolumeclaims",
    "services.nodeports", "services.loadbalancers",
}  # fmt: skip
_OPPOSITES = ({"BestEffort", "NotBestEffort"}, {"Terminating", "NotTerminating"})


def _prepare_quota(obj: Object) -> Object:
    return {**obj, "status": {}}


def _validate_quota(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    errors: list[FieldError] = []
    for resource, amount in (spec.get("hard") or {}).items():
        path = f"spec.hard[{resource}]"
        errors += _quota_name(resource, path) + validate_amount(resource, amount, path)
        if resource in _QUOTA_NAMES - _AMOUNTS and quantity.parse(amount).denominator != 1:
            errors.append(invalid(path, amount, "must be an integer"))
    return errors + _scopes(spec) + _scope_selector(dig(spec, "scopeSelector", "matchExpressions", default=[]))


def _quota_name(resource: str, path: str) -> list[FieldError]:
    errors = form(names.label_key, resource, path)
    if "/" in resource or resource in _QUOTA_NAMES or is_huge_page(resource.removeprefix("requests.")):
        return errors
    if not errors and resource not in STANDARD:
        errors.append(invalid(path, resource, "must be a standard resource type or fully qualified"))
    return [*errors, invalid(path, resource, "must be a standard resource for quota")]


def _scopes(spec: Object) -> list[FieldError]:
    scopes, errors = spec.get("scopes") or [], []
    if any(scope not in _SCOPES for scope in scopes):
        errors.append(invalid("spec.scopes", scopes, "unsupported scope"))
    elif any(not _may_scope(scope, resource) for scope in scopes for resource in spec.get("hard") or {}):
        errors.append(invalid("spec.scopes", scopes, "unsupported scope applied to resource"))
    if any(pair <= set(scopes) for pair in _OPPOSITES):
        errors.append(invalid("spec.scopes", scopes, "conflicting scopes"))
    return errors


def _may_scope(scope: str, resource: str) -> bool:
    """BestEffort pods ask for nothing that could be counted, and scopes of pods say nothing about other objects."""
    if resource not in _QUOTA_NAMES:
        return True
    if scope == "VolumeAttributesClass":
        return resource in ("persistentvolumeclaims", "requests.storage")
    return resource == "pods" or (scope != "BestEffort" and resource in _COMPUTE)


def _scope_selector(expressions: list[Object]) -> list[FieldError]:
    path, errors = "spec.scopeSelector.matchExpressions", []
    for each in expressions:
        scope, operator, values = each.get("scopeName"), each.get("operator"), each.get("values") or []
        if scope not in _SCOPES:
            errors.append(invalid(f"{path}.scopeName", scope, "unsupported scope"))
        if operator in ("In", "NotIn") and not values:
            text = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
            errors.append(required(f"{path}.values", text))
        elif operator in ("Exists", "DoesNotExist") and values:
            text = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
            errors.append(invalid(f"{path}.values", values, text))
        elif operator not in ("In", "NotIn", "Exists", "DoesNotExist"):
            errors.append(invalid(f"{path}.operator", operator, "not a valid selector operator"))
        if scope in _ONLY_EXIST and operator != "Exists":
            errors.append(invalid(f"{path}.operator", operator, _ONLY_EXIST_TEXT))
    return errors


def _validate_quota_update(new: Object, old: Object) -> list[FieldError]:
    errors = _validate_quota(new)
    scopes, before = dig(new, "spec", "scopes", default=[]), dig(old, "spec", "scopes", default=[])
    if sorted(scopes) != sorted(before):
        errors.append(invalid("spec.scopes", scopes or None, "field is immutable"))
    return errors


def _quota_row(obj: Object, now: float) -> list[Cell]:
    hard, used = dig(obj, "status", "hard", default={}), dig(obj, "status", "used", default={})
    shown = {key: f"{key}: {used.get(key, '0')}/{hard[key]}" for key in sorted(hard)}
    limits = [text for key, text in shown.items() if key.startswith("limits.")]
    requests = [text for key, text in shown.items() if not key.startswith("limits.")]
    return [name(obj), ", ".join(requests), ", ".join(limits), age(obj, now)]


KINDS = (
    Kind(LIMITRANGE, default=_default, validate=_validate, validate_update=lambda new, old: _validate(new)),
    Kind(
        RESOURCEQUOTA,
        prepare_create=_prepare_quota,
        validate=_validate_quota,
        validate_update=_validate_quota_update,
        columns=columns("Request", "Limit", "Age"),
        row=_quota_row,
    ),
)
