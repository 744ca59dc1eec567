"""Logs over WebSockets: the node writes plain text, the API server makes messages of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from eachpod.model.errors import NotFound
from eachpod.server.nodes.passing import pass_on
from eachpod.server.nodes.targets import Target

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def front(kubelet: Handler) -> AsyncIterator[str]:
    """The address of a server that passes everything on to `kubelet`."""
    behind, before = web.Application(), web.Application()
    behind.router.add_get("/containerLogs", kubelet)
    async with TestServer(behind) as node:

        async def passing(request: web.Request) -> web.StreamResponse:
            try:
                return await pass_on(request, Target("127.0.0.1", node.port or 0, "/containerLogs", True), None)
            except NotFound as error:
                return web.Response(status=404, text=str(error))

        before.router.add_get("/log", passing)
        async with TestServer(before) as server:
            yield str(server.make_url("/log"))


async def two_lines(request: web.Request) -> web.StreamResponse:
    assert "Upgrade" not in request.headers
    return web.Response(text="one\ntwo\n")


@pytest.mark.parametrize(
    ("protocol", "kind", "data"),
    [
        ("binary.k8s.io", aiohttp.WSMsgType.BINARY, b"one\ntwo\n"),
        ("base64.binary.k8s.io", aiohttp.WSMsgType.TEXT, "b25lCnR3bwo="),
    ],
)
async def test_a_log_comes_as_messages(protocol: str, kind: aiohttp.WSMsgType, data: bytes | str) -> None:
    async with (
        front(two_lines) as url,
        aiohttp.ClientSession() as session,
        session.ws_connect(url, protocols=(protocol,)) as socket,
    ):
        message = await socket.receive()
        assert (socket.protocol, message.type, message.data) == (protocol, kind, data)
        assert (await socket.receive()).type == aiohttp.WSMsgType.CLOSE


async def test_where_there_is_no_log_nothing_is_upgraded() -> None:
    async def refusing(request: web.Request) -> web.StreamResponse:
        return web.Response(status=404, text="container app is not valid for pod web-0\n")

    async with front(refusing) as url, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(url)
        assert refused.value.status == 404


async def test_a_client_that_leaves_ends_a_log_that_would_grow_for_ever() -> None:
    left = asyncio.Event()

    async def growing(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        try:
            await answer.write(b"one\n")
            while request.transport and not request.transport.is_closing():
                await asyncio.sleep(0.01)
        finally:
            left.set()
        return answer

    async with front(growing) as url, aiohttp.ClientSession() as session:
        async with session.ws_connect(url) as socket:
            assert (await socket.receive()).data == b"one\n"
        await asyncio.wait_for(left.wait(), 60)
