"""Node."""

from eachpod.model.kind import Cell, Kind
from eachpod.model.objects import Object, condition, dig, labels, name
from eachpod.model.resources import NODE
from eachpod.model.table import NONE, age, columns

_ROLE_PREFIX = "node-role.kubernetes.io/"
_UNKNOWN = "<unknown>"


def _default(obj: Object) -> Object:
    status = obj.get("status")
    if status and status.get("allocatable") is None and status.get("capacity") is not None:
        status["allocatable"] = dict(status["capacity"])
    return obj


def _fields(obj: Object) -> dict[str, str]:
    return {"spec.unschedulable": "true" if dig(obj, "spec", "unschedulable") else "false"}


def _row(obj: Object, now: float) -> list[Cell]:
    info = dig(obj, "status", "nodeInfo", default={})
    kernel = info.get("kernelVersion") or _UNKNOWN
    if info.get("architecture"):
        kernel += f" ({info['architecture']})"
    return [
        name(obj),
        _state(obj),
        _roles(obj),
        age(obj, now),
        info.get("kubeletVersion") or "",
        _address(obj, "InternalIP"),
        _address(obj, "ExternalIP"),
        info.get("osImage") or _UNKNOWN,
        kernel,
        info.get("containerRuntimeVersion") or _UNKNOWN,
    ]


def _state(obj: Object) -> str:
    ready = condition(obj, "Ready")
    state = "Unknown" if ready is None else "Ready" if ready.get("status") == "True" else "NotReady"
    return f"{state},SchedulingDisabled" if dig(obj, "spec", "unschedulable") else state


def _roles(obj: Object) -> str:
    roles = set()
    for key, value in labels(obj).items():
        if key.startswith(_ROLE_PREFIX):
            roles.add(key[len(_ROLE_PREFIX) :])
        elif key == "kubernetes.io/role":
            roles.add(value)
    return ",".join(sorted(roles - {""})) or NONE


def _address(obj: Object, kind: str) -> str:
    found = (a.get("address") for a in dig(obj, "status", "addresses", default=()) if a.get("type") == kind)
    return next(found, None) or NONE


KIND = Kind(
    NODE,
    default=_default,
    columns=columns(
        "Status",
        "Roles",
        "Age",
        "Version",
        "*Internal-IP",
        "*External-IP",
        "*OS-Image",
        "*Kernel-Version",
        "*Container-Runtime",
    ),
    row=_row,
    fields=_fields,
    field_names=("spec.unschedulable",),
)
