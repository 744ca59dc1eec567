"""Validation of clusterIP, clusterIPs, ipFamilies and ipFamilyPolicy, and of their changes."""

from typing import Any

from eachpod.model import names
from eachpod.model.fielderrors import FieldError, duplicate, invalid, not_supported, required
from eachpod.model.objects import Object

from .traits import EXTERNAL_NAME, NONE, family_of, is_headless, kind_of

FAMILIES = ("IPv4", "IPv6")
POLICIES = ("PreferDualStack", "RequireDualStack", "SingleStack")
_IPS = "spec.clusterIPs"
_FIXED = "may not change once set"


def validate_addresses(spec: Object, before: Object | None) -> list[FieldError]:
    if kind_of(spec) == EXTERNAL_NAME:
        return []
    ip, ips = spec.get("clusterIP") or "", spec.get("clusterIPs") or []
    families = spec.get("ipFamilies") or []
    errors = _in_step(ip, ips) + _families(families)
    policy = spec.get("ipFamilyPolicy")
    if policy is not None and policy not in POLICIES:
        errors.append(not_supported("spec.ipFamilyPolicy", policy, POLICIES))
    found = _texts(ips, (before or {}).get("clusterIPs") or [])
    errors += found
    if len(ips) > 2:
        errors.append(invalid(_IPS, ips, "may only hold up to 2 values"))
    if found:
        return errors
    if len(ips) > 1 and len({family_of(each) for each in ips}) < 2:
        errors.append(invalid(_IPS, ips, "may specify no more than one IP for each IP family"))
    if not is_headless(spec):
        errors += _against_families(ips, families)
    return errors


def _in_step(ip: str, ips: list[str]) -> list[FieldError]:
    if not ip:
        return [invalid(_IPS, ips, "must be empty when `clusterIP` is not specified")] if ips else []
    if not ips:
        return [required(_IPS)]
    return [] if ips[0] == ip else [invalid(_IPS, ips, "first value must match `clusterIP`")]


def _families(families: list[str]) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[str] = set()
    for index, family in enumerate(families):
        if family not in FAMILIES:
            errors.append(not_supported(f"spec.ipFamilies[{index}]", family, FAMILIES))
        if family in seen:
            errors.append(duplicate(f"spec.ipFamilies[{index}]", family))
        seen.add(family)
    return errors


def _texts(ips: list[str], known: list[str]) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, ip in enumerate(ips):
        if index == 0 and ip == NONE:
            if len(ips) > 1:
                errors.append(invalid(_IPS, ips, "'None' must be the first and only value"))
        elif ip not in known:
            errors += [invalid(f"{_IPS}[{index}]", ip, fault) for fault in names.ip(ip)]
    return errors


def _against_families(ips: list[str], families: list[str]) -> list[FieldError]:
    return [
        invalid(f"{_IPS}[{index}]", ip, f"expected an {family} value as indicated by `ipFamilies[{index}]`")
        for index, (ip, family) in enumerate(zip(ips, families, strict=False))
        if family in FAMILIES and family_of(ip) != family
    ]


def validate_address_changes(spec: Object, before: Object) -> list[FieldError]:
    """Addresses and families, once given, stay; only the second of two may come and go."""
    if EXTERNAL_NAME in (kind_of(spec), kind_of(before)):
        return []
    return _ip_changes(spec, before) + _family_changes(spec, before)


def _ip_changes(spec: Object, before: Object) -> list[FieldError]:
    if is_headless(spec) and is_headless(before):
        return []
    new, old = spec.get("clusterIPs") or [], before.get("clusterIPs") or []
    first = f"{_IPS}[0]"
    errors: list[FieldError] = []
    if len(new) == len(old):
        pairs = enumerate(zip(old, new, strict=True))
        return [invalid(f"{_IPS}[{at}]", new, _FIXED) for at, (was, now) in pairs if was != now]
    if not new:
        errors.append(invalid(first, _null_if_empty(new), "primary clusterIP can not be unset"))
    elif old and new[0] != old[0]:
        errors.append(invalid(first, new, _FIXED))
    if len(old) > len(new) == 1 and spec.get("ipFamilyPolicy") != "SingleStack":
        text = "must be set to 'SingleStack' when releasing the secondary clusterIP"
        errors.append(invalid("spec.ipFamilyPolicy", spec.get("ipFamilyPolicy"), text))
    return errors


def _family_changes(spec: Object, before: Object) -> list[FieldError]:
    if is_headless(spec) or is_headless(before):
        return []
    new, old = spec.get("ipFamilies") or [], before.get("ipFamilies") or []
    first = "spec.ipFamilies[0]"
    errors: list[FieldError] = []
    if len(new) == len(old):
        return [invalid(first, new, _FIXED) for was, now in zip(old, new, strict=True) if was != now]
    if not new and not spec.get("clusterIPs"):
        errors.append(invalid(first, _null_if_empty(new), "primary ipFamily can not be unset"))
    elif new and old and new[0] != old[0]:
        errors.append(invalid(first, spec.get("clusterIPs"), _FIXED))
    if len(old) > len(new) == 1 and spec.get("ipFamilyPolicy") != "SingleStack":
        text = "must be set to 'SingleStack' when releasing the secondary ipFamily"
        errors.append(invalid("spec.ipFamilyPolicy", spec.get("ipFamilyPolicy"), text))
    return errors


def _null_if_empty(values: list[str]) -> Any:
    return values or None
