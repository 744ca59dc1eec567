"""What ReplicaSet and its ancestor ReplicationController have alike: a number of copies, wanted and there."""

from eachpod.model.kind import Cell
from eachpod.model.objects import Object, dig, name
from eachpod.model.table import age, columns, containers

COLUMNS = columns("Desired:integer", "Current:integer", "Ready:integer", "Age", "*Containers", "*Images", "*Selector")


def default_replicas(obj: Object) -> Object:
    spec = obj.setdefault("spec", {})
    if spec.get("replicas") is None:
        spec["replicas"] = 1
    return obj


def created(obj: Object) -> Object:
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


def fields(obj: Object) -> dict[str, str]:
    return {"status.replicas": str(dig(obj, "status", "replicas", default=0))}
