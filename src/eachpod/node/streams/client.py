"""The client's side of a stream: its WebSocket, over a connection whose HTTP head was read already."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from eachpod.wire import websocket
from eachpod.wire.channels import Framing

_CHUNK = 64 * 1024
_GOODBYE_SECONDS = 5


class ClientSocket:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._decoder = websocket.Decoder()

    async def send(self, frame: bytes) -> None:
        self._writer.write(frame)
        await self._writer.drain()

    async def messages(self) -> AsyncIterator[websocket.Message]:
        """Data messages until the client closes or hangs up; pings are answered here. What is no WebSocket ends it
        with a close frame that says so."""
        while data := await self._read():
            try:
                received = self._decoder.feed(data)
            except websocket.ProtocolError as error:
                self._writer.write(websocket.close(error.code, str(error)))
                return
            for message in received:
                if message.kind == websocket.CLOSE:
                    return
                if message.kind == websocket.PING:
                    self._writer.write(websocket.encode(websocket.PONG, message.data))
                elif message.kind != websocket.PONG:
                    yield message

    async def channels(self, framing: Framing) -> AsyncIterator[tuple[int, bytes]]:
        """The same as channel and data."""
        async for message in self.messages():
            try:
                decoded = framing.decode(message)
            except websocket.ProtocolError as error:
                self._writer.write(websocket.close(error.code, str(error)))
                return
            if decoded is not None:
                yield decoded

    async def goodbye(self) -> None:
        """Ends the WebSocket: a close frame, then a while for the client to answer, since closing at once could throw
        away what it has not read yet."""
        with contextlib.suppress(ConnectionError, TimeoutError):
            await self.send(websocket.close())
            async with asyncio.timeout(_GOODBYE_SECONDS):
                while await self._reader.read(_CHUNK):
                    pass

    async def _read(self) -> bytes:
        try:
            return await self._reader.read(_CHUNK)
        except ConnectionError:
            return b""
