"""Validation of metadata, the same for every kind."""

from typing import Any

from . import names
from .fielderrors import FieldError, forbidden, invalid, required, too_long
from .fieldrules import NEGATIVE
from .objects import Object

ANNOTATIONS_LIMIT = 256 * 1024
_IMMUTABLE = "field is immutable"
_STANDARD_FINALIZERS = ("kubernetes", "orphan", "foregroundDeletion")


def validate_meta(
    obj: Object, rule: names.Form, *, namespaced: bool, custom: bool = False, path: str = "metadata"
) -> list[FieldError]:
    """Faults of a new object's metadata. `rule` is the form of its name; `custom` resources have freer finalizers."""
    meta = obj.get("metadata") or {}
    errors: list[FieldError] = []
    prefix, name, space = meta.get("generateName"), meta.get("name"), meta.get("namespace")
    if prefix:
        errors += [invalid(f"{path}.generateName", prefix, fault) for fault in rule(_masked(prefix))]
    if not name:
        errors.append(required(f"{path}.name", "name or generateName is required"))
    else:
        errors += [invalid(f"{path}.name", name, fault) for fault in rule(name)]
    if namespaced:
        if not space:
            errors.append(required(f"{path}.namespace"))
        else:
            errors += [invalid(f"{path}.namespace", space, fault) for fault in names.label(space)]
    elif space:
        errors.append(forbidden(f"{path}.namespace", "not allowed on this type"))
    return errors + _common(meta, path) + _finalizers(meta.get("finalizers"), f"{path}.finalizers", custom=custom)


def _masked(prefix: str) -> str:
    """A prefix may end with a dash, since something follows it."""
    return f"{prefix[:-2]}a" if len(prefix) > 1 and prefix.endswith("-") else prefix


def _common(meta: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    if (meta.get("generation") or 0) < 0:
        errors.append(invalid(f"{path}.generation", meta["generation"], NEGATIVE))
    if meta.get("labels"):
        errors += validate_labels(meta["labels"], f"{path}.labels")
    if meta.get("annotations"):
        errors += validate_annotations(meta["annotations"], f"{path}.annotations")
    if meta.get("ownerReferences"):
        errors += _owners(meta["ownerReferences"], f"{path}.ownerReferences")
    return errors


def validate_labels(labels: dict[str, Any] | None, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for key, value in (labels or {}).items():
        errors += [invalid(path, key, fault) for fault in names.label_key(key)]
        errors += [invalid(path, value, fault) for fault in names.label_value(value)]
    return errors


def validate_annotations(annotations: dict[str, str], path: str) -> list[FieldError]:
    errors = [invalid(path, key, fault) for key in annotations for fault in names.label_key(key.lower())]
    size = sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())
    if size > ANNOTATIONS_LIMIT:
        errors.append(too_long(path, ANNOTATIONS_LIMIT))
    return errors


def _owners(owners: list[Object], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    first = ""
    for index, owner in enumerate(owners):
        errors += _owner(owner, f"{path}[{index}]")
        if owner.get("controller"):
            here = f"{owner.get('kind')}/{owner.get('name')}"
            if first:
                text = 'Only one reference can have Controller set to true. Found "true" in references for '
                errors.append(invalid(path, owners, f"{text}{first} and {here}"))
            first = first or here
    return errors


def _owner(owner: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    version = owner.get("apiVersion") or ""
    if not version:
        errors.append(required(f"{path}.apiVersion", "must not be empty"))
    elif version.count("/") > 1 or version.endswith("/"):
        errors.append(invalid(f"{path}.apiVersion", version, "must be <group>/<version> or <version>"))
    errors += [
        required(f"{path}.{field}", "must not be empty") for field in ("kind", "name", "uid") if not owner.get(field)
    ]
    if version == "v1" and owner.get("kind") == "Event":
        errors.append(invalid(path, owner, "/v1, Kind=Event is disallowed from being an owner"))
    return errors


def _finalizers(finalizers: list[str] | None, path: str, *, custom: bool = False) -> list[FieldError]:
    if not finalizers:
        return []
    errors = [invalid(path, each, fault) for each in finalizers for fault in names.label_key(each)]
    text = "name is neither a standard finalizer name nor is it fully qualified"
    if not custom:
        short = (at for at, each in enumerate(finalizers) if "/" not in each and each not in _STANDARD_FINALIZERS)
        errors += [invalid(f"{path}[{at}]", finalizers[at], text) for at in short]
    if {"orphan", "foregroundDeletion"} <= set(finalizers):
        errors.append(invalid(path, finalizers, "finalizer orphan and foregroundDeletion cannot be both set"))
    return errors


def validate_meta_update(new: Object, old: Object, *, custom: bool = False, path: str = "metadata") -> list[FieldError]:
    """Faults of a changed object's metadata."""
    after, before = new.get("metadata") or {}, old.get("metadata") or {}
    errors: list[FieldError] = []
    if before.get("deletionTimestamp"):
        extra = sorted(set(after.get("finalizers") or ()) - set(before.get("finalizers") or ()))
        if extra:
            shown = ", ".join(f'"{each}"' for each in extra)
            text = "no new finalizers can be added if the object is being deleted, found new finalizers "
            errors.append(forbidden(f"{path}.finalizers", f"{text}[]string{{{shown}}}"))
    if not after.get("resourceVersion"):
        errors.append(
            invalid(f"{path}.resourceVersion", after.get("resourceVersion"), "must be specified for an update")
        )
    for field in ("name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"):
        errors += immutable(after.get(field), before.get(field), f"{path}.{field}")
    errors += _common(after, path)
    if after.get("finalizers") != before.get("finalizers"):
        errors += _finalizers(after.get("finalizers"), f"{path}.finalizers", custom=custom)
    return errors


def immutable(new: Any, old: Any, path: str) -> list[FieldError]:
    """A fault where the field changed."""
    return [] if new == old else [invalid(path, new, _IMMUTABLE)]


def validate_selector(selector: Object | None, path: str) -> list[FieldError]:
    """Faults of a LabelSelector."""
    if not selector:
        return []
    errors = validate_labels(selector.get("matchLabels"), f"{path}.matchLabels")
    for index, expression in enumerate(selector.get("matchExpressions") or ()):
        errors += _requirement(expression, f"{path}.matchExpressions[{index}]")
    return errors


def _requirement(expression: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    operator, values = expression.get("operator") or "", expression.get("values") or []
    if operator in ("In", "NotIn"):
        if not values:
            errors.append(required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'"))
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            text = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            errors.append(forbidden(f"{path}.values", text))
    else:
        errors.append(invalid(f"{path}.operator", operator, "not a valid selector operator"))
    key = expression.get("key") or ""
    errors += [invalid(f"{path}.key", key, fault) for fault in names.label_key(key)]
    for index, value in enumerate(values):
        errors += [invalid(f"{path}.values[{index}]", value, fault) for fault in names.label_value(value)]
    return errors
