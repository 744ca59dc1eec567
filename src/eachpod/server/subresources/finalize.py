"""finalize: a namespace's own finalizers; the last one gone ends a deleted namespace."""

from eachpod.model import errors
from eachpod.model.objects import Object, deleting, dig, finalizers, put
from eachpod.server import decode, present, writes
from eachpod.server.calls import ATTEMPTS, Call, Core
from eachpod.server.verbs.update import check_version
from eachpod.store.contract import Change, RevisionConflict
from eachpod.wire.http import Response


async def handle(core: Core, call: Call) -> Response:
    sent = decode.object_of(call.kind, call.request, call.context)
    key = call.key()
    for _ in range(ATTEMPTS):
        entry = core.store.get(key)
        if entry is None:
            raise errors.not_found(call.resource, key.name)
        old = entry.object
        check_version(call.kind, sent, old)
        new = present.sealed(_finalized(old, sent), call.resource)
        try:
            if deleting(new) and not dig(new, "spec", "finalizers") and not finalizers(new):
                await core.commit(call, Change(key, None, entry.revision))
                return writes.answer(call, 200, new)
            return writes.answer(call, 200, (await core.commit(call, Change(key, new, entry.revision))).object)
        except RevisionConflict:
            continue
    raise errors.conflict(call.resource, key.name, "the object has been modified")


def _finalized(old: Object, sent: Object) -> Object:
    held = dig(sent, "spec", "finalizers")
    return put(old, ("spec",), {"finalizers": held} if held else {})
