"""ServiceCIDR and IPAddress: the ranges of Service addresses and who has which."""

from eachpod.model import names
from eachpod.model.fielderrors import FieldError, invalid, required
from eachpod.model.fieldrules import form
from eachpod.model.kind import Cell, Kind
from eachpod.model.metadata import immutable
from eachpod.model.objects import Object, dig, name
from eachpod.model.resources import IPADDRESS, SERVICECIDR
from eachpod.model.table import NONE, age, columns


def _prepare_create(obj: Object) -> Object:
    return {**obj, "status": {}}


def _validate(obj: Object) -> list[FieldError]:
    ranges = dig(obj, "spec", "cidrs", default=[])
    if not ranges:
        return [required("spec.cidrs", "at least one CIDR required")]
    if len(ranges) > 2:
        return [invalid("spec.cidrs", {"CIDRs": ranges}, "may only hold up to 2 values")]
    errors: list[FieldError] = []
    for index, each in enumerate(ranges):
        errors += form(names.cidr, each, f"spec.cidrs[{index}]")
    families = [":" in each for each in ranges if "/" in each]
    if len(families) > len(set(families)):
        text = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"
        errors.append(invalid("spec.cidrs", ranges, text))
    return errors


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    return immutable(dig(new, "spec", "cidrs"), dig(old, "spec", "cidrs"), "spec.cidrs")


def _row(obj: Object, now: float) -> list[Cell]:
    return [name(obj), ",".join(dig(obj, "spec", "cidrs", default=())), age(obj, now)]


def _validate_address(obj: Object) -> list[FieldError]:
    parent = dig(obj, "spec", "parentRef")
    if parent is None:
        return [required("spec.parentRef")]
    path = "spec.parentRef"
    errors = form(names.subdomain, parent["group"], f"{path}.group") if parent.get("group") else []
    for field in ("resource", "name"):
        value = parent.get(field)
        errors += form(names.path_segment, value, f"{path}.{field}") if value else [required(f"{path}.{field}")]
    return errors


def _validate_address_update(new: Object, old: Object) -> list[FieldError]:
    return immutable(dig(new, "spec", "parentRef"), dig(old, "spec", "parentRef"), "spec.parentRef")


def _address_row(obj: Object, now: float) -> list[Cell]:
    parent = dig(obj, "spec", "parentRef")
    shown = NONE
    if parent is not None:
        kind = ".".join(part for part in (parent.get("resource"), parent.get("group")) if part)
        shown = "/".join(part for part in (kind, parent.get("namespace"), parent.get("name") or "") if part)
    return [name(obj), shown]


KINDS = (
    Kind(
        SERVICECIDR,
        prepare_create=_prepare_create,
        validate=_validate,
        validate_update=_validate_update,
        columns=columns("CIDRs", "Age"),
        row=_row,
        generation=True,
    ),
    Kind(
        IPADDRESS,
        validate=_validate_address,
        validate_update=_validate_address_update,
        columns=columns("ParentRef"),
        row=_address_row,
        generation=True,
        name_rule="ip",
    ),
)
