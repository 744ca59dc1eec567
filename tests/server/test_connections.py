"""Requests that cannot be read, over a real connection."""

import asyncio

import pytest

from eachpod.server.app import ApiServer
from eachpod.server.authn import Authenticator
from eachpod.server.connections import Connections
from eachpod.server.http import HttpFront


async def said(server: ApiServer, request: bytes) -> bytes:
    front = Connections(HttpFront(server, Authenticator([], anonymous=True)), access_log=None)
    listening = await asyncio.get_running_loop().create_server(front, "127.0.0.1", 0)
    try:
        reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
        writer.write(request)
        async with asyncio.timeout(60):
            answer = await reader.read()
        writer.close()
    finally:
        listening.close()
        await front.shutdown()
    return answer


async def test_a_method_that_no_resource_has(server: ApiServer) -> None:
    answer = await said(server, b"FOO /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b" 405 Method Not Allowed\r\n" in answer
    assert b'"message":"the server does not allow this method on the requested resource"' in answer
    assert b"application/json" in answer


@pytest.mark.parametrize(
    "request_",
    [
        b"GARBAGE\r\n\r\n",
        b"F@O /api HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api HTTP/1.1\r\nno header\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n",
    ],
)
async def test_what_is_no_request(server: ApiServer, request_: bytes) -> None:
    answer = await said(server, request_)
    assert b" 400 Bad Request\r\n" in answer
    assert answer.endswith(b"\r\n\r\n400 Bad Request")
