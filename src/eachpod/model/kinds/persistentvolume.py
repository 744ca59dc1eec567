"""PersistentVolume."""

from eachpod.model.accessmodes import short
from eachpod.model.claimspec import protected
from eachpod.model.fielderrors import FieldError
from eachpod.model.kind import Cell, Kind
from eachpod.model.objects import Object, deleting, dig, meta, name
from eachpod.model.resources import PERSISTENTVOLUME
from eachpod.model.table import UNSET, age, columns
from eachpod.model.volumespec import validate_volume_changes, validate_volume_spec
from eachpod.model.wellknown import VOLUME_PROTECTION


def _default(obj: Object) -> Object:
    spec = obj.setdefault("spec", {})
    spec["persistentVolumeReclaimPolicy"] = spec.get("persistentVolumeReclaimPolicy") or "Retain"
    if spec.get("volumeMode") is None:
        spec["volumeMode"] = "Filesystem"
    host_path = spec.get("hostPath")
    if host_path is not None:
        host_path.setdefault("type", "")
    status = obj.setdefault("status", {})
    status["phase"] = status.get("phase") or "Pending"
    return obj


def _prepare_create(obj: Object) -> Object:
    status = {"phase": "Pending", "lastPhaseTransitionTime": meta(obj).get("creationTimestamp")}
    return protected({**obj, "status": status}, VOLUME_PROTECTION)


_RECYCLE = "The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning."


def _warnings(new: Object, old: Object | None) -> list[str]:
    if dig(new, "spec", "persistentVolumeReclaimPolicy") == "Recycle":
        return [f"spec.persistentVolumeReclaimPolicy: {_RECYCLE}"]
    return []


def _validate(obj: Object) -> list[FieldError]:
    return validate_volume_spec(obj.get("spec") or {})


def _row(obj: Object, now: float) -> list[Cell]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    claim = spec.get("claimRef")
    return [
        name(obj),
        str(dig(spec, "capacity", "storage", default="0")),
        short(spec.get("accessModes")),
        spec.get("persistentVolumeReclaimPolicy") or "",
        "Terminating" if deleting(obj) else status.get("phase") or "",
        f"{claim.get('namespace') or ''}/{claim.get('name') or ''}" if claim else "",
        spec.get("storageClassName") or "",
        UNSET if spec.get("volumeAttributesClassName") is None else spec["volumeAttributesClassName"],
        status.get("reason") or "",
        age(obj, now),
        spec.get("volumeMode") or UNSET,
    ]


KIND = Kind(
    PERSISTENTVOLUME,
    default=_default,
    prepare_create=_prepare_create,
    validate=_validate,
    warnings=_warnings,
    validate_update=validate_volume_changes,
    columns=columns(
        "Capacity",
        "Access Modes",
        "Reclaim Policy",
        "Status",
        "Claim",
        "StorageClass",
        "VolumeAttributesClass",
        "Reason",
        "Age",
        "*VolumeMode",
    ),
    row=_row,
)
