"""Node."""

from eachpod.model import names
from eachpod.model.fielderrors import FieldError, duplicate, forbidden, invalid
from eachpod.model.fieldrules import form, one_of
from eachpod.model.kind import Cell, Kind
from eachpod.model.objects import Object, condition, dig, labels, name
from eachpod.model.podspec.amounts import validate_amount
from eachpod.model.podspec.placement import TAINT_EFFECTS
from eachpod.model.resources import NODE
from eachpod.model.table import NONE, age, columns

_ROLE_PREFIX = "node-role.kubernetes.io/"
_UNKNOWN = "<unknown>"


def _default(obj: Object) -> Object:
    status = obj.get("status")
    if status and status.get("allocatable") is None and status.get("capacity") is not None:
        status["allocatable"] = dict(status["capacity"])
    return obj


def _prepare_create(obj: Object) -> Object:
    """A kubelet creates its node with a status, so it stays; podCIDR and podCIDRs say the same."""
    return _in_step(obj)


def _prepare_update(new: Object, old: Object) -> Object:
    return _in_step(new)


def _in_step(obj: Object) -> Object:
    spec = obj.get("spec") or {}
    one, many = spec.get("podCIDR"), spec.get("podCIDRs")
    if one and (not many or many[0] != one):  # the older field wins
        return {**obj, "spec": {**spec, "podCIDRs": [one]}}
    if many and not one:
        return {**obj, "spec": {**spec, "podCIDR": many[0]}}
    return obj


def _validate(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    return _taints(spec.get("taints") or [], "metadata.taints") + _resources(obj) + _ranges(spec)


def _ranges(spec: Object) -> list[FieldError]:
    errors: list[FieldError] = []
    ranges = spec.get("podCIDRs") or []
    for index, each in enumerate(ranges):
        errors += form(names.cidr, each, f"spec.podCIDRs[{index}]")
    if len(ranges) > 2 or (len(ranges) == 2 and len({":" in each for each in ranges}) == 1):
        errors.append(invalid("spec.podCIDRs", ranges, "may specify no more than one CIDR for each IP family"))
    return errors


def _taints(taints: list[Object], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[tuple[str, str]] = set()
    for index, taint in enumerate(taints):
        here, key, effect = f"{path}[{index}]", taint.get("key") or "", taint.get("effect") or ""
        errors += form(names.label_key, key, f"{here}.key")
        faults = names.label_value(taint.get("value") or "")
        if faults:
            errors.append(invalid(f"{here}.value", taint.get("value"), ";".join(faults)))
        errors += one_of(effect, f"{here}.effect", TAINT_EFFECTS)
        if (key, effect) in seen:
            repeated = duplicate(here, {"key": key, "effect": effect})
            text = f"{repeated.text}: taints must be unique by key and effect pair"
            errors.append(FieldError(here, repeated.reason, text))
        seen.add((key, effect))
    return errors


def _resources(obj: Object) -> list[FieldError]:
    return [
        error
        for kind in ("capacity", "allocatable")
        for resource, amount in dig(obj, "status", kind, default={}).items()
        for error in validate_amount(resource, amount, f"status.{kind}.{resource}")
    ]


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    spec, before = new.get("spec") or {}, old.get("spec") or {}
    errors = _resources(new) + _ranges(spec)
    seen: list[Object] = []
    for index, address in enumerate(dig(new, "status", "addresses", default=())):
        if address in seen:
            errors.append(duplicate(f"status.addresses[{index}]", address))
        seen.append(address)
    if before.get("podCIDRs") and spec.get("podCIDRs") != before["podCIDRs"]:
        text = 'node updates may not change podCIDR except from "" to valid'
        errors.append(forbidden("spec.podCIDRs", text))
    if spec.get("externalID") != before.get("externalID"):
        errors.append(forbidden("spec.externalID", "may not be updated"))
    if before.get("providerID") and spec.get("providerID") != before["providerID"]:
        text = 'node updates may not change providerID except from "" to valid'
        errors.append(forbidden("spec.providerID", text))
    return errors + _taints(spec.get("taints") or [], "metadata.taints")


def _warnings(new: Object, old: Object | None) -> list[str]:
    if dig(new, "spec", "externalID"):
        return ["spec.externalID: this field is deprecated, and is unused by Kubernetes"]
    return []


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
    prepare_create=_prepare_create,
    prepare_update=_prepare_update,
    validate=_validate,
    validate_update=_validate_update,
    validate_status_update=_validate_update,
    warnings=_warnings,
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
