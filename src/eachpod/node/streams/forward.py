"""Port-forward for WebSocket clients: the tunnel of Go clients, and the older form with two channels a port."""

import asyncio
import contextlib
import struct
from collections.abc import Coroutine, Sequence

from eachpod.wire import spdy, websocket
from eachpod.wire.channels import Framing

from .client import ClientSocket
from .session import Session

_CHUNK = 64 * 1024


async def tunnel(client: ClientSocket, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carries SPDY bytes out of and into a WebSocket's messages, unread: how they are cut into messages means
    nothing."""

    async def up() -> None:
        async for message in client.messages():
            writer.write(message.data)
            await writer.drain()

    async def down() -> None:
        while data := await reader.read(_CHUNK):
            await client.send(websocket.encode(websocket.BINARY, data))

    await until_one_ends(up(), down())
    writer.close()
    await client.goodbye()


class PortBridge:
    """The older form: for the port with index i, channel 2i is data and 2i+1 an error's text; the first message on
    each tells the port. All connections are made at once."""

    def __init__(self, client: ClientSocket, session: Session, framing: Framing, ports: Sequence[int]) -> None:
        self._client, self._session, self._framing, self._ports = client, session, framing, ports
        self._channels: dict[int, int] = {}  # runtime's stream -> channel
        self._open: set[int] = set()

    async def run(self) -> None:
        for index, port in enumerate(self._ports):
            await self._begin(index, port)
        streams = {channel: stream for stream, channel in self._channels.items()}

        async def up() -> None:
            async for channel, data in self._client.channels(self._framing):
                if channel % 2 == 0 and channel in streams:
                    await self._session.send(streams[channel], data)

        await until_one_ends(up(), self._to_client())
        self._session.close()
        await self._client.goodbye()

    async def _begin(self, index: int, port: int) -> None:
        about = {"port": str(port), "requestid": str(index)}
        error = self._session.open({"streamtype": "error", **about}, fin=True)
        data = self._session.open({"streamtype": "data", **about})
        self._channels |= {data: 2 * index, error: 2 * index + 1}
        self._open |= {data, error}
        for channel in (2 * index, 2 * index + 1):
            await self._client.send(self._framing.encode(channel, struct.pack("<H", port)))

    async def _to_client(self) -> None:
        """Until every stream of every port has ended."""
        async for frame in self._session.frames():
            if isinstance(frame, spdy.Data) and frame.data and frame.stream in self._channels:
                await self._client.send(self._framing.encode(self._channels[frame.stream], frame.data))
            if isinstance(frame, spdy.RstStream) or (isinstance(frame, spdy.Data) and frame.fin):
                self._open.discard(frame.stream)
                if not self._open:
                    return


async def until_one_ends(*directions: Coroutine[None, None, None]) -> None:
    """Runs both directions of a connection until one has ended; a lost connection is an end like any other."""
    tasks = [asyncio.ensure_future(direction) for direction in directions]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError, spdy.ProtocolError):
                await task
