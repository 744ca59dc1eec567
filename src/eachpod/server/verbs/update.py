"""PUT, and the end of PATCH: what becomes of the stored object."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from eachpod.model import errors, metadata
from eachpod.model.fielderrors import FieldError, invalid
from eachpod.model.kind import Kind, unchanged_update
from eachpod.model.objects import Object, deleting, dig, finalizers, name, put
from eachpod.server.admission.chain import Attributes, admit
from eachpod.server.present import sealed

from .create import Setting, distinct_owners, placed

Merge = Callable[[Object, Object], Object]
Check = Callable[[Object, Object], list[FieldError]]


@dataclass(frozen=True, slots=True)
class Part:
    """What is written through one endpoint of a kind: what it takes over of what was sent, what the system then sees
    to, and what may be wrong with the outcome. All are given the new and the old object."""

    take: Merge
    prepare: Merge
    check: Check
    counts: bool = True  # a change raises metadata.generation


_AFTER = " after mutating admission happens"
# What only the system decides about an object that exists, and what a client may leave out but not change.
_SYSTEM = ("creationTimestamp", "generation", "selfLink")
_FIXED = ("uid", "deletionTimestamp", "deletionGracePeriodSeconds")


def updated(kind: Kind, body: Object, old: Object, setting: Setting, subresource: str = "") -> Object:
    """The object to store instead of `old`. `body` is defaulted and private."""
    check_version(kind, body, old)
    body = placed(kind, body, dig(old, "metadata", "namespace", default=""))
    part = _part(kind, subresource, setting)
    new = part.take({**body, "metadata": _metadata(body["metadata"], old["metadata"])}, old)
    namespace = new["metadata"].get("namespace") or ""
    attributes = Attributes("UPDATE", kind, namespace, name(old), setting.context, setting.view, subresource, old)
    owners = new["metadata"].get("ownerReferences")
    if owners and owners != old["metadata"].get("ownerReferences"):
        new = put(new, ("metadata", "ownerReferences"), distinct_owners(owners, setting.context, _AFTER))
    new = part.prepare(admit(setting.plugins, new, attributes), old)
    if part.counts:
        new = _with_generation(kind, new, old)
    faults = metadata.validate_meta_update(new, old, custom=kind.free_finalizers) + part.check(new, old)
    if faults:
        raise errors.invalid(kind.extra.get("stored_as", kind.resource), name(new), faults)
    for text in kind.warnings(new, old):
        setting.context.warn(text)
    admit(setting.checks, new, attributes)
    return sealed(new, kind.resource)


def _part(kind: Kind, subresource: str, setting: Setting) -> Part:
    if subresource == "status":
        # Annotations count for some kinds, and their status writers set some.
        return Part(_only_status, kind.prepare_status, kind.validate_status_update, counts=False)
    if subresource in kind.extra.get("subresources", {}):
        take, check = kind.extra["subresources"][subresource]
        return Part(take, unchanged_update, check)

    def prepare(new: Object, old: Object) -> Object:
        return setting.finish(kind, kind.prepare_update(new, old), old, setting.context)

    return Part(partial(_without_status, kind), prepare, kind.validate_update)


def check_version(kind: Kind, body: Object, old: Object) -> None:
    """A stale or foreign object is refused; one without a version overwrites where its kind allows it."""
    have, held = body.get("metadata") or {}, old["metadata"]
    version = have.get("resourceVersion")
    version = None if version == "0" else version
    if version and version != held.get("resourceVersion"):
        if not str(version).isdigit():
            raise errors.InternalError(f'strconv.ParseUint: parsing "{version}": invalid syntax', reason="")
        text = "the object has been modified; please apply your changes to the latest version and try again"
        raise errors.conflict(kind.resource, name(old), text)
    if not version and not kind.unconditional_update:
        fault = invalid("metadata.resourceVersion", 0, "must be specified for an update")
        named_by_plural = replace(kind.resource, kind=kind.resource.plural)
        raise errors.invalid(named_by_plural, name(old), [fault])


def check_uid(kind: Kind, body: Object, old: Object) -> None:
    """A PUT that names another object's uid is about an object that is gone."""
    sent, held = (body.get("metadata") or {}).get("uid"), old["metadata"]
    if sent and sent != held.get("uid"):
        path = "/".join(part for part in (kind.resource.plural, held.get("namespace"), name(old)) if part)
        text = f"StorageError: invalid object, Code: 4, Key: /registry/{path}, ResourceVersion: 0, AdditionalErrorMsg: "
        text += f"Precondition failed: UID in precondition: {sent}, UID in object meta: {held.get('uid')}"
        raise errors.conflict(kind.resource, name(old), text)


def _metadata(new: Object, old: Object) -> Object:
    kept = {key: value for key, value in new.items() if key not in _SYSTEM}
    kept |= {key: old[key] for key in _SYSTEM if key in old}
    kept |= {key: old[key] for key in _FIXED if key in old and not kept.get(key)}
    kept["resourceVersion"] = old.get("resourceVersion")
    if old.get("generateName") and "generateName" not in kept:
        kept["generateName"] = old["generateName"]
    if "managedFields" not in kept and "managedFields" in old:
        kept["managedFields"] = old["managedFields"]
    if not any(kept.get("managedFields") or ()):  # one empty entry says that nobody owns anything any more
        kept.pop("managedFields", None)
    return kept


def _only_status(new: Object, old: Object) -> Object:
    meta = {**new["metadata"]}
    for key in ("ownerReferences", "finalizers"):
        meta.pop(key, None)
        if key in old["metadata"]:
            meta[key] = old["metadata"][key]
    kept = {**old, "metadata": meta}
    if "status" in new:
        kept["status"] = new["status"]
    else:
        kept.pop("status", None)
    return kept


def _without_status(kind: Kind, new: Object, old: Object) -> Object:
    if not kind.has_status:
        return new
    kept = {key: value for key, value in new.items() if key != "status"}
    if "status" in old:
        kept["status"] = old["status"]
    return kept


def _desired(kind: Kind, obj: Object) -> Any:
    special = kind.extra.get("generation_of")
    if special:
        return special(obj)
    return {key: value for key, value in obj.items() if key not in ("metadata", "status", "kind", "apiVersion")}


def _with_generation(kind: Kind, new: Object, old: Object) -> Object:
    if not kind.generation:
        return new
    before = old["metadata"].get("generation") or 0
    after = before + (_desired(kind, new) != _desired(kind, old))
    return {**new, "metadata": {**new["metadata"], "generation": after}}


def _namespace_waits(kind: Kind, obj: Object) -> bool:
    """A namespace goes by its finalize subresource, not by a write of its status."""
    return kind.resource.plural == "namespaces" and not kind.resource.group and bool(dig(obj, "spec", "finalizers"))


def ends(kind: Kind, new: Object) -> bool:
    """Whether this update takes the last thing away that held a deleted object."""
    if not deleting(new) or finalizers(new) or _namespace_waits(kind, new):
        return False
    return not kind.graceful or not new["metadata"].get("deletionGracePeriodSeconds")
