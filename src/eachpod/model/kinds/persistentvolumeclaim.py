"""PersistentVolumeClaim."""

from eachpod.model.accessmodes import short
from eachpod.model.claimspec import protected, validate_claim_changes, validate_claim_spec, with_data_sources
from eachpod.model.fielderrors import FieldError
from eachpod.model.kind import Cell, Kind
from eachpod.model.objects import Object, deleting, dig, name
from eachpod.model.podspec.defaults import default_claim_spec
from eachpod.model.resources import PERSISTENTVOLUMECLAIM
from eachpod.model.table import UNSET, age, columns
from eachpod.model.wellknown import CLAIM_PROTECTION


def _default(obj: Object) -> Object:
    default_claim_spec(obj.setdefault("spec", {}))
    status = obj.setdefault("status", {})
    status["phase"] = status.get("phase") or "Pending"
    return obj


def _prepare_create(obj: Object) -> Object:
    spec = with_data_sources(obj.get("spec") or {})
    return protected({**obj, "spec": spec, "status": {"phase": "Pending"}}, CLAIM_PROTECTION)


def _prepare_update(new: Object, old: Object) -> Object:
    return {**new, "spec": with_data_sources(new.get("spec") or {})}


def _validate(obj: Object) -> list[FieldError]:
    return validate_claim_spec(obj.get("spec") or {}, "spec")


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    return _validate(new) + validate_claim_changes(new, old)


def _row(obj: Object, now: float) -> list[Cell]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    bound = bool(spec.get("volumeName"))
    return [
        name(obj),
        "Terminating" if deleting(obj) else status.get("phase") or "",
        spec.get("volumeName") or "",
        str(dig(status, "capacity", "storage", default="0")) if bound else "",
        short(status.get("accessModes")) if bound else "",
        spec.get("storageClassName") or "",
        UNSET if spec.get("volumeAttributesClassName") is None else spec["volumeAttributesClassName"],
        age(obj, now),
        spec.get("volumeMode") or UNSET,
    ]


KIND = Kind(
    PERSISTENTVOLUMECLAIM,
    default=_default,
    prepare_create=_prepare_create,
    prepare_update=_prepare_update,
    validate=_validate,
    validate_update=_validate_update,
    columns=columns(
        "Status",
        "Volume",
        "Capacity",
        "Access Modes",
        "StorageClass",
        "VolumeAttributesClass",
        "Age",
        "*VolumeMode",
    ),
    row=_row,
)
