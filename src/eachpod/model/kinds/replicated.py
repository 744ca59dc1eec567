"""What ReplicaSet and its ancestor ReplicationController have alike: a number of copies, wanted and there."""

from dataclasses import replace

from eachpod.model.kind import Cell, Kind
from eachpod.model.objects import Object, dig, name
from eachpod.model.podspec.warnings import template_warnings
from eachpod.model.table import age, columns, containers

_COLUMNS = columns("Desired:integer", "Current:integer", "Ready:integer", "Age", "*Containers", "*Images", "*Selector")


def default_replicas(obj: Object) -> Object:
    spec = obj.setdefault("spec", {})
    if spec.get("replicas") is None:
        spec["replicas"] = 1
    return obj


def _created(obj: Object) -> Object:
    return {**obj, "status": {"replicas": 0}}


def cells(obj: Object, now: float) -> list[Cell]:
    """All but the last one, the selector."""
    return [
        name(obj),
        dig(obj, "spec", "replicas", default=0),
        dig(obj, "status", "replicas", default=0),
        dig(obj, "status", "readyReplicas", default=0),
        age(obj, now),
        *containers(dig(obj, "spec", "template", "spec")),
    ]


def replicated(kind: Kind) -> Kind:
    """`kind` with what both of them are."""
    return replace(kind, prepare_create=_created, warnings=template_warnings, columns=_COLUMNS, generation=True)
