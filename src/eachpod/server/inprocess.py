"""The way to the API server for parts that run in its process: no encoding, no socket, the same rules."""

import asyncio
from collections.abc import AsyncIterator

from eachpod.model.errors import NotFound, from_status
from eachpod.wire.http import Request, Response, WatchEvent

from . import endpoints
from .app import ApiServer
from .user import LOOPBACK, User


class InProcessTransport:
    """See `client.transport.Transport`. Objects that come out are those of the store: they must not be changed."""

    def __init__(self, server: ApiServer, user: User = LOOPBACK) -> None:
        self._server, self._user = server, user

    async def send(self, request: Request) -> Response:
        known = endpoints.answer(self._server, request.method, request.path, request.accept, request.query)
        if known is not None:  # discovery and the like
            if known.status >= 400:
                raise NotFound("the server could not find the requested resource")
            return known
        await asyncio.sleep(0)  # those who come over the network are heard in between, however busy the parts here are
        return await self._server.answer(request, self._user)

    async def watch(self, request: Request) -> AsyncIterator[WatchEvent]:
        async for batch in self._server.watch(request, self._user, encoded=False).batches():
            for event in batch:
                if event.type == "ERROR":
                    raise from_status(event.object)
                yield event

    async def close(self) -> None:
        return
