"""Values as the real server holds them in memory, which is how it shows some of them in messages.

There the fields have Go's names and order, metadata is part of the object, and what is absent is null or zero. Only the
structs are here that messages about immutable or misplaced fields show.
"""

from dataclasses import dataclass
from typing import Any

from .objects import Object


@dataclass(frozen=True, slots=True)
class _Field:
    """`absent` is what stands where there is nothing; `struct` is that of the value."""

    name: str
    absent: Any = None
    struct: str = ""

    @property
    def wire(self) -> str:
        return "apiGroup" if self.name == "APIGroup" else self.name[:1].lower() + self.name[1:]


_RESOURCES = (_Field("Limits"), _Field("Requests"))
_STRUCTS: dict[str, tuple[_Field, ...]] = {
    "PersistentVolumeClaim": (
        _Field("Spec", {}, "PersistentVolumeClaimSpec"),
        _Field("Status", {}, "PersistentVolumeClaimStatus"),
    ),
    "PersistentVolumeClaimSpec": (
        _Field("AccessModes"),
        _Field("Selector"),
        _Field("Resources", {}, "VolumeResourceRequirements"),
        _Field("VolumeName", ""),
        _Field("StorageClassName"),
        _Field("VolumeMode"),
        _Field("DataSource", None, "TypedLocalObjectReference"),
        _Field("DataSourceRef", None, "TypedObjectReference"),
        _Field("VolumeAttributesClassName"),
    ),
    "PersistentVolumeClaimStatus": (
        _Field("Phase", ""),
        _Field("AccessModes"),
        _Field("Capacity"),
        _Field("Conditions"),
        _Field("AllocatedResources"),
        _Field("AllocatedResourceStatuses"),
        _Field("CurrentVolumeAttributesClassName"),
        _Field("ModifyVolumeStatus"),
        _Field("HealthStatus"),
    ),
    "VolumeResourceRequirements": _RESOURCES,
    "TypedLocalObjectReference": (_Field("APIGroup"), _Field("Kind", ""), _Field("Name", "")),
    "TypedObjectReference": (_Field("APIGroup"), _Field("Kind", ""), _Field("Name", ""), _Field("Namespace")),
    "VolumeNodeAffinity": (_Field("Required", None, "NodeSelector"),),
    "NodeSelector": (_Field("NodeSelectorTerms", None, "NodeSelectorTerm"),),
    "NodeSelectorTerm": (
        _Field("MatchExpressions", None, "NodeSelectorRequirement"),
        _Field("MatchFields", None, "NodeSelectorRequirement"),
    ),
    "NodeSelectorRequirement": (_Field("Key", ""), _Field("Operator", ""), _Field("Values")),
    "RollingUpdateStatefulSetStrategy": (_Field("Partition", 0), _Field("MaxUnavailable")),
}
# Metadata has the names and the order of the wire, and leaves out what is absent.
_METADATA = (
    "name", "generateName", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp",
    "deletionTimestamp", "deletionGracePeriodSeconds", "labels", "annotations", "ownerReferences", "finalizers",
)  # fmt: skip


def in_memory(value: Any, struct: str) -> Any:
    """A value of a struct, or a list of such, in the form that it has in memory."""
    if isinstance(value, list):
        return [in_memory(item, struct) for item in value]
    if value is None or not struct:
        return value
    return {**_metadata(value), **{field.name: _member(value, field) for field in _STRUCTS[struct]}}


def _metadata(obj: Object) -> Object:
    held = obj.get("metadata") or {}
    return {key: held[key] for key in _METADATA if held.get(key)}


def _member(obj: Object, field: _Field) -> Any:
    value = obj.get(field.wire)
    return in_memory(field.absent if value in (None, []) else value, field.struct)
