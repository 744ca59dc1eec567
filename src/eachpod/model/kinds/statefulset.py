"""StatefulSet."""

from eachpod.model.kind import Cell, Kind
from eachpod.model.objects import Object, dig, name
from eachpod.model.podspec.defaults import default_claim_spec
from eachpod.model.podspec.template import default_template
from eachpod.model.resources import STATEFULSET
from eachpod.model.table import age, columns, containers


def _default(obj: Object) -> Object:
    spec = obj.setdefault("spec", {})
    default_template(spec)
    for claim in spec.get("volumeClaimTemplates") or ():
        claim.setdefault("apiVersion", "v1")
        claim.setdefault("kind", "PersistentVolumeClaim")
        default_claim_spec(claim.setdefault("spec", {}))
        status = claim.setdefault("status", {})
        status["phase"] = status.get("phase") or "Pending"
    spec["podManagementPolicy"] = spec.get("podManagementPolicy") or "OrderedReady"
    _default_strategy(spec)
    retention = spec["persistentVolumeClaimRetentionPolicy"] = spec.get("persistentVolumeClaimRetentionPolicy") or {}
    for when in ("whenDeleted", "whenScaled"):
        retention[when] = retention.get(when) or "Retain"
    for field, value in (("replicas", 1), ("revisionHistoryLimit", 10)):
        if spec.get(field) is None:
            spec[field] = value
    return obj


def _default_strategy(spec: Object) -> None:
    """`rollingUpdate` appears by itself only where the type does; a written type without it stays bare."""
    strategy = spec["updateStrategy"] = spec.get("updateStrategy") or {}
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
        if strategy.get("rollingUpdate") is None:
            strategy["rollingUpdate"] = {}
    rolling = strategy.get("rollingUpdate")
    if strategy["type"] == "RollingUpdate" and rolling is not None:
        for field, value in (("partition", 0), ("maxUnavailable", 1)):
            if rolling.get(field) is None:
                rolling[field] = value


def _prepare_create(obj: Object) -> Object:
    return {**obj, "status": {"replicas": 0, "availableReplicas": 0}}


def _prepare_update(new: Object, old: Object) -> Object:
    return {**new, "status": old.get("status") or {}}


def _row(obj: Object, now: float) -> list[Cell]:
    ready = dig(obj, "status", "readyReplicas", default=0)
    wanted = dig(obj, "spec", "replicas", default=0)
    return [name(obj), f"{ready}/{wanted}", age(obj, now), *containers(dig(obj, "spec", "template", "spec"))]


KIND = Kind(
    STATEFULSET,
    default=_default,
    prepare_create=_prepare_create,
    prepare_update=_prepare_update,
    columns=columns("Ready", "Age", "*Containers", "*Images"),
    row=_row,
    generation=True,
    name_rule="label",
)
