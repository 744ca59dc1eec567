"""StorageClass."""

from eachpod.model import names
from eachpod.model.fielderrors import FieldError, duplicate, invalid, not_supported, required
from eachpod.model.fieldrules import form
from eachpod.model.kind import Cell, Kind
from eachpod.model.metadata import immutable
from eachpod.model.objects import Object, name
from eachpod.model.resources import STORAGECLASS
from eachpod.model.table import age, columns


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
    return errors + _topologies(obj.get("allowedTopologies") or [])


def _topologies(terms: list[Object]) -> list[FieldError]:
    """Where volumes may be made: alternatives that differ, of labels with values that differ."""
    errors: list[FieldError] = []
    seen: list[dict[str, set[str]]] = []
    for index, term in enumerate(terms):
        path = f"allowedTopologies[{index}].matchLabelExpressions"
        wanted: dict[str, set[str]] = {}
        for at, label in enumerate(term.get("matchLabelExpressions") or ()):
            errors += _topology(label, f"{path}[{at}]", wanted)
        if wanted in seen or not wanted:
            errors.append(duplicate(path, ""))
        seen.append(wanted)
    return errors


def _topology(label: Object, path: str, wanted: dict[str, set[str]]) -> list[FieldError]:
    key, values = label.get("key") or "", label.get("values") or []
    errors = [] if values else [required(f"{path}.values")]
    errors += [duplicate(f"{path}.values[{at}]", each) for at, each in enumerate(values) if each in values[:at]]
    if key in wanted:
        errors.append(duplicate(f"{path}.key", key))
    wanted.setdefault(key, set(values))
    return errors + form(names.label_key, key, f"{path}.key")


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
