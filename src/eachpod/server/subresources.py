"""Requests about a part of an object: status, scale and the like."""

from collections.abc import Awaitable, Callable

from eachpod.wire.http import Response

from . import reads, writes
from .calls import Call, Core, not_allowed, unknown_path

Handler = Callable[[Core, Call], Awaitable[Response]]


async def handle(core: Core, call: Call) -> Response:
    info = call.info
    known = call.resource.subresource(info.subresource)
    if known is None:
        raise unknown_path()
    if info.verb not in known.verbs:
        raise not_allowed(call)
    if info.subresource == "status":
        plain: dict[str, Handler] = {"get": reads.get, "update": writes.update, "patch": writes.patch}
        return await plain[info.verb](core, call)
    raise not_allowed(call)
