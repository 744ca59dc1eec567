"""StorageClass."""

from eachpod.model import names
from eachpod.model.fielderrors import FieldError, invalid, not_supported, required
from eachpod.model.kind import Cell, Kind
from eachpod.model.metadata import immutable
from eachpod.model.objects import Object, name
from eachpod.model.podspec.rules import form
from eachpod.model.resources import STORAGECLASS
from eachpod.model.table import age, columns
from eachpod.model.wellknown import BETA_DEFAULT_CLASS, DEFAULT_CLASS

_DEFAULT_MARKS = (DEFAULT_CLASS, BETA_DEFAULT_CLASS)


def _default(obj: Object) -> Object:
    for field, value in (("reclaimPolicy", "Delete"), ("volumeBindingMode", "Immediate")):
        if obj.get(field) is None:
            obj[field] = value
    return obj


def _validate(obj: Object) -> list[FieldError]:
    provisioner = obj.get("provisioner") or ""
    errors = form(names.label_key, provisioner.lower(), "provisioner") if provisioner else [required("provisioner")]
    if "" in (obj.get("parameters") or {}):
        errors.append(invalid("parameters", "", "field can not be empty."))
    for field, choices in (
        ("reclaimPolicy", ("Delete", "Retain")),
        ("volumeBindingMode", ("Immediate", "WaitForFirstConsumer")),
    ):
        if obj.get(field) not in choices and (obj.get(field) or field != "reclaimPolicy"):
            errors.append(not_supported(field, obj.get(field), choices))
    return errors


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    fields = ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode")
    changed = [field for field in fields if new.get(field) != old.get(field)]
    return _validate(new) + [error for field in changed for error in immutable(None, "", field)]


def _row(obj: Object, now: float) -> list[Cell]:
    return [
        name(obj),
        obj.get("provisioner") or "",
        obj.get("reclaimPolicy") or "Delete",
        obj.get("volumeBindingMode") or "Immediate",
        bool(obj.get("allowVolumeExpansion")),
        age(obj, now),
    ]


KIND = Kind(
    STORAGECLASS,
    default=_default,
    validate=_validate,
    validate_update=_validate_update,
    columns=columns("Provisioner", "ReclaimPolicy", "VolumeBindingMode", "AllowVolumeExpansion", "Age"),
    row=_row,
)
