"""DNS over TCP (RFC 7766): several questions on one connection, answered in order; idle connections are closed."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

# A question and who asks (address, port, ...).
Respond = Callable[[bytes, Any], Awaitable[bytes | None]]

IDLE_SECONDS = 10.0
MAX_CONNECTIONS = 1000


class TcpFront:
    def __init__(self, respond: Respond) -> None:
        self._respond = respond
        self._open = 0

    async def listen(self, fd: int) -> asyncio.Server:
        return await asyncio.start_server(self._serve, sock=socket.socket(fileno=fd), backlog=256)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= MAX_CONNECTIONS:
                await self._converse(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the other side is gone or silent, or we are closing
        finally:
            self._open -= 1
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        while True:
            async with asyncio.timeout(IDLE_SECONDS):
                (length,) = struct.unpack("!H", await reader.readexactly(2))
                query = await reader.readexactly(length)
            reply = await self._respond(query, peer)
            if reply is not None:
                writer.write(struct.pack("!H", len(reply)) + reply)
                async with asyncio.timeout(IDLE_SECONDS):
                    await writer.drain()
