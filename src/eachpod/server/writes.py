"""POST, PUT, PATCH and DELETE: decide on the present state, store, and decide again where another write came first."""

import contextlib
from collections.abc import Callable
from dataclasses import replace

from eachpod.model import errors
from eachpod.model.fielderrors import invalid, not_supported
from eachpod.model.kind import Kind
from eachpod.model.objects import Object, dig, name, put
from eachpod.model.resources import ENDPOINTS, SERVICE
from eachpod.store.contract import Change, Entry, Key, RevisionConflict
from eachpod.wire.http import APPLY_PATCH, STRATEGIC_PATCH, Response

from . import applying, decode, fieldcheck, patching, present
from .admission.chain import Attributes, admit
from .calls import ATTEMPTS, Call, Core
from .context import Context
from .ownership import owned, owned_new, same
from .patching import Patch, patch_of
from .reads import form_of, list_objects, selection_of
from .requestinfo import text
from .verbs.create import Setting, created, distinct_owners
from .verbs.delete import Deletion, Options, deleted
from .verbs.update import check_uid, ends, updated

_MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"
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
    raise errors.conflict(call.resource, call.info.name, _MODIFIED)


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


async def patch(core: Core, call: Call) -> Response:
    if decode.media_type(call.request.content_type) == APPLY_PATCH:
        return await applying.handle(core, call)
    applying.check_options(call, applies=False)
    wanted = patch_of(call)
    return answer(call, 200, await patched(core, call, wanted))


async def patched(core: Core, call: Call, wanted: Patch) -> Object:
    chosen = fieldcheck.level(call.request.query)

    def next_state(old: Object) -> Object:
        made = readable(call, call.kind, wanted(old), chosen)
        check_name(call, made)
        return decode.defaulted(call.kind, made)

    return await change(core, call, next_state)


def readable(call: Call, kind: Kind, made: Object, chosen: str) -> Object:
    """What a patch has made, where it is an object of its kind."""
    if decode.media_type(call.request.content_type) == STRATEGIC_PATCH:
        decode.check_identity(kind, made)
    with patching.refused(call, made):
        decode.check_identity(kind, made)
        return fieldcheck.check(kind, made, chosen, call.context)


def delete_options(call: Call) -> Options:
    found: Object = {}
    if call.request.body:
        value = decode.parsed(call.request.body, call.request.content_type)
        if value is not None and not isinstance(value, dict):
            why = f"json parse error: invalid character '{str(value)[:1]}' looking for beginning of value"
            raise errors.BadRequest(f"couldn't get version/kind; {why}")
        found = value or {}
    if (found.get("kind") or "DeleteOptions") != "DeleteOptions":
        version = found.get("apiVersion") or "v1"
        text_ = f'no kind "{found["kind"]}" is registered for version "{version}" in scheme "pkg/runtime/scheme.go:111"'
        raise errors.BadRequest(text_)
    return options_of(found, call)


def options_of(found: Object, call: Call) -> Options:
    """DeleteOptions from a body, or from the query where the body does not say."""
    query = call.request.query
    if found.get("dryRun"):
        fieldcheck.check_dry_run(list(found["dryRun"]), "DeleteOptions")
    grace = text(query, "gracePeriodSeconds")
    if grace and not grace.removeprefix("-").isdigit():
        raise errors.BadRequest(f'strconv.ParseInt: parsing "{grace}": invalid syntax')
    orphan = found.get("orphanDependents")
    policy = found.get("propagationPolicy") or text(query, "propagationPolicy")
    fault = None
    if policy and policy not in ("Orphan", "Background", "Foreground"):
        fault = not_supported("propagationPolicy", policy, ("Foreground", "Background", "Orphan", "nil"))
    elif policy and orphan is not None:
        fault = invalid("propagationPolicy", policy, "orphanDependents and deletionPropagation cannot be both set")
    elif orphan is not None:
        policy = "Orphan" if orphan else "Background"
    if fault is not None:
        details: Object = {"group": "meta.k8s.io", "kind": "DeleteOptions", "causes": [fault.cause()]}
        raise errors.Invalid(f'DeleteOptions.meta.k8s.io "" is invalid: {fault}', details=details)
    return Options(
        grace_seconds=found.get("gracePeriodSeconds", int(grace) if grace.lstrip("-").isdigit() else None),
        uid=dig(found, "preconditions", "uid", default=""),
        resource_version=dig(found, "preconditions", "resourceVersion") or text(query, "resourceVersion"),
        propagation=policy,
        dry_run=bool(found.get("dryRun")),
    )


async def delete(core: Core, call: Call) -> Response:
    options = delete_options(call)
    call = call.as_dry_run() if options.dry_run else call
    _warn_of_orphans(call, options)
    obj, gone = await removed(core, call, options)
    if gone and not call.kind.delete_returns_object:
        return Response(200, _gone(call, obj), warnings=tuple(call.context.warnings))
    return answer(call, 200, obj)


def _warn_of_orphans(call: Call, options: Options) -> None:
    """Who deletes without a word on what depends on the object may not expect that it stays."""
    if call.kind.propagation == "Orphan" and not options.propagation:
        text = (
            "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them"
        )
        call.context.warn(f"{text} or set propagationPolicy=Orphan to suppress this warning")


def _gone(call: Call, obj: Object) -> Object:
    details: Object = {"name": call.info.name or name(obj)}
    if call.resource.group:
        details["group"] = call.resource.group
    details |= {"kind": call.resource.plural, "uid": dig(obj, "metadata", "uid", default="")}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


async def removed(core: Core, call: Call, options: Options) -> tuple[Object, bool]:
    """The last state of the object, and whether it has left the store."""
    key, kind = call.key(), call.kind
    for _ in range(ATTEMPTS):
        entry = core.store.get(key)
        if entry is None:
            raise errors.not_found(call.resource, key.name)
        old = entry.object
        admit(core.plugins, old, Attributes("DELETE", kind, key.namespace, key.name, call.context, core.view, old=old))
        wanted = deleted(kind, old, options, call.context.now)
        try:
            return await _perform(core, call, entry, wanted)
        except RevisionConflict:
            continue
    raise errors.conflict(call.resource, key.name, _MODIFIED)


async def _perform(core: Core, call: Call, entry: Entry, wanted: Deletion) -> tuple[Object, bool]:
    if wanted.marked is not None:
        entry = await core.commit(call, Change(entry.key, wanted.marked, entry.revision))
    if wanted.gone:
        last = entry.object
        if not call.context.dry_run:
            last = (await core.commit(call, Change(entry.key, None, entry.revision))).object
            if call.resource == SERVICE:
                await _drop_endpoints(core, call, entry.key)
        return last, True
    return entry.object, False


async def _drop_endpoints(core: Core, call: Call, service: Key) -> None:
    """The Endpoints of a Service go with it."""
    entry = core.store.get(service._replace(resource=ENDPOINTS.group_resource))
    if entry is not None:
        with contextlib.suppress(RevisionConflict):
            await core.commit(call, Change(entry.key, None, entry.revision))


async def delete_collection(core: Core, call: Call) -> Response:
    options, selection, key = delete_options(call), selection_of(call), call.key()
    call = call.as_dry_run() if options.dry_run else call
    _warn_of_orphans(call, options)
    answer_ = await list_objects(core, call)
    for entry in list(core.store.entries(key.resource, key.namespace)):
        if not selection.empty and not selection.matches(present.converted(call.kind, entry.object)):
            continue
        info = replace(call.info, name=entry.key.name, namespace=entry.key.namespace)
        try:
            await removed(core, replace(call, info=info), options)
        except errors.NotFound:
            continue
    return answer_
