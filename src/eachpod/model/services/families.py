"""Which address families a Service gets on this cluster, and the policy that says so.

The server calls `settle` before it allocates: `families` are those of its Service ranges, the first one being the
default. The rules for headless Services without selector stand apart: they may name families that the cluster lacks,
because whoever fills in their endpoints may have them.
"""

from eachpod.model.fielderrors import FieldError, invalid
from eachpod.model.objects import Object

from .addresses import validate_addresses
from .traits import EXTERNAL_NAME, NONE, family_of, kind_of, spec_of

_POLICY = "spec.ipFamilyPolicy"
_OTHER = {"IPv4": "IPv6", "IPv6": "IPv4"}


def settle(new: Object, old: Object | None, families: tuple[str, ...]) -> tuple[Object, list[FieldError]]:
    """`new` with ipFamilyPolicy and ipFamilies filled in; on faults, which end the request, `new` as it was."""
    spec = spec_of(new)
    before = spec_of(old) if old is not None else None
    if kind_of(spec) == EXTERNAL_NAME or (before is not None and _same_prefer_dual(spec, before)):
        return new, []
    spec = _with_policy(dict(spec), before)
    errors = validate_addresses(spec, before)
    if not errors:
        spec, errors = _against_before(spec, before)
        spec, more = _families_of_addresses(spec, families)
        errors += more
    if not errors:
        spec, errors = _on_cluster(spec, families)
    return (new, errors) if errors else ({**new, "spec": spec}, [])


def _same_prefer_dual(spec: Object, before: Object) -> bool:
    """A Service that prefers two families and did not change stays as it is, also when the cluster has changed."""
    fields = ("type", "clusterIPs", "ipFamilies")
    return (
        spec.get("ipFamilyPolicy") == "PreferDualStack"
        and before.get("ipFamilyPolicy") in (None, "PreferDualStack")
        and all(spec.get(field) == before.get(field) for field in fields)
    )


def _free_headless(spec: Object) -> bool:
    return spec.get("clusterIP") == NONE and not spec.get("selector")


def _with_policy(spec: Object, before: Object | None) -> Object:
    if spec.get("ipFamilyPolicy") is None:
        known = (before or {}).get("ipFamilyPolicy")
        spec["ipFamilyPolicy"] = known or ("RequireDualStack" if _free_headless(spec) else "SingleStack")
    return spec


def _against_before(spec: Object, before: Object | None) -> tuple[Object, list[FieldError]]:
    """The spec without what a single stack drops, and what an update may not ask for."""
    errors: list[FieldError] = []
    policy, single = spec["ipFamilyPolicy"], spec["ipFamilyPolicy"] == "SingleStack"
    for field, one, many in (
        ("clusterIPs", "cluster IP", "cluster IPs"),
        ("ipFamilies", "IP family", "IP families"),
    ):
        now, was = spec.get(field) or [], (before or {}).get(field) or []
        if before is not None and single and now == was and len(now) > 1:
            spec[field] = now = now[:1]
        if before is not None and not single and now and len(now) < len(was):
            errors.append(invalid(_POLICY, policy, f"must be 'SingleStack' to release the secondary {one}"))
        if single and len(now) == 2:
            text = f"must be 'RequireDualStack' or 'PreferDualStack' when multiple {many} are specified"
            errors.append(invalid(_POLICY, policy, text))
    return spec, errors


def _families_of_addresses(spec: Object, families: tuple[str, ...]) -> tuple[Object, list[FieldError]]:
    """The spec with the families that its addresses have, and a fault for each address of a family not had here."""
    errors: list[FieldError] = []
    found = list(spec.get("ipFamilies") or [])
    ips = spec.get("clusterIPs") or []
    for index, ip in enumerate(ips):
        if ip == NONE:
            break
        family = family_of(ip)
        if index < len(found):
            continue
        if family in families:
            found.append(family)
        else:
            errors.append(invalid(f"spec.clusterIPs[{index}]", ips, f"{family} is not configured on this cluster"))
    return ({**spec, "ipFamilies": found} if found else spec), errors


def _on_cluster(spec: Object, families: tuple[str, ...]) -> tuple[Object, list[FieldError]]:
    """The spec with the families that it gets here, and what this cluster cannot give."""
    wanted = list(spec.get("ipFamilies") or [])
    single = spec["ipFamilyPolicy"] == "SingleStack"
    if _free_headless(spec):
        wanted = wanted or [families[0]]
        if len(wanted) < 2 and not single:
            wanted.append(_OTHER[wanted[0]])
        return {**spec, "ipFamilies": wanted}, []
    errors: list[FieldError] = []
    if spec["ipFamilyPolicy"] == "RequireDualStack" and len(families) < 2:
        text = "this cluster is not configured for dual-stack services"
        errors.append(invalid(_POLICY, spec["ipFamilyPolicy"], text))
    errors += [
        invalid(f"spec.ipFamilies[{index}]", family, "not configured on this cluster")
        for index, family in enumerate(wanted)
        if family not in families
    ]
    if errors:
        return spec, errors
    wanted = wanted or [families[0]]
    if not single and len(wanted) == 1 and len(families) == 2:
        wanted.append(_OTHER[wanted[0]])
    return {**spec, "ipFamilies": wanted}, []
