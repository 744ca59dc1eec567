"""Volumes of a pod: what each kind of source has to say."""

from collections.abc import Callable
from typing import Any

from eachpod.model import names, quantity
from eachpod.model.claimspec import validate_claim_spec
from eachpod.model.fielderrors import FieldError, duplicate, forbidden, invalid, not_supported, required
from eachpod.model.fieldrules import form, no_backsteps
from eachpod.model.metadata import validate_annotations, validate_labels
from eachpod.model.objects import Object

from .env import FILE_FIELDS, validate_field_ref, validate_resource_ref
from .rules import file_mode, plain_path

Volumes = dict[str, Object]

# In the order in which the first of several counts as the volume's kind.
_KINDS = (
    "emptyDir", "hostPath", "gitRepo", "gcePersistentDisk", "awsElasticBlockStore", "secret", "nfs", "iscsi",
    "glusterfs", "persistentVolumeClaim", "rbd", "cinder", "cephfs", "flexVolume", "flocker", "quobyte", "downwardAPI",
    "fc", "configMap", "azureFile", "storageos", "projected", "scaleIO", "csi", "ephemeral", "vsphereVolume",
    "azureDisk", "photonPersistentDisk", "portworxVolume", "image",
)  # fmt: skip
# Kinds whose only rule is that these fields are there.
_REQUIRED_FIELDS: dict[str, tuple[str, ...]] = {
    "nfs": ("server", "path"),
    "persistentVolumeClaim": ("claimName",),
    "gcePersistentDisk": ("pdName",),
    "awsElasticBlockStore": ("volumeID",),
    "cephfs": ("monitors",),
    "rbd": ("monitors", "image"),
    "glusterfs": ("endpoints", "path"),
    "cinder": ("volumeID",),
    "azureFile": ("secretName", "shareName"),
    "azureDisk": ("diskName", "diskURI"),
    "vsphereVolume": ("volumePath",),
    "photonPersistentDisk": ("pdID",),
    "portworxVolume": ("volumeID",),
    "scaleIO": ("gateway", "system", "volumeName"),
    "flexVolume": ("driver",),
    "quobyte": ("registry", "volume"),
}
_HOST_PATH_TYPES = (
    "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket",
)  # fmt: skip
_TOKEN_SECONDS = 600
_TOKEN_SECONDS_MAX = 2**32


def validate_volumes(volumes: list[Object], pod_name: str, path: str) -> tuple[Volumes, list[FieldError]]:
    """The sound volumes by name, and the faults."""
    sound: Volumes = {}
    errors: list[FieldError] = []
    made = {f"{pod_name}-{v.get('name')}" for v in volumes if v.get("ephemeral") is not None} if pod_name else set()
    for index, volume in enumerate(volumes):
        here = f"{path}[{index}]"
        name = volume.get("name") or ""
        found = _sources(volume, here)
        found += form(names.label, name, f"{here}.name") if name else [required(f"{here}.name")]
        if name in sound:
            found.append(duplicate(f"{here}.name", name))
        if found:
            errors += found
        else:
            sound[name] = volume
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        if claim and claim in made:
            text = "must not reference a PVC that gets created for an ephemeral volume"
            errors.append(invalid(f"{here}.persistentVolumeClaim.claimName", claim, text))
    return sound, errors


def _sources(volume: Object, path: str) -> list[FieldError]:
    present = [kind for kind in _KINDS if volume.get(kind) is not None]
    if not present:
        return [required(path, "must specify a volume type")]
    errors = validate_source(present[0], volume[present[0]], f"{path}.{present[0]}")
    others = ["downwarAPI" if kind == "downwardAPI" else named_in_messages(kind) for kind in present[1:]]
    return errors + [forbidden(f"{path}.{each}", "may not specify more than 1 volume type") for each in others]


def named_in_messages(kind: str) -> str:
    """A kind of source as messages name its field."""
    return "cephFS" if kind == "cephfs" else kind


def validate_source(kind: str, source: Object, path: str) -> list[FieldError]:
    """One source of a volume by the name of its kind; PersistentVolumes have the same ones."""
    check = _CHECKS.get(kind)
    if check:
        return check(source, path)
    return [required(f"{path}.{field}") for field in _REQUIRED_FIELDS.get(kind, ()) if not source.get(field)]


def _empty_dir(source: Object, path: str) -> list[FieldError]:
    limit = source.get("sizeLimit")
    if limit is not None and quantity.parse(limit) < 0:
        return [forbidden(f"{path}.sizeLimit", "SizeLimit field must be a valid resource quantity")]
    return []


def _host_path(source: Object, path: str) -> list[FieldError]:
    where, kind = source.get("path") or "", source.get("type")
    if not where:
        return [required(f"{path}.path")]
    errors = no_backsteps(where, f"{path}.path")
    if kind is not None and kind not in _HOST_PATH_TYPES:
        errors.append(not_supported(f"{path}.type", kind, _HOST_PATH_TYPES))
    return errors


def _secret(source: Object, path: str) -> list[FieldError]:
    errors = [] if source.get("secretName") else [required(f"{path}.secretName")]
    return errors + file_mode(source, "defaultMode", path) + _items(source, path)


def _config_map(source: Object, path: str) -> list[FieldError]:
    errors = [] if source.get("name") else [required(f"{path}.name")]
    return errors + file_mode(source, "defaultMode", path) + _items(source, path)


def _nfs(source: Object, path: str) -> list[FieldError]:
    errors = [required(f"{path}.{field}") for field in ("server", "path") if not source.get(field)]
    if source.get("path") and not source["path"].startswith("/"):
        errors.append(invalid(f"{path}.path", source["path"], "must be an absolute path"))
    return errors


def _items(source: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, item in enumerate(source.get("items") or ()):
        here = f"{path}.items[{index}]"
        errors += [required(f"{here}.{field}") for field in ("key", "path") if not item.get(field)]
        errors += plain_path(item.get("path") or "", f"{here}.path") + file_mode(item, "mode", here)
    return errors


def _downward(source: Object, path: str) -> list[FieldError]:
    errors = file_mode(source, "defaultMode", path)
    for item in source.get("items") or ():
        errors += _downward_file(item, path)
    return errors


def _downward_file(item: Object, path: str) -> list[FieldError]:
    where = item.get("path") or ""
    errors = [] if where else [required(f"{path}.path")]
    errors += plain_path(where, f"{path}.path")
    field, resource = item.get("fieldRef"), item.get("resourceFieldRef")
    if field is not None:
        errors += validate_field_ref(field, f"{path}.fieldRef", FILE_FIELDS)
        if resource is not None:
            text = "fieldRef and resourceFieldRef can not be specified simultaneously"
            errors.append(invalid(path, "resource", text))
    elif resource is not None:
        errors += validate_resource_ref(resource, f"{path}.resourceFieldRef", in_volume=True)
    else:
        errors.append(required(path, "one of fieldRef and resourceFieldRef is required"))
    return errors + file_mode(item, "mode", path)


def _projected(source: Object, path: str) -> list[FieldError]:
    errors = file_mode(source, "defaultMode", path)
    taken: set[str] = set()
    for index, part in enumerate(source.get("sources") or ()):
        errors += _projection(part, path, f"{path}.sources[{index}]", taken)
    return errors


def _projection(part: Object, volume: str, path: str, taken: set[str]) -> list[FieldError]:
    errors: list[FieldError] = []
    for kind in ("secret", "configMap"):
        source = part.get(kind)
        if source is not None:
            here = f"{path}.{kind}"
            errors += [] if source.get("name") else [required(f"{here}.name")]
            errors += _items(source, here)
            errors += _conflicts(source.get("items"), source.get("name"), volume, taken)
    downward = part.get("downwardAPI")
    if downward is not None:
        for item in downward.get("items") or ():
            errors += _downward_file(item, f"{path}.downwardAPI")
            errors += _conflicts([item], item.get("path"), volume, taken)
    token = part.get("serviceAccountToken")
    if token is not None:
        errors += _token(token, volume, f"{path}.serviceAccountToken")
    if sum(value is not None for value in part.values()) > 1:
        errors.append(forbidden(path, "may not specify more than 1 volume type per source"))
    return errors


def _conflicts(items: list[Object] | None, shown: Any, path: str, taken: set[str]) -> list[FieldError]:
    errors: list[FieldError] = []
    for item in items or ():
        where = item.get("path")
        if where and where in taken:
            errors.append(invalid(path, shown, "conflicting duplicate paths"))
        taken.add(where or "")
    return errors


def _token(token: Object, volume: str, path: str) -> list[FieldError]:
    seconds, where = token.get("expirationSeconds") or 0, token.get("path") or ""
    errors: list[FieldError] = []
    if seconds < _TOKEN_SECONDS:
        text = "may not specify a duration less than 10 minutes"
        errors.append(invalid(f"{path}.expirationSeconds", seconds, text))
    if seconds > _TOKEN_SECONDS_MAX:
        text = "may not specify a duration larger than 2^32 seconds"
        errors.append(invalid(f"{path}.expirationSeconds", seconds, text))
    return errors + (plain_path(where, f"{volume}.path") if where else [required(f"{volume}.path")])


def _csi(source: Object, path: str) -> list[FieldError]:
    errors = validate_driver_name(source.get("driver") or "", f"{path}.driver")
    secret = source.get("nodePublishSecretRef")
    if secret is not None:
        name, where = secret.get("name"), f"{path}.nodePublishSecretRef.name"
        errors += form(names.subdomain, name, where) if name else [required(where)]
    return errors


def validate_driver_name(name: str, path: str) -> list[FieldError]:
    if not name:
        return [required(path)]
    errors: list[FieldError] = []
    if len(name) > names.LABEL_LENGTH:
        unit = f"Too long: may not be more than {names.LABEL_LENGTH} bytes"
        errors.append(FieldError(path, "FieldValueTooLong", unit))
    return errors + form(names.subdomain, name.lower(), path)


def _ephemeral(source: Object, path: str) -> list[FieldError]:
    template = source.get("volumeClaimTemplate")
    if template is None:
        return [required(f"{path}.volumeClaimTemplate")]
    here = f"{path}.volumeClaimTemplate"
    meta = template.get("metadata") or {}
    errors = validate_annotations(meta.get("annotations") or {}, f"{here}.metadata.annotations")
    errors += validate_labels(meta.get("labels"), f"{here}.metadata.labels")
    extra = (field for field in meta if field not in ("annotations", "labels"))
    errors += [forbidden(f"{here}.metadata.{field}", "cannot be set") for field in extra]
    return errors + validate_claim_spec(template.get("spec") or {}, f"{here}.spec")


def _image(source: Object, path: str) -> list[FieldError]:
    errors = [] if source.get("reference") else [required(f"{path}.reference")]
    policies = ("Always", "IfNotPresent", "Never")
    if source.get("pullPolicy") not in policies:
        errors.append(not_supported(f"{path}.pullPolicy", source.get("pullPolicy") or "", policies))
    return errors


_CHECKS: dict[str, Callable[[Object, str], list[FieldError]]] = {
    "emptyDir": _empty_dir,
    "hostPath": _host_path,
    "secret": _secret,
    "configMap": _config_map,
    "nfs": _nfs,
    "downwardAPI": _downward,
    "projected": _projected,
    "csi": _csi,
    "ephemeral": _ephemeral,
    "image": _image,
}
