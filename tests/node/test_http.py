"""The agent's API refuses in the words and the form that clients understand."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from eachpod.node import httpproxy
from eachpod.node.httplogs import Refused

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
Get = Callable[[Handler, str], Awaitable[tuple[int, Any]]]


@pytest.fixture
async def get() -> AsyncIterator[Get]:
    runners = []

    async def answer(handler: Handler, path: str) -> tuple[int, Any]:
        runner = web.ServerRunner(web.Server(handler, access_log=None))
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}{path}"
        async with aiohttp.ClientSession() as session, session.get(url) as found:
            return found.status, (await found.json() if "json" in found.content_type else await found.text())

    yield answer
    for each in runners:
        await each.cleanup()


async def test_a_pod_that_refuses_is_named_in_the_systems_words(get: Get) -> None:
    async def proxied(request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await httpproxy.serve(request, request.path.strip("/").split("/"))
        except Refused as refused:
            return web.Response(status=refused.status, text=refused.text)

    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{unheard.getsockname()[1]}"
        status, text = await get(proxied, f"/proxy/http/{where.replace(':', '/')}/page")
    assert status == 503
    assert text == f"error trying to reach service: dial tcp {where}: connection refused"
