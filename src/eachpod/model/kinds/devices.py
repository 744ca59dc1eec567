"""Dynamic resource allocation: device classes, claims, templates of claims, slices of devices and their taints.

Nothing of ours allocates devices. The kinds are here because kube-scheduler waits for all of them before it places the
first pod, and so that drivers and their charts can be installed.
"""

from collections.abc import Iterator

from eachpod.model.fielderrors import FieldError, required
from eachpod.model.kind import Cell, Kind
from eachpod.model.metadata import immutable
from eachpod.model.objects import Object, deleting, dig, name
from eachpod.model.resources import (
    DEVICECLASS,
    DEVICETAINTRULE,
    RESOURCECLAIM,
    RESOURCECLAIMTEMPLATE,
    RESOURCESLICE,
)
from eachpod.model.table import UNSET, age, columns
from eachpod.model.timestamps import since


def _requests(spec: Object) -> Iterator[tuple[str, Object]]:
    """Every request for devices, also those of which the first that can be had is taken, with its path."""
    for index, request in enumerate(dig(spec, "devices", "requests", default=())):
        path = f"devices.requests[{index}]"
        if request.get("exactly") is not None:
            yield f"{path}.exactly", request["exactly"]
        for number, choice in enumerate(request.get("firstAvailable") or ()):
            yield f"{path}.firstAvailable[{number}]", choice


def _default_requests(spec: Object) -> None:
    for _, request in _requests(spec):
        request["allocationMode"] = mode = request.get("allocationMode") or "ExactCount"
        if mode == "ExactCount":
            request["count"] = request.get("count") or 1


def _default_claim(obj: Object) -> Object:
    _default_requests(obj.get("spec") or {})
    return obj


def _default_template(obj: Object) -> Object:
    _default_requests(dig(obj, "spec", "spec", default={}))
    return obj


def _without_class(spec: Object, path: str) -> list[FieldError]:
    return [
        required(f"{path}.{where}.deviceClassName")
        for where, request in _requests(spec)
        if not request.get("deviceClassName")
    ]


def _validate_claim(obj: Object) -> list[FieldError]:
    return _without_class(obj.get("spec") or {}, "spec")


def _validate_template(obj: Object) -> list[FieldError]:
    return _without_class(dig(obj, "spec", "spec", default={}), "spec.spec")


def _fixed_spec(new: Object, old: Object) -> list[FieldError]:
    return immutable(new.get("spec"), old.get("spec"), "spec")


def _no_status(obj: Object) -> Object:
    return {**obj, "status": {}}


def _state(claim: Object) -> str:
    status = claim.get("status") or {}
    states = ["deleted"] if deleting(claim) else []
    if status.get("allocation"):
        states += ["allocated", "reserved"] if status.get("reservedFor") else ["allocated"]
    elif not states:
        states = ["pending"]
    return ",".join(states)


def _row(obj: Object, now: float) -> list[Cell]:
    return [name(obj), age(obj, now)]


def _claim_row(obj: Object, now: float) -> list[Cell]:
    return [name(obj), _state(obj), age(obj, now)]


def _slice_row(obj: Object, now: float) -> list[Cell]:
    spec = obj.get("spec") or {}
    pool = dig(spec, "pool", "name", default="")
    return [name(obj), spec.get("nodeName") or UNSET, spec.get("driver") or "", pool, age(obj, now)]


def _slice_fields(obj: Object) -> dict[str, str]:
    spec = obj.get("spec") or {}
    return {f"spec.{field}": spec.get(field) or "" for field in ("driver", "nodeName")}


def _taint_row(obj: Object, now: float) -> list[Cell]:
    taint = dig(obj, "spec", "taint", default={})
    shown = (taint.get(field) or "" for field in ("key", "value", "effect"))
    return [name(obj), *shown, since(taint.get("timeAdded"), now), age(obj, now)]


KINDS = (
    Kind(DEVICECLASS, columns=columns("Age"), row=_row, generation=True),
    Kind(
        RESOURCECLAIM,
        default=_default_claim,
        prepare_create=_no_status,
        validate=_validate_claim,
        validate_update=_fixed_spec,
        columns=columns("State", "Age"),
        row=_claim_row,
    ),
    Kind(
        RESOURCECLAIMTEMPLATE,
        default=_default_template,
        validate=_validate_template,
        validate_update=_fixed_spec,
        columns=columns("Age"),
        row=_row,
    ),
    Kind(
        RESOURCESLICE,
        columns=columns("Node", "Driver", "Pool", "Age"),
        row=_slice_row,
        fields=_slice_fields,
        field_names=("spec.driver", "spec.nodeName"),
        generation=True,
    ),
    Kind(
        DEVICETAINTRULE,
        prepare_create=_no_status,
        columns=columns("Key", "Value", "Effect", "TimeAdded", "Age"),
        row=_taint_row,
        generation=True,
    ),
)
