"""Requests about a part of an object: status, scale and the like, one file per part with a life of its own."""

from collections.abc import Awaitable, Callable

from eachpod.server import patching, reads, writes
from eachpod.server.calls import Call, Core, not_allowed, unknown_path
from eachpod.wire.http import Response

from . import binding, eviction, scale, token

Handler = Callable[[Core, Call], Awaitable[Response]]

# Parts that are written like the object itself.
_WHOLE: dict[str, Handler] = {"get": reads.get, "update": writes.update, "patch": patching.patch}
_SPECIAL: dict[str, Handler] = {
    "scale": scale.handle,
    "binding": binding.handle,
    "eviction": eviction.handle,
    "token": token.handle,
}


async def handle(core: Core, call: Call) -> Response:
    info = call.info
    known = call.resource.subresource(info.subresource)
    if known is None:
        raise unknown_path()
    if info.verb not in known.verbs:
        raise not_allowed()
    if info.subresource in _SPECIAL:
        return await _SPECIAL[info.subresource](core, call)
    if info.subresource in ("status", "ephemeralcontainers", "resize", "finalize"):
        return await _WHOLE[info.verb](core, call)
    raise not_allowed()
