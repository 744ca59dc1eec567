"""StorageClass."""

from eachpod.model.kind import Cell, Kind
from eachpod.model.objects import Object, annotations, name
from eachpod.model.resources import STORAGECLASS
from eachpod.model.table import age, columns

_DEFAULT_MARKS = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")


def is_default_class(obj: Object) -> bool:
    return any(annotations(obj).get(mark) == "true" for mark in _DEFAULT_MARKS)


def _default(obj: Object) -> Object:
    obj["reclaimPolicy"] = obj.get("reclaimPolicy") or "Delete"
    obj["volumeBindingMode"] = obj.get("volumeBindingMode") or "Immediate"
    return obj


def _row(obj: Object, now: float) -> list[Cell]:
    return [
        f"{name(obj)} (default)" if is_default_class(obj) else name(obj),
        obj.get("provisioner") or "",
        obj.get("reclaimPolicy") or "Delete",
        obj.get("volumeBindingMode") or "Immediate",
        bool(obj.get("allowVolumeExpansion")),
        age(obj, now),
    ]


KIND = Kind(
    STORAGECLASS,
    default=_default,
    columns=columns("Provisioner", "ReclaimPolicy", "VolumeBindingMode", "AllowVolumeExpansion", "Age"),
    row=_row,
)
