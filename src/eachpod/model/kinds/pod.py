"""Pod."""

from eachpod.model import names
from eachpod.model.fielderrors import FieldError, forbidden, invalid
from eachpod.model.fieldrules import form
from eachpod.model.kind import Kind
from eachpod.model.objects import Object, annotations, dig, meta, name
from eachpod.model.podspec.changes import validate_pod_changes
from eachpod.model.podspec.defaults import default_pod_requests, default_pod_spec
from eachpod.model.podspec.podlevel import default_pod_level
from eachpod.model.podspec.qos import qos_class
from eachpod.model.podspec.subresources import (
    take_ephemeral_containers,
    take_resources,
    validate_ephemeral_changes,
    validate_resize,
)
from eachpod.model.podspec.validate import validate_pod_spec
from eachpod.model.podspec.warnings import pod_warnings
from eachpod.model.resources import POD
from eachpod.model.wellknown import MIRROR_POD

from .podrow import COLUMNS, row, row_conditions


def _default(pod: Object) -> Object:
    spec = pod.setdefault("spec", {})
    default_pod_spec(spec)
    if spec["terminationGracePeriodSeconds"] < 0:
        spec["terminationGracePeriodSeconds"] = 1
    default_pod_requests(spec)
    default_pod_level(spec)
    if spec.get("enableServiceLinks") is None:
        spec["enableServiceLinks"] = True
    return pod


_GATED = {
    "type": "PodScheduled",
    "status": "False",
    "lastProbeTime": None,
    "reason": "SchedulingGated",
    "message": "Scheduling is blocked due to non-empty scheduling gates",
}


def _prepare_create(pod: Object) -> Object:
    spec = pod.get("spec") or {}
    status: Object = {"phase": "Pending", "qosClass": qos_class(spec)}
    if spec.get("schedulingGates"):
        status["conditions"] = [{**_GATED, "lastTransitionTime": meta(pod).get("creationTimestamp")}]
    return {**pod, "status": status}


def _prepare_status(new: Object, old: Object) -> Object:
    """The class of service is the system's; clients that leave it out do not clear it."""
    status, before = new.get("status") or {}, old.get("status") or {}
    if not status.get("qosClass") and before.get("qosClass"):
        return {**new, "status": {**status, "qosClass": before["qosClass"]}}
    return new


def _validate(pod: Object) -> list[FieldError]:
    spec = pod.get("spec") or {}
    errors = _metadata_and_spec(pod, spec)
    if spec.get("ephemeralContainers"):
        errors.append(forbidden("spec.ephemeralContainers", "cannot be set on create"))
    if spec.get("nodeName") and spec.get("schedulingGates"):
        errors.append(forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared"))
    return errors


def _metadata_and_spec(pod: Object, spec: Object) -> list[FieldError]:
    errors = _annotations(pod, spec)
    errors += validate_pod_spec(spec, "spec", pod_name=name(pod), is_pod=True)
    if not spec.get("serviceAccountName"):
        errors += _tokens_without_account(spec)
    for kind in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(kind) or ()):
            image = container.get("image") or ""
            if image.strip() != image:
                text = "must not have leading or trailing whitespace"
                errors.append(invalid(f"spec.{kind}[{index}].image", image, text))
    return errors


def _tokens_without_account(spec: Object) -> list[FieldError]:
    text = "must not be specified when serviceAccountName is not set"
    return [
        forbidden(f"spec.volumes[{index}].projected.sources[{at}].serviceAccountToken", text)
        for index, volume in enumerate(spec.get("volumes") or ())
        for at, source in enumerate(dig(volume, "projected", "sources", default=()))
        if source.get("serviceAccountToken") is not None
    ]


def _annotations(pod: Object, spec: Object) -> list[FieldError]:
    if MIRROR_POD in annotations(pod) and not spec.get("nodeName"):
        text = "must set spec.nodeName if mirror pod annotation is set"
        return [invalid(f"metadata.annotations[{MIRROR_POD}]", annotations(pod)[MIRROR_POD], text)]
    return []


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    spec, before = new.get("spec") or {}, old.get("spec") or {}
    errors = _metadata_and_spec(new, spec) if spec != before or meta(new) != meta(old) else []
    return errors + validate_pod_changes(spec, before, "spec")


def _validate_resize(new: Object, old: Object) -> list[FieldError]:
    return _metadata_and_spec(new, new.get("spec") or {}) + validate_resize(new, old)


def _validate_ephemeral(new: Object, old: Object) -> list[FieldError]:
    return _metadata_and_spec(new, new.get("spec") or {}) + validate_ephemeral_changes(new, old)


_SYSTEM_CONDITIONS = ("PodScheduled", "Ready", "Initialized")


def _validate_status(new: Object, old: Object) -> list[FieldError]:
    status, before = new.get("status") or {}, old.get("status") or {}
    errors: list[FieldError] = []
    for index, condition in enumerate(status.get("conditions") or ()):
        if condition.get("type") not in _SYSTEM_CONDITIONS:
            errors += form(names.label_key, condition.get("type") or "", f"status.conditions[{index}].Type")
    if before.get("qosClass") and status.get("qosClass") != before["qosClass"]:
        errors.append(invalid("status.qosClass", status.get("qosClass") or "", "field is immutable"))
    nominated = status.get("nominatedNodeName")
    if nominated and nominated != before.get("nominatedNodeName"):
        errors += form(names.subdomain, nominated, "status.nominatedNodeName")
        if dig(old, "spec", "nodeName"):
            text = "may not be set on pods that are already bound to a node"
            errors.append(forbidden("status.nominatedNodeName", text))
    for kind in ("podIPs", "hostIPs"):
        errors += _addresses(status.get(kind) or [], f"status.{kind}")
    errors += _container_states(status, before, new.get("spec") or {})
    return errors


def _addresses(addresses: list[Object], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    texts = [entry.get("ip") or "" for entry in addresses]
    for index, text in enumerate(texts):
        errors += form(names.ip, text, f"{path}[{index}]")
    if len(texts) > 1 and (len(texts) > 2 or len({":" in text for text in texts}) < 2):
        errors.append(invalid(path, addresses, "may specify no more than one IP for each IP family"))
    return errors


def _container_states(status: Object, before: Object, spec: Object) -> list[FieldError]:
    """A container that ended for good may not come back to life."""
    if spec.get("restartPolicy") == "Always":
        return []
    errors: list[FieldError] = []
    after = {c.get("name"): c for c in status.get("containerStatuses") or ()}
    for index, was in enumerate(before.get("containerStatuses") or ()):
        ended = dig(was, "state", "terminated")
        if ended is None or (ended.get("exitCode") and spec.get("restartPolicy") == "OnFailure"):
            continue
        now = after.get(was.get("name"))
        if now is not None and dig(now, "state", "terminated") is None:
            errors.append(
                forbidden(f"status.containerStatuses[{index}].state", "may not be transitioned to non-terminated state")
            )
    return errors


def _warnings(new: Object, old: Object | None) -> list[str]:
    faults = names.label(name(new)) if old is None else ()
    found = []
    if faults:
        text = "this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended"
        found.append(f"metadata.name: {text}: [{' '.join(faults)}]")
    return found + pod_warnings(meta(new), new.get("spec") or {})


def _fields(pod: Object) -> dict[str, str]:
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    return {
        "spec.nodeName": spec.get("nodeName") or "",
        "spec.restartPolicy": spec.get("restartPolicy") or "",
        "spec.schedulerName": spec.get("schedulerName") or "",
        "spec.serviceAccountName": spec.get("serviceAccountName") or "",
        "spec.hostNetwork": "true" if spec.get("hostNetwork") else "false",
        "status.phase": status.get("phase") or "",
        "status.podIP": _first_ip(status),
        "status.podIPs": _first_ip(status),
        "status.nominatedNodeName": status.get("nominatedNodeName") or "",
        "spec.host": spec.get("nodeName") or "",
    }


def _first_ip(status: Object) -> str:
    addresses = status.get("podIPs") or []
    return (addresses[0].get("ip") if addresses else status.get("podIP")) or ""


_FIELD_NAMES = tuple(_fields({}))


KIND = Kind(
    POD,
    default=_default,
    prepare_create=_prepare_create,
    prepare_status=_prepare_status,
    validate=_validate,
    validate_update=_validate_update,
    validate_status_update=_validate_status,
    warnings=_warnings,
    columns=COLUMNS,
    row=row,
    fields=_fields,
    field_names=_FIELD_NAMES,
    generation=True,
    graceful=True,
    delete_returns_object=True,
    extra={
        "row_conditions": row_conditions,
        # PUT and PATCH of these endpoints: what is taken over from the request, and what is wrong with the result.
        "subresources": {
            "resize": (take_resources, _validate_resize),
            "ephemeralcontainers": (take_ephemeral_containers, _validate_ephemeral),
        },
    },
)
