"""GET: one object, a collection, a watch."""

import asyncio

from eachpod.model import errors
from eachpod.model.objects import Object
from eachpod.store.contract import Compacted
from eachpod.wire.http import Response

from . import present
from .calls import Call, Core
from .negotiate import Form, negotiate
from .requestinfo import flag, text
from .selection import Selection, select
from .verbs.listing import ExpiredPage, encode, number_of, page, parse_list, refused, revision_of, too_new, watch_faults
from .watches import Watch, WatchRequest

# How long a read waits for a revision that is not here yet.
_FUTURE_SECONDS = 3.0


async def get(core: Core, call: Call) -> Response:
    version = text(call.request.query, "resourceVersion")
    if version and not version.isdigit():
        why = f'Invalid value: "{version}": strconv.ParseUint: parsing "{version}": invalid syntax'
        raise errors.InternalError(f"resourceVersion: {why}", reason="")
    entry = core.store.get(call.key())
    if entry is None:
        raise errors.not_found(call.resource, call.info.name)
    obj = present.converted(call.kind, entry.object)
    form = negotiate(call.request.accept, call.request.query)
    if call.encoded and obj is entry.object and not form.shape:
        return Response(200, entry.raw, warnings=tuple(call.context.warnings))
    return answer(call, 200, present.single(call.kind, obj, form, call.context.now))


def answer(call: Call, status: int, body: Object) -> Response:
    return Response(status, body, warnings=tuple(call.context.warnings))


def form_of(call: Call) -> Form:
    return negotiate(call.request.accept, call.request.query)


def selection_of(call: Call) -> Selection:
    query = call.request.query
    fields = text(query, "fieldSelector")
    if call.info.verb == "watch" and call.info.name:  # the old form of a watch on one object
        fields = ",".join(part for part in (fields, f"metadata.name={call.info.name}") if part)
    return select(call.kind, text(query, "labelSelector"), fields)


async def list_objects(core: Core, call: Call) -> Response:
    query, form = call.request.query, form_of(call)
    options, selection = parse_list(query), selection_of(call)
    key = call.key()
    await _reached(core, options.minimum)
    revision = core.store.revision
    if options.exact and options.exact != revision:
        try:
            found = await core.store.entries_at(key.resource, key.namespace, options.exact)
        except Compacted as error:
            if options.start is None:
                text_ = f"The provided resource version is too old: {error.asked} ({error.oldest})"
                raise errors.Expired(text_) from None
            raise ExpiredPage(encode(revision, options.start)) from None
        revision = options.exact
    else:
        found = core.store.entries(key.resource, key.namespace)
    part = page(found, selection, options, revision)
    shape = present.many_encoded if call.encoded else present.many
    body = shape(call.kind, part.entries, part.meta, form, call.context.now)
    return Response(200, body, warnings=tuple(call.context.warnings))


async def _reached(core: Core, revision: int) -> None:
    if revision <= core.store.revision:
        return
    until = asyncio.get_running_loop().time() + _FUTURE_SECONDS
    while revision > core.store.revision:
        if asyncio.get_running_loop().time() > until:
            raise too_new(revision, core.store.revision)
        await asyncio.sleep(0.05)


def watch(core: Core, call: Call) -> Watch:
    query = call.request.query
    faults = watch_faults(query)
    if faults:
        raise refused(faults)
    version = text(query, "resourceVersion")
    initial, bookmarks = flag(query, "sendInitialEvents"), flag(query, "allowWatchBookmarks")
    present_first = initial or version in ("", "0")
    seconds = number_of(text(query, "timeoutSeconds"))
    key = call.key()
    since = None if present_first else revision_of(version)
    request = WatchRequest(
        call.kind,
        key.resource,
        key.namespace,
        selection_of(call),
        form_of(call),
        since,
        bookmarks=bookmarks,
        initial_end=bookmarks and (initial or version == "0"),
        seconds=float(max(seconds, 0)),
    )
    made = Watch(request, core.store, core.frames, call.encoded)
    made.start()
    return made
