"""Namespace. Its end has two steps: metadata.deletionTimestamp, then spec.finalizers emptied by /finalize."""

from eachpod.model import names
from eachpod.model.fielderrors import FieldError, invalid
from eachpod.model.kind import Cell, Kind
from eachpod.model.objects import Object, deleting, dig, name, put
from eachpod.model.resources import NAMESPACE
from eachpod.model.table import age, columns

NAME_LABEL = "kubernetes.io/metadata.name"


def _default(obj: Object) -> Object:
    metadata = obj.setdefault("metadata", {})
    if metadata.get("name"):
        metadata["labels"] = {**(metadata.get("labels") or {}), NAME_LABEL: metadata["name"]}
    obj.setdefault("spec", {})
    status = obj.setdefault("status", {})
    status["phase"] = status.get("phase") or "Active"
    return obj


def _prepare_create(obj: Object) -> Object:
    spec = obj.get("spec") or {}
    wanted = list(spec.get("finalizers") or [])
    if "kubernetes" not in wanted:
        wanted.append("kubernetes")
    # A generated name is known only now.
    named = put(obj, ("metadata", "labels", NAME_LABEL), name(obj)) if name(obj) else obj
    return {**named, "spec": {**spec, "finalizers": wanted}, "status": {"phase": "Active"}}


def _prepare_update(new: Object, old: Object) -> Object:
    """spec.finalizers changes only through /finalize."""
    return {**new, "spec": old.get("spec") or {}}


def _finalize(new: Object, old: Object) -> Object:
    """Of what is sent to /finalize only the finalizers count."""
    spec = {**(old.get("spec") or {}), "finalizers": dig(new, "spec", "finalizers", default=[])}
    if not spec["finalizers"]:
        del spec["finalizers"]
    return {**old, "metadata": new.get("metadata"), "spec": spec}


def _validate(obj: Object) -> list[FieldError]:
    return [error for each in _finalizers(obj) for error in _finalizer(each, "spec.finalizers")]


def _validate_finalize(new: Object, old: Object) -> list[FieldError]:
    indexed = enumerate(_finalizers(new))
    return [error for index, each in indexed for error in _finalizer(each, f"spec.finalizers[{index}]")]


def _finalizers(obj: Object) -> list[str]:
    found: list[str] = dig(obj, "spec", "finalizers", default=[])
    return found


def _finalizer(finalizer: str, path: str) -> list[FieldError]:
    errors = [invalid(path, finalizer, fault) for fault in names.label_key(finalizer)]
    if "/" not in finalizer and finalizer not in ("kubernetes", "orphan", "foregroundDeletion"):
        text = "name is neither a standard finalizer name nor is it fully qualified"
        errors.append(invalid(path, finalizer, text))
    return errors


def _validate_status(new: Object, old: Object) -> list[FieldError]:
    phase = dig(new, "status", "phase", default="")
    if deleting(new):
        text = "may only be 'Terminating' if `deletionTimestamp` is not empty"
        return [] if phase == "Terminating" else [invalid("status.Phase", phase, text)]
    text = "may only be 'Active' if `deletionTimestamp` is empty"
    return [] if phase == "Active" else [invalid("status.Phase", phase, text)]


def _fields(obj: Object) -> dict[str, str]:
    return {"status.phase": dig(obj, "status", "phase", default="")}


def _row(obj: Object, now: float) -> list[Cell]:
    return [name(obj), dig(obj, "status", "phase", default=""), age(obj, now)]


KIND = Kind(
    NAMESPACE,
    default=_default,
    prepare_create=_prepare_create,
    prepare_update=_prepare_update,
    validate=_validate,
    validate_status_update=_validate_status,
    columns=columns("Status", "Age"),
    row=_row,
    fields=_fields,
    field_names=("status.phase", "name"),
    delete_returns_object=True,
    extra={"subresources": {"finalize": (_finalize, _validate_finalize)}},
    name_rule="label",
)
