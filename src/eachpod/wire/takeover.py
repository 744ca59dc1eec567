"""Takes a connection over from aiohttp's server, to speak something on it that is not HTTP.

aiohttp itself upgrades to WebSockets only; SPDY and streams that are passed on unread need the bare connection. It has
to be taken before the client was answered, since what a client sends after that is no HTTP any more.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aiohttp import web


@contextlib.asynccontextmanager
async def taken_over(request: web.BaseRequest) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """The connection of a request, as plain streams; it is closed at the end. What the handler returns after this is
    not sent any more. ConnectionError where the client is gone."""
    transport, http = request.transport, request.protocol
    if transport is None:
        raise ConnectionResetError("the client has gone away")
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    transport.set_protocol(protocol)
    protocol.connection_made(transport)
    early = http._message_tail  # what came behind the head of an upgrade that aiohttp knows
    if early:
        http._message_tail = b""
        reader.feed_data(early)
    transport.resume_reading()
    writer = asyncio.StreamWriter(transport, protocol, reader, loop)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(5):
                await writer.wait_closed()
        # aiohttp would learn this from the transport; it also keeps it from writing a response.
        http.connection_lost(None)
