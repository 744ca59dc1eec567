"""POST, PUT, and what every change of an object is: decide on the present state, store, and decide again where another
write came first."""

from collections.abc import Callable
from dataclasses import replace

from eachpod.model import errors
from eachpod.model.objects import Object, dig, name, put
from eachpod.store.contract import Change, Entry, RevisionConflict
from eachpod.wire.http import Response

from . import decode, present
from .calls import ATTEMPTS, Call, Core
from .context import Context
from .ownership import owned, owned_new, same
from .reads import form_of
from .verbs.create import Setting, created, distinct_owners
from .verbs.update import check_uid, ends, updated

MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"
_NAME_ATTEMPTS = 8


def _setting(core: Core, context: Context) -> Setting:
    return Setting(context, core.view, core.plugins, core.checks, core.finish)


def answer(call: Call, status: int, obj: Object) -> Response:
    body = present.single(call.kind, present.converted(call.kind, obj), form_of(call), call.context.now)
    return Response(status, body, warnings=tuple(call.context.warnings))


async def create(core: Core, call: Call) -> Response:
    body = decode.object_of(call.kind, call.request, call.context)
    return answer(call, 201, (await stored_new(core, call, owned_new(call, body))).object)


async def stored_new(core: Core, call: Call, body: Object) -> Entry:
    resource, context = call.resource, call.context
    generated = not dig(body, "metadata", "name") and dig(body, "metadata", "generateName")
    key = call.key()
    for _ in range(_NAME_ATTEMPTS if generated else 1):
        try:
            obj = created(call.kind, body, call.key().namespace, _setting(core, context))
            key = call.key(name(obj))
            kept = call.kind.extra["to_stored"](obj) if "to_stored" in call.kind.extra else obj
            if core.store.get(key) is None:
                return await core.commit(call, Change(key, kept, 0))
        except RevisionConflict:
            pass
        finally:
            context.end()
        context = replace(context, entropy=core.entropy())
    old = core.store.get(key)
    taken = errors.already_exists(resource, key.name)
    if old is not None and dig(old.object, "metadata", "deletionTimestamp"):
        raise errors.AlreadyExists(f"object is being deleted: {taken.message}", details=taken.details)
    raise taken


def check_name(call: Call, sent: Object) -> None:
    """BadRequest where an object has another name than the path."""
    given = dig(sent, "metadata", "name", default="")
    if given != call.info.name:
        why = f"the name of the object ({given}) does not match the name on the URL ({call.info.name})"
        if not given:
            why = f"the name of the object ({call.info.name} based on URL) was undeterminable: name must be provided"
        raise errors.BadRequest(why)


async def update(core: Core, call: Call) -> Response:
    body = decode.object_of(call.kind, call.request, call.context)
    check_name(call, body)
    if owners := dig(body, "metadata", "ownerReferences"):
        body = put(body, ("metadata", "ownerReferences"), distinct_owners(owners, call.context))
    if core.store.get(call.key()) is None and call.kind.create_on_update and not call.info.subresource:
        return answer(call, 201, (await stored_new(core, call, body)).object)

    def next_state(old: Object) -> Object:
        check_uid(call.kind, body, old)
        return present.sealed(body, call.resource)

    return answer(call, 200, await change(core, call, next_state))


async def change(core: Core, call: Call, next_state: Callable[[Object], Object], *, applies: bool = False) -> Object:
    """Store what `next_state` makes of the present object. It is asked again where another write came first, unless
    what it made names the version that it is about (then `updated` finds the conflict)."""
    for _ in range(ATTEMPTS):
        try:
            return await _changed(core, call, next_state, applies=applies)
        except RevisionConflict:
            continue
        finally:
            call.context.end()
    raise errors.conflict(call.resource, call.info.name, MODIFIED)


async def _changed(core: Core, call: Call, next_state: Callable[[Object], Object], *, applies: bool) -> Object:
    key, kind = call.key(), call.kind
    entry = core.store.get(key)
    if entry is None:
        raise errors.not_found(call.resource, key.name)
    old = present.converted(kind, entry.object)
    body, part = next_state(old), call.info.subresource
    if not applies:
        body = owned(call, old, body)
    new = updated(kind, body, old, _setting(core, call.context), part)
    if same(new, old):
        return old
    if ends(kind, new):
        await core.commit(call, Change(key, None, entry.revision))
        return new
    kept = kind.extra["to_stored"](new) if "to_stored" in kind.extra else new
    return present.converted(kind, (await core.commit(call, Change(key, kept, entry.revision))).object)
