"""A connection taken over from aiohttp."""

import asyncio
import gc
import socket
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from eachpod.wire.takeover import taken_over

SPDY = b"POST /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n"
WEBSOCKET = b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


async def echo(request: web.BaseRequest) -> web.StreamResponse:
    """Answers in another protocol: 101, then every line in capitals until the client ends."""
    async with taken_over(request) as (reader, writer):
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        while line := await reader.readline():
            writer.write(line.upper())
            await writer.drain()
    return web.Response(text="this is not sent")


@pytest.fixture
async def port() -> AsyncIterator[int]:
    server = web.Server(echo)
    runner = web.ServerRunner(server)
    await runner.setup()
    listening = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listening).start()
    yield listening.getsockname()[1]
    assert server.connections == []  # aiohttp has forgotten every connection that was taken from it
    await runner.cleanup()
    gc.collect()


@pytest.mark.parametrize(("head", "early"), [(SPDY, b""), (WEBSOCKET, b""), (WEBSOCKET, b"early\n")])
async def test_bytes_go_both_ways_after_the_head(port: int, head: bytes, early: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head + early)
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 101 Switching Protocols\r\n\r\n"
    lines = [early] if early else []
    lines += [b"hello\n", b"x" * 60_000 + b"\n"]
    writer.write(b"".join(lines[1:] if early else lines))
    writer.write_eof()
    assert await reader.read() == b"".join(lines).upper()
    writer.close()
    await writer.wait_closed()


async def test_much_data_waits_for_a_slow_reader(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(SPDY)
    await reader.readuntil(b"\r\n\r\n")
    line = b"y" * 1023 + b"\n"

    async def send() -> None:
        for _ in range(4000):
            writer.write(line)
            await writer.drain()
        writer.write_eof()

    sending = asyncio.create_task(send())
    await asyncio.sleep(0)
    received = 0
    while data := await reader.read(65536):
        received += len(data)
    await sending
    assert received == 4000 * 1024
    writer.close()
    await writer.wait_closed()
