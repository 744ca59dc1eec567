"""PUT, and the end of PATCH: what becomes of the stored object."""

from collections.abc import Sequence
from typing import Any

from eachpod.model import errors, metadata
from eachpod.model.fielderrors import invalid
from eachpod.model.kind import Kind
from eachpod.model.objects import Object, deleting, dig, finalizers, name
from eachpod.server.admission.chain import Attributes, Plugin, admit
from eachpod.server.context import Context, View
from eachpod.server.present import sealed

from .create import Finish, placed, unfinished

# What only the system decides about an object that exists.
_SYSTEM = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink")


def updated(
    kind: Kind,
    body: Object,
    old: Object,
    context: Context,
    view: View,
    plugins: Sequence[Plugin],
    subresource: str = "",
    finish: Finish = unfinished,
) -> Object:
    """The object to store instead of `old`. `body` is defaulted and private."""
    check_version(kind, body, old)
    body = placed(kind, body, dig(old, "metadata", "namespace", default=""))
    new = {**body, "metadata": _metadata(body["metadata"], old["metadata"])}
    new = _only_status(new, old) if subresource == "status" else _without_status(kind, new, old)
    attributes = Attributes(
        "UPDATE", kind, new["metadata"].get("namespace") or "", name(old), context, view, subresource, old
    )
    new = admit(plugins, new, attributes)
    if subresource == "status":
        new = kind.prepare_status(new, old)
    else:
        new = finish(kind, kind.prepare_update(new, old), old, context)
    new = _with_generation(kind, new, old)
    faults = metadata.validate_meta_update(new, old)
    faults += kind.validate_status_update(new, old) if subresource == "status" else kind.validate_update(new, old)
    if faults:
        raise errors.invalid(kind.resource, name(new), faults)
    for text in kind.warnings(new, old):
        context.warn(text)
    return sealed(new, kind.resource)


def check_version(kind: Kind, body: Object, old: Object) -> None:
    """A stale or foreign object is refused; one without a version overwrites where its kind allows it."""
    have, held = body.get("metadata") or {}, old["metadata"]
    if have.get("uid") and have["uid"] != held.get("uid"):
        text = f"Precondition failed: UID in precondition: {have['uid']}, UID in object meta: {held.get('uid')}"
        raise errors.conflict(kind.resource, name(old), text)
    version = have.get("resourceVersion")
    if version and version != held.get("resourceVersion"):
        if not str(version).isdigit():
            raise errors.InternalError(f'Internal error occurred: invalid resource version "{version}"')
        text = "the object has been modified; please apply your changes to the latest version and try again"
        raise errors.conflict(kind.resource, name(old), text)
    if not version and not kind.unconditional_update:
        fault = invalid("metadata.resourceVersion", 0, "must be specified for an update")
        raise errors.invalid(kind.resource, name(old), [fault])


def _metadata(new: Object, old: Object) -> Object:
    kept = {key: value for key, value in new.items() if key not in _SYSTEM}
    kept |= {key: old[key] for key in _SYSTEM if key in old}
    kept["resourceVersion"] = old.get("resourceVersion")
    if old.get("generateName") and "generateName" not in kept:
        kept["generateName"] = old["generateName"]
    if "managedFields" not in kept and "managedFields" in old:
        kept["managedFields"] = old["managedFields"]
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


def ends(kind: Kind, new: Object) -> bool:
    """Whether this update takes the last thing away that held a deleted object."""
    if not deleting(new) or finalizers(new):
        return False
    return not kind.graceful or not new["metadata"].get("deletionGracePeriodSeconds")
