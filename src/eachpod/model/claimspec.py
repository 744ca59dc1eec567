"""The spec of a PersistentVolumeClaim, also inside templates."""

from typing import Any

from eachpod.model import names, quantity
from eachpod.model.fielderrors import FieldError, forbidden, invalid, not_supported, required
from eachpod.model.fieldrules import form
from eachpod.model.metadata import immutable, validate_selector
from eachpod.model.objects import Object, annotations, dig, finalizers, put
from eachpod.model.wellknown import BETA_CLASS

ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
VOLUME_MODES = ("Block", "Filesystem")


def validate_claim_spec(spec: Object, path: str) -> list[FieldError]:
    modes = spec.get("accessModes") or []
    errors = [] if modes else [required(f"{path}.accessModes", "at least 1 access mode is required")]
    errors += validate_selector(spec.get("selector"), f"{path}.selector")
    errors += access_modes(modes, f"{path}.accessModes")
    errors += _size(dig(spec, "resources", "requests", "storage"), f"{path}.resources[storage]")
    if spec.get("storageClassName"):
        errors += form(names.subdomain, spec["storageClassName"], f"{path}.storageClassName")
    if spec.get("volumeMode") is not None and spec["volumeMode"] not in VOLUME_MODES:
        errors.append(not_supported(f"{path}.volumeMode", spec["volumeMode"], VOLUME_MODES))
    for field in ("dataSource", "dataSourceRef"):
        if spec.get(field) is not None:
            errors += _source(spec[field], f"{path}.{field}")
    errors += _two_sources(spec, path)
    if spec.get("volumeAttributesClassName"):
        where = f"{path}.volumeAttributesClassName"
        errors += form(names.subdomain, spec["volumeAttributesClassName"], where)
    return errors


def access_modes(modes: list[str], path: str) -> list[FieldError]:
    errors = [not_supported(path, mode, ACCESS_MODES) for mode in modes if mode not in ACCESS_MODES]
    known = {mode for mode in modes if mode in ACCESS_MODES}
    if "ReadWriteOncePod" in known and len(known) > 1:
        errors.append(forbidden(path, "may not use ReadWriteOncePod with other access modes"))
    return errors


def _size(size: Any, path: str) -> list[FieldError]:
    if size is None:
        return [required(path)]
    if quantity.parse(size) <= 0:
        return [invalid(path, size, "must be greater than zero")]
    return []


def _source(source: Object, path: str) -> list[FieldError]:
    errors = [required(f"{path}.{field}") for field in ("name", "kind") if not source.get(field)]
    group, kind = source.get("apiGroup") or "", source.get("kind") or ""
    if not group and kind != "PersistentVolumeClaim":
        text = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"
        errors.append(invalid(path, kind, text))
    if group:
        errors += form(names.subdomain, group, f"{path}.apiGroup")
    if source.get("namespace"):
        errors += form(names.label, source["namespace"], f"{path}.namespace")
    return errors


def _two_sources(spec: Object, path: str) -> list[FieldError]:
    source, ref = spec.get("dataSource"), spec.get("dataSourceRef")
    if source is None or ref is None:
        return []
    if ref.get("namespace"):
        text = "may not be specified when dataSourceRef.namespace is specified"
        return [invalid(path, f"{path}.dataSource", text)]
    if any(source.get(field) != ref.get(field) for field in ("apiGroup", "kind", "name")):
        return [invalid(path, f"{path}.dataSource", "must match dataSourceRef")]
    return []


def protected(obj: Object, finalizer: str) -> Object:
    """A volume or claim that cannot vanish while something uses it."""
    present = finalizers(obj)
    if finalizer in present:
        return obj
    return put(obj, ("metadata", "finalizers"), [*present, finalizer])


def with_data_sources(spec: Object) -> Object:
    """dataSource and dataSourceRef say the same; what the older one never allowed is dropped silently."""
    source, ref = spec.get("dataSource"), spec.get("dataSourceRef")
    if source is not None and ref is None:
        if not _old_style(source):
            return {key: value for key, value in spec.items() if key != "dataSource"}
        return {**spec, "dataSourceRef": dict(source)}
    if ref is not None and source is None and not ref.get("namespace"):
        return {**spec, "dataSource": {key: value for key, value in ref.items() if key != "namespace"}}
    return spec


def _old_style(source: Object) -> bool:
    if not source.get("name"):
        return False
    kinds = {"": "PersistentVolumeClaim", "snapshot.storage.k8s.io": "VolumeSnapshot"}
    return kinds.get(source.get("apiGroup") or "") == source.get("kind")


def validate_claim_changes(new: Object, old: Object) -> list[FieldError]:
    spec, before = new.get("spec") or {}, old.get("spec") or {}
    errors = _class_note(new, old)
    bound = dig(new, "status", "phase") == "Bound"
    munged = dict(spec)
    if not before.get("volumeName"):
        _take(munged, spec, before, "volumeName", keep_new=True)
    if before.get("storageClassName") is None and spec.get("storageClassName") is not None:
        noted = annotations(old).get(BETA_CLASS)
        if noted is None or noted == spec["storageClassName"]:
            munged.pop("storageClassName", None)
    if bound:
        munged["resources"] = _with_old_size(spec.get("resources") or {}, before.get("resources") or {})
        _take(munged, spec, before, "volumeAttributesClassName", keep_new=False)
    compared = dict(before)
    if not before.get("volumeName") and spec.get("volumeName"):
        compared["volumeName"] = spec["volumeName"]
    if munged != compared:
        text = (
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
        )
        changed = ", ".join(sorted(key for key in {*munged, *compared} if munged.get(key) != compared.get(key)))
        errors.append(forbidden("spec", f"{text}\n  changed: {changed}"))
    errors += _shrunk(new, spec, before)
    return errors + immutable(spec.get("volumeMode"), before.get("volumeMode"), "volumeMode")


def _take(munged: Object, spec: Object, before: Object, field: str, *, keep_new: bool) -> None:
    value = spec.get(field) if keep_new else before.get(field)
    if value is None:
        munged.pop(field, None)
    else:
        munged[field] = value


def _with_old_size(resources: Object, before: Object) -> Object:
    requests = {**(resources.get("requests") or {})}
    size = dig(before, "requests", "storage")
    if size is not None:
        requests["storage"] = size
    return {**resources, "requests": requests} if requests else resources


def _class_note(new: Object, old: Object) -> list[FieldError]:
    after, before = annotations(new).get(BETA_CLASS, ""), annotations(old).get(BETA_CLASS, "")
    named = dig(new, "spec", "storageClassName")
    if after == before or (dig(old, "spec", "storageClassName") is None and named == before and not after):
        return []
    return [invalid(f"metadata.annotations[{BETA_CLASS}]", after, "field is immutable")]


def _shrunk(new: Object, spec: Object, before: Object) -> list[FieldError]:
    size, was = dig(spec, "resources", "requests", "storage"), dig(before, "resources", "requests", "storage")
    if size is None or was is None or quantity.compare(size, was) >= 0:
        return []
    real = dig(new, "status", "capacity", "storage", default="0")
    if quantity.compare(size, real) > 0:
        return []
    return [forbidden("spec.resources.requests.storage", "field can not be less than status.capacity")]
