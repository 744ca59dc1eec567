"""DELETE of one object or of all that a selection leaves, as its options say."""

import contextlib
from dataclasses import replace

from eachpod.model import errors
from eachpod.model.fielderrors import invalid, not_supported
from eachpod.model.objects import Object, dig, name
from eachpod.model.resources import ENDPOINTS, SERVICE
from eachpod.store.contract import Change, Entry, Key, RevisionConflict
from eachpod.wire.http import Response

from . import decode, fieldcheck, present
from .admission.chain import Attributes, admit
from .calls import ATTEMPTS, Call, Core
from .reads import list_objects, selection_of
from .requestinfo import text
from .verbs.delete import Deletion, Options, deleted
from .writes import MODIFIED, answer


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
    raise errors.conflict(call.resource, key.name, MODIFIED)


async def _perform(core: Core, call: Call, entry: Entry, wanted: Deletion) -> tuple[Object, bool]:
    """The last state of the object, and whether it has left the store."""
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
