"""Resource requests and limits."""

from eachpod.model import names, quantity
from eachpod.model.fielderrors import FieldError, forbidden, invalid, required
from eachpod.model.fieldrules import NEGATIVE, form
from eachpod.model.objects import Object

_STANDARD_CONTAINER = ("cpu", "memory", "ephemeral-storage")
STANDARD = frozenset((
    *_STANDARD_CONTAINER,
    "storage", "requests.cpu", "requests.memory", "requests.ephemeral-storage", "requests.storage", "limits.cpu",
    "limits.memory", "limits.ephemeral-storage", "pods", "resourcequotas", "services", "replicationcontrollers",
    "secrets", "configmaps", "persistentvolumeclaims", "services.nodeports", "services.loadbalancers",
))  # fmt: skip
_HUGE = "hugepages-"
_NATIVE_DOMAIN = "kubernetes.io/"
_QUALIFIED_LENGTH = 63


def is_huge_page(name: str) -> bool:
    return name.startswith(_HUGE)


def is_native(name: str) -> bool:
    return "/" not in name or _NATIVE_DOMAIN in name


def is_extended(name: str) -> bool:
    """A countable resource that a device plugin or an administrator made up."""
    if is_native(name) or name.startswith("requests."):
        return False
    return not names.label_key(f"requests.{name}")


def may_overcommit(name: str) -> bool:
    return is_native(name) and not is_huge_page(name)


def _name(name: str, path: str) -> list[FieldError]:
    errors = form(names.label_key, name, path)
    if not errors and "/" not in name and name not in STANDARD and not is_huge_page(name):
        errors.append(invalid(path, name, "must be a standard resource type or fully qualified"))
    if "/" not in name:
        if name not in _STANDARD_CONTAINER and not is_huge_page(name):
            errors.append(invalid(path, name, "must be a standard resource for containers"))
    elif not is_native(name) and not is_extended(name):
        errors.append(invalid(path, name, "doesn't follow extended resource name standard"))
    return errors


def validate_amount(name: str, amount: str, path: str) -> list[FieldError]:
    """The quantity of one named resource."""
    value = quantity.parse(amount)
    errors: list[FieldError] = []
    if value < 0:
        errors.append(invalid(path, amount, NEGATIVE))
    if (is_extended(name) or is_huge_page(name)) and value.denominator != 1:
        errors.append(invalid(path, amount, "must be an integer"))
    return errors


def validate_resources(resources: Object, claims: frozenset[str], path: str) -> list[FieldError]:
    """The `resources` of a container."""
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    errors: list[FieldError] = []
    for name, amount in limits.items():
        errors += _listed(name, amount, f"{path}.limits[{name}]")
    for name, amount in requests.items():
        errors += _listed(name, amount, f"{path}.requests[{name}]")
        errors += _against_limit(name, amount, limits.get(name), path)
    asked = {*limits, *requests}
    if any(map(is_huge_page, asked)) and not asked & {"cpu", "memory"}:
        errors.append(forbidden(path, "HugePages require cpu or memory"))
    for index, claim in enumerate(resources.get("claims") or ()):
        errors += validate_claim(claim, claims, f"{path}.claims[{index}]")
    return errors


def validate_overhead(overhead: Object, path: str) -> list[FieldError]:
    """What pods of a runtime class cost beside their containers; it counts as limits, by name as well."""
    return [fault for name in sorted(overhead) for fault in _listed(name, overhead[name], f"{path}.limits[{name}]")]


def _listed(name: str, amount: str, path: str) -> list[FieldError]:
    errors = _name(name, path) + validate_amount(name, amount, path)
    if is_huge_page(name):
        size = name[len(_HUGE) :]
        if not quantity.valid(size) or quantity.parse(amount) % (quantity.parse(size) or 1):
            errors.append(invalid(path, amount, f"{amount} is not positive integer multiple of {name}"))
    return errors


def _against_limit(name: str, amount: str, limit: str | None, path: str) -> list[FieldError]:
    if limit is None:
        if may_overcommit(name):
            return []
        return [required(f"{path}.limits", "Limit must be set for non overcommitable resources")]
    order = quantity.compare(amount, limit)
    if order and not may_overcommit(name):
        return [invalid(f"{path}.requests", amount, f"must be equal to {name} limit of {limit}")]
    if order > 0:
        return [invalid(f"{path}.requests", amount, f"must be less than or equal to {name} limit of {limit}")]
    return []


def validate_claim(claim: Object, known: frozenset[str], path: str) -> list[FieldError]:
    name = claim.get("name")
    if not name:
        return [required(path)]
    if name in known:
        return []
    shown = f": {', '.join(sorted(known))}" if known else " which is empty"
    text = f'Not found: "{name}": must be one of the names in pod.spec.resourceClaims{shown}'
    return [FieldError(path, "FieldValueNotFound", text)]
