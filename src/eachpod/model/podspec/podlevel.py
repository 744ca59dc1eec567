"""Resources of a pod as a whole, beside those of its containers."""

from eachpod.model import quantity
from eachpod.model.fielderrors import FieldError, forbidden, invalid, not_supported
from eachpod.model.objects import Object, dig

from .amounts import is_huge_page, validate_amount, validate_claim
from .totals import has_pod_level, of_containers, rendered

_SUPPORTED = ("cpu", "hugepages-", "memory")


def default_pod_level(spec: Object) -> None:
    """Missing requests of the pod: what its containers ask for, else its own limits."""
    resources = spec.get("resources")
    if not resources:
        return
    limits = resources.get("limits") or {}
    if limits or resources.get("requests"):
        for name, amount in rendered(of_containers(spec, "limits")).items():
            if is_huge_page(name) and name not in (resources.get("requests") or {}) and name not in limits:
                limits = resources["limits"] = {**limits, name: amount}
    if not limits:
        return
    requests = dict(resources.get("requests") or {})
    for name, amount in rendered(of_containers(spec, "requests")).items():
        if has_pod_level(name) and not is_huge_page(name):
            requests.setdefault(name, amount)
    for name, amount in limits.items():
        if has_pod_level(name):
            requests.setdefault(name, amount)
    if requests:
        resources["requests"] = requests


def validate_pod_level(spec: Object, path: str) -> list[FieldError]:
    resources = spec.get("resources")
    if resources is None:
        return []
    if dig(spec, "os", "name") == "windows":
        return [forbidden(path, "may not be set for a windows pod")]
    errors: list[FieldError] = []
    if resources.get("claims") is not None:
        errors.append(forbidden(f"{path}.claims", "claims may not be set for Resources at pod-level"))
        known = frozenset(claim.get("name") or "" for claim in spec.get("resourceClaims") or ())
        for index, claim in enumerate(resources["claims"]):
            errors += validate_claim(claim, known, f"{path}.claims[{index}]")
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for kind, amounts in (("limits", limits), ("requests", requests)):
        for name, amount in amounts.items():
            where = f"{path}.{kind}[{name}]"
            if not has_pod_level(name):
                errors.append(not_supported(where, name, _SUPPORTED))
            errors += validate_amount(name, amount, where)
    for name, amount in requests.items():
        limit = limits.get(name)
        if limit is not None and quantity.compare(amount, limit) > 0:
            text = f"must be less than or equal to {name} limit of {limit}"
            errors.append(invalid(f"{path}.requests", amount, text))
    return errors + _consistent(spec, requests, limits, path)


def _consistent(spec: Object, requests: Object, limits: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for name, amount in rendered(of_containers(spec, "requests")).items():
        if name in requests and quantity.compare(amount, requests[name]) > 0:
            text = f"must be greater than or equal to aggregate container requests of {amount}"
            errors.append(invalid(f"{path}.requests[{name}]", requests[name], text))
    for index, container in enumerate(spec.get("containers") or ()):
        for name, amount in dig(container, "resources", "limits", default={}).items():
            if name in limits and quantity.compare(amount, limits[name]) > 0:
                text = f"must be less than or equal to pod limits of {limits[name]}"
                errors.append(invalid(f"{path}.containers[{index}][{name}].limits", amount, text))
    return errors
