"""The runtime's side of a stream: an upgraded connection to its streaming server, and SPDY streams over it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping

from eachpod.node.runtime import StreamTarget
from eachpod.wire import spdy

from . import upgrade

_CHUNK = 64 * 1024


class Refused(Exception):
    """The runtime does not take the stream; the message is what it said."""


async def dial(target: StreamTarget, version: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection that speaks SPDY with the runtime from here on; Refused where it will not."""
    try:
        reader, writer = await target.connect()
    except OSError as error:
        raise Refused(f"the container runtime's streaming server does not answer: {error}") from error
    try:
        writer.write(upgrade.spdy_request(target.path, [version]))
        head = await reader.readuntil(b"\r\n\r\n")
    except (OSError, asyncio.IncompleteReadError) as error:
        writer.close()
        raise Refused(f"the container runtime's streaming server closed the connection: {error}") from error
    status, _, rest = head.decode("latin-1").partition("\r\n")
    if status.split(" ")[1:2] != ["101"]:
        with contextlib.suppress(asyncio.TimeoutError):
            rest = (await asyncio.wait_for(reader.read(_CHUNK), 1)).decode(errors="replace")
        writer.close()
        raise Refused(f"the container runtime refused the stream: {status.partition(' ')[2]}: {rest.strip()}")
    return reader, writer


class Session:
    """SPDY as the side that opens streams."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._encoder, self._decoder = spdy.Encoder(), spdy.Decoder()
        self._next = 1

    def open(self, headers: Mapping[str, str], fin: bool = False) -> int:
        """The number of a new stream; with `fin` nothing will be sent on it."""
        number = self._next
        self._next += 2
        self._writer.write(self._encoder.encode(spdy.SynStream(number, headers, fin)))
        return number

    async def send(self, stream: int, data: bytes, fin: bool = False) -> None:
        self._writer.write(self._encoder.encode(spdy.Data(stream, data, fin)))
        await self._writer.drain()

    async def frames(self) -> AsyncIterator[spdy.Frame]:
        """What the other side sends until it says goodbye or hangs up; pings are answered here."""
        while data := await self._read():
            for frame in self._decoder.feed(data):
                if isinstance(frame, spdy.Ping):
                    self._writer.write(self._encoder.encode(frame))
                elif isinstance(frame, spdy.GoAway):
                    return
                else:
                    yield frame

    def close(self) -> None:
        self._writer.close()

    async def _read(self) -> bytes:
        try:
            return await self._reader.read(_CHUNK)
        except ConnectionError:
            return b""
