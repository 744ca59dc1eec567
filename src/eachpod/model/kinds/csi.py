"""Kinds that storage drivers use: CSIDriver, CSINode, CSIStorageCapacity, VolumeAttachment."""

from eachpod.model.kind import Cell, Column, Kind
from eachpod.model.objects import Object, dig, name
from eachpod.model.resources import CSIDRIVER, CSINODE, CSISTORAGECAPACITY, VOLUMEATTACHMENT, VOLUMEATTRIBUTESCLASS
from eachpod.model.table import NAME, NONE, UNSET, age, columns

_DRIVER_DEFAULTS = {
    "attachRequired": True,
    "podInfoOnMount": False,
    "storageCapacity": False,
    "fsGroupPolicy": "ReadWriteOnceWithFSType",
    "requiresRepublish": False,
    "seLinuxMount": False,
    "preventPodSchedulingIfMissing": False,
}


def _default_driver(obj: Object) -> Object:
    spec = obj.setdefault("spec", {})
    for field, value in _DRIVER_DEFAULTS.items():
        if spec.get(field) is None:
            spec[field] = value
    spec["volumeLifecycleModes"] = spec.get("volumeLifecycleModes") or ["Persistent"]
    return obj


def _driver_row(obj: Object, now: float) -> list[Cell]:
    spec = obj.get("spec") or {}
    requests = spec.get("tokenRequests")
    return [
        name(obj),
        spec.get("attachRequired") is not False,
        bool(spec.get("podInfoOnMount")),
        bool(spec.get("storageCapacity")),
        UNSET if requests is None else ",".join(each.get("audience") or "" for each in requests),
        bool(spec.get("requiresRepublish")),
        ",".join(spec.get("volumeLifecycleModes") or ()) or NONE,
        age(obj, now),
    ]


def _node_row(obj: Object, now: float) -> list[Cell]:
    return [name(obj), len(dig(obj, "spec", "drivers", default=())), age(obj, now)]


def _capacity_row(obj: Object, now: float) -> list[Cell]:
    capacity = obj.get("capacity")
    return [name(obj), obj.get("storageClassName") or "", UNSET if capacity is None else str(capacity)]


def _attachment_create(obj: Object) -> Object:
    return {**obj, "status": {"attached": False}}


def _attachment_row(obj: Object, now: float) -> list[Cell]:
    spec = obj.get("spec") or {}
    return [
        name(obj),
        spec.get("attacher") or "",
        dig(spec, "source", "persistentVolumeName", default=""),
        spec.get("nodeName") or "",
        bool(dig(obj, "status", "attached")),
        age(obj, now),
    ]


def _attributes_row(obj: Object, now: float) -> list[Cell]:
    return [name(obj), obj.get("driverName") or "", age(obj, now)]


_ATTACHMENT_COLUMNS = (
    NAME,
    Column("Attacher", format="name"),
    *columns("PV", "Node", "Attached:boolean", "Age")[1:],
)


def _without_health(node: Object) -> Object:
    """What drivers report of their backends is not kept: in the real server that is switched off."""
    return {**node, "status": {}}


KINDS = (
    Kind(
        CSIDRIVER,
        default=_default_driver,
        columns=columns(
            "AttachRequired:boolean",
            "PodInfoOnMount:boolean",
            "StorageCapacity:boolean",
            "TokenRequests",
            "RequiresRepublish:boolean",
            "Modes",
            "Age",
        ),
        row=_driver_row,
        unconditional_update=False,
    ),
    Kind(
        CSINODE,
        prepare_create=_without_health,
        prepare_status=lambda new, old: _without_health(new),
        columns=columns("Drivers:integer", "Age"),
        row=_node_row,
        unconditional_update=False,
    ),
    Kind(
        CSISTORAGECAPACITY,
        columns=columns("StorageClassName", "Capacity"),
        row=_capacity_row,
        unconditional_update=False,
    ),
    Kind(
        VOLUMEATTACHMENT,
        prepare_create=_attachment_create,
        columns=_ATTACHMENT_COLUMNS,
        row=_attachment_row,
        unconditional_update=False,
    ),
    Kind(VOLUMEATTRIBUTESCLASS, columns=columns("DriverName", "Age"), row=_attributes_row),
)
