"""POST to a collection: a new object from what the client sent."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from eachpod.kit.ids import uid
from eachpod.model import errors, metadata, names
from eachpod.model.kind import Kind
from eachpod.model.objects import Object, name
from eachpod.model.timestamps import render
from eachpod.server.admission.chain import Attributes, Plugin, admit
from eachpod.server.context import Context, View
from eachpod.server.generatename import generated_name
from eachpod.server.present import sealed

# What a client cannot decide about a new object.
_SYSTEM = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "generation")


# Chooses what only the server can choose (addresses of Services); runs before validation.
Finish = Callable[[Kind, Object, Object | None, Context], Object]


@dataclass(frozen=True, slots=True)
class Setting:
    """What a write is decided in: who asks for it, what else is stored, and who else has a say."""

    context: Context
    view: View
    # These may change an object; those may only refuse it, once it is known to be valid.
    plugins: Sequence[Plugin]
    checks: Sequence[Plugin]
    finish: Finish


def created(kind: Kind, body: Object, namespace: str, setting: Setting) -> Object:
    """The object to store. `body` is defaulted and private."""
    resource, context = kind.resource, setting.context
    body = placed(kind, body, namespace)
    attributes = Attributes("CREATE", kind, namespace, name(body), context, setting.view)
    body = admit(setting.plugins, body, attributes)
    meta = {key: value for key, value in body["metadata"].items() if key not in _SYSTEM}
    if meta.get("generateName") and not meta.get("name"):
        meta["name"] = generated_name(meta["generateName"], context)
    if meta.get("ownerReferences"):
        meta["ownerReferences"] = distinct_owners(meta["ownerReferences"], context)
    meta |= {"uid": uid(context.entropy), "creationTimestamp": render(context.now)}
    if kind.generation:
        meta["generation"] = 1
    obj = setting.finish(kind, kind.prepare_create({**body, "metadata": meta}), None, context)
    faults = metadata.validate_meta(
        obj, names.rule(kind.name_rule), namespaced=resource.namespaced, custom=kind.free_finalizers
    )
    faults += kind.validate(obj)
    if faults:
        raise errors.invalid(kind.extra.get("stored_as", resource), name(obj), faults)
    for text in kind.warnings(obj, None):
        context.warn(text)
    if meta.get("resourceVersion"):
        raise errors.InternalError("resourceVersion should not be set on objects to be created", reason="")
    admit(setting.checks, obj, replace(attributes, name=name(obj)))
    return sealed(obj, resource)


def distinct_owners(owners: list[Object], context: Context, when: str = "") -> list[Object]:
    """Owners by uid, the first of each; others are dropped with a warning."""
    found: dict[str, Object] = {}
    doubled: list[str] = []
    for owner in owners:
        uid_ = owner.get("uid") or ""
        if uid_ in found and uid_ not in doubled:
            doubled.append(uid_)
        found.setdefault(uid_, owner)
    if doubled:
        context.warn(
            f".metadata.ownerReferences contains duplicate entries{when}; API server dedups owner references in 1.20+, "
            "and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: "
            + ", ".join(doubled)
        )
    return list(found.values())


def placed(kind: Kind, body: Object, namespace: str) -> Object:
    """The object in the namespace of the request; it may name the same one or none."""
    meta = dict(body.get("metadata") or {})
    if kind.resource.namespaced:
        if meta.get("namespace") and meta["namespace"] != namespace:
            raise errors.BadRequest(
                "the namespace of the provided object does not match the namespace sent on the request"
            )
        meta["namespace"] = namespace
    return {**body, "metadata": meta}
