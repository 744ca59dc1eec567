"""The transport over HTTP, against a server on loopback that answers as the test says."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from eachpod.client.client import Client
from eachpod.client.http import HttpTransport
from eachpod.client.kubeconfig import Access, KubeconfigError
from eachpod.model.errors import Conflict, Expired, StatusError
from eachpod.model.resources import POD
from eachpod.wire.http import Request

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def served(handler: Handler, token: str = "") -> AsyncIterator[HttpTransport]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    transport = HttpTransport(Access(f"http://127.0.0.1:{port}", token=token))
    try:
        yield transport
    finally:
        await transport.close()
        await runner.cleanup()


async def test_request_and_answer_keep_their_form() -> None:
    seen = {}

    async def handler(request: web.Request) -> web.Response:
        seen.update(url=str(request.rel_url), body=await request.json(), auth=request.headers["Authorization"])
        return web.json_response({"ok": 1}, headers={"Warning": r'299 - "say \"so\""'})

    async with served(handler, token="t") as transport:
        query = {"labelSelector": "a in (b,c)", "command": ("x", "y z")}
        response = await transport.send(Request("POST", "/api/v1/pods", query, {"a": "ü"}))
    assert response.body == {"ok": 1}
    assert response.warnings == ('say "so"',)
    assert seen == {
        "url": "/api/v1/pods?labelSelector=a+in+%28b%2Cc%29&command=x&command=y+z",
        "body": {"a": "ü"},
        "auth": "Bearer t",
    }


async def test_many_requests_at_once_share_few_connections() -> None:
    peers = set()

    async def handler(request: web.Request) -> web.Response:
        assert request.transport is not None
        peers.add(request.transport.get_extra_info("peername"))
        await asyncio.sleep(0)
        return web.json_response({})

    async with served(handler) as transport:
        answers = await asyncio.gather(*(transport.send(Request("GET", "/api")) for _ in range(200)))
    assert len(answers) == 200
    assert len(peers) <= 32


async def test_failures_are_the_classes_of_the_model() -> None:
    async def handler(request: web.Request) -> web.Response:
        if "plain" in request.path:
            return web.Response(status=502, text="bad gateway")
        return web.json_response(Conflict("no").status(), status=409)

    async with served(handler) as transport:
        with pytest.raises(Conflict, match="no"):
            await transport.send(Request("GET", "/api"))
        with pytest.raises(StatusError, match="bad gateway") as caught:
            await transport.send(Request("GET", "/plain"))
        assert caught.value.status_code == 502


async def test_no_server_is_a_connection_error() -> None:
    transport = HttpTransport(Access("http://127.0.0.1:1"))
    with pytest.raises(ConnectionError, match=r"no answer from http://127\.0\.0\.1:1: connection refused$"):
        await transport.send(Request("GET", "/api"))
    with pytest.raises(ConnectionError):
        await anext(transport.watch(Request("GET", "/api")))
    await transport.close()


async def test_watch_splits_lines_however_they_arrive() -> None:
    big = {"metadata": {"name": "x" * 300_000}}
    events = [{"type": "ADDED", "object": {"n": n}} for n in range(3)] + [{"type": "MODIFIED", "object": big}]
    data = b"".join(json.dumps(event).encode() + b"\n" for event in events)

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for start in (0, 10, 40, 41):
            end = {0: 10, 10: 40, 40: 41, 41: len(data)}[start]
            await response.write(data[start:end])
        return response

    async with served(handler) as transport:
        got = [event async for event in Client(transport).watch(POD)]
    assert [event.type for event in got] == ["ADDED"] * 3 + ["MODIFIED"]
    assert got[-1].object == big


async def test_error_event_is_raised() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.json_response({"type": "ERROR", "object": Expired("too old").status()})

    async with served(handler) as transport:
        # json_response sends no newline: the last line counts all the same
        with pytest.raises(Expired, match="too old"):
            await anext(transport.watch(Request("GET", "/api")))


def test_unusable_certificate_is_named() -> None:
    with pytest.raises(KubeconfigError, match="certificates for https://h cannot be used"):
        HttpTransport(Access("https://h", ca=b"no certificate"))
