"""The spec of a PersistentVolume."""

from eachpod.model import names, quantity
from eachpod.model.fielderrors import FieldError, forbidden, invalid, not_supported, required
from eachpod.model.fieldrules import form, no_backsteps
from eachpod.model.internalform import in_memory
from eachpod.model.metadata import immutable
from eachpod.model.objects import Object
from eachpod.model.podspec.placement import validate_node_selector
from eachpod.model.podspec.volumes import named_in_messages, validate_driver_name, validate_source

from .claimspec import VOLUME_MODES, access_modes

_SOURCES = (
    "hostPath", "gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "flocker", "nfs", "rbd", "quobyte", "cephfs",
    "iscsi", "cinder", "fc", "flexVolume", "azureFile", "vsphereVolume", "photonPersistentDisk", "portworxVolume",
    "azureDisk", "scaleIO", "local", "storageos", "csi",
)  # fmt: skip
_RECLAIM = ("Delete", "Recycle", "Retain")


def validate_volume_spec(spec: Object, path: str = "spec") -> list[FieldError]:
    modes = spec.get("accessModes") or []
    errors = [] if modes else [required(f"{path}.accessModes")]
    errors += access_modes(modes, f"{path}.accessModes")
    errors += _capacity(spec.get("capacity") or {}, f"{path}.capacity")
    policy = spec.get("persistentVolumeReclaimPolicy")
    if policy and policy not in _RECLAIM:
        errors.append(not_supported(f"{path}.persistentVolumeReclaimPolicy", policy, _RECLAIM))
    affinity = spec.get("nodeAffinity")
    if affinity is not None:
        errors += _affinity(affinity, f"{path}.nodeAffinity")
    errors += _source(spec, path)
    host = (spec.get("hostPath") or {}).get("path") or ""
    if host and not host.strip("/") and policy == "Recycle":
        text = "may not be 'recycle' for a hostPath mount of '/'"
        errors.append(forbidden(f"{path}.persistentVolumeReclaimPolicy", text))
    if spec.get("storageClassName"):
        errors += form(names.subdomain, spec["storageClassName"], f"{path}.storageClassName")
    if spec.get("volumeMode") is not None and spec["volumeMode"] not in VOLUME_MODES:
        errors.append(not_supported(f"{path}.volumeMode", spec["volumeMode"], VOLUME_MODES))
    return errors + _attributes_class(spec, path)


def _capacity(capacity: Object, path: str) -> list[FieldError]:
    errors = [] if capacity else [required(path)]
    if "storage" not in capacity or len(capacity) > 1:
        errors.append(not_supported(path, dict(sorted(capacity.items())) or None, ("storage",)))
    for name, amount in capacity.items():
        value = quantity.parse(amount)
        if value < 0:
            errors.append(invalid(f"{path}[{name}]", int(value), "must be a valid resource quantity"))
        if value <= 0:
            errors.append(invalid(f"{path}[{name}]", amount, "must be greater than zero"))
    return errors


def _affinity(affinity: Object, path: str) -> list[FieldError]:
    wanted = affinity.get("required")
    if wanted is None:
        return [required(f"{path}.required", "must specify required node constraints")]
    return validate_node_selector(wanted, f"{path}.required")


def _source(spec: Object, path: str) -> list[FieldError]:
    present = [kind for kind in _SOURCES if spec.get(kind) is not None]
    if not present:
        return [required(path, "must specify a volume type")]
    kind = present[0]
    source, where = spec[kind], f"{path}.{kind}"
    if kind == "local":
        errors = _local(source, where)
        if spec.get("nodeAffinity") is None:
            errors.append(required(f"{path}.nodeAffinity", "Local volume requires node affinity"))
    elif kind == "csi":
        errors = validate_driver_name(source.get("driver") or "", f"{where}.driver")
        errors += [] if source.get("volumeHandle") else [required(f"{where}.volumeHandle")]
    else:
        errors = validate_source(kind, source, where)
    # A flexVolume does not count, for no reason that is known.
    if kind != "flexVolume" and "flexVolume" in present:
        errors += validate_source("flexVolume", spec["flexVolume"], f"{path}.flexVolume")
    others = [named_in_messages(each) for each in present[1:] if each != "flexVolume"]
    return errors + [forbidden(f"{path}.{each}", "may not specify more than 1 volume type") for each in others]


def _local(source: Object, path: str) -> list[FieldError]:
    where = source.get("path") or ""
    return no_backsteps(where, f"{path}.path") if where else [required(f"{path}.path")]


def _attributes_class(spec: Object, path: str) -> list[FieldError]:
    name = spec.get("volumeAttributesClassName")
    if name is None:
        return []
    where = f"{path}.volumeAttributesClassName"
    errors = form(names.subdomain, name, where) if name else [required(where, "an empty string is disallowed")]
    if spec.get("csi") is None:
        errors.append(required(f"{path}.csi", "has to be specified when using volumeAttributesClassName"))
    return errors


def validate_volume_changes(new: Object, old: Object) -> list[FieldError]:
    spec, before = new.get("spec") or {}, old.get("spec") or {}
    errors = validate_volume_spec(spec)
    if any(spec.get(kind) != before.get(kind) for kind in _SOURCES):
        text = "spec.persistentvolumesource is immutable after creation"
        changed = ", ".join(kind for kind in _SOURCES if spec.get(kind) != before.get(kind))
        errors.append(forbidden("spec.persistentvolumesource", f"{text}\n  changed: {changed}"))
    if before.get("nodeAffinity") is not None and spec.get("nodeAffinity") != before["nodeAffinity"]:
        shown = in_memory(spec.get("nodeAffinity"), "VolumeNodeAffinity")
        text = "field is immutable, except for updating from beta label to GA"
        errors.append(invalid("nodeAffinity", shown, text))
    errors += immutable(spec.get("volumeMode"), before.get("volumeMode"), "volumeMode")
    if before.get("volumeAttributesClassName") is not None and spec.get("volumeAttributesClassName") is None:
        text = "update from non-nil value to nil is forbidden"
        errors.append(forbidden("spec.volumeAttributesClassName", text))
    return errors
