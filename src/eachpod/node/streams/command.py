"""Exec and attach for WebSocket clients: channels on the client's side, SPDY streams on the runtime's.

Runtimes speak v4 at most over WebSockets, which cannot say that standard input has ended; over SPDY every stream can.
"""

import asyncio
import contextlib
import json

from eachpod.wire import spdy
from eachpod.wire.channels import Channel, Framing, failure

from .client import ClientSocket
from .session import Session
from .upgrade import Streams

# How long output may still come once the end was told, from a runtime that then neither hangs up nor says goodbye.
_LINGER_SECONDS = 1.0


class CommandBridge:
    """One process' streams between a client and the runtime."""

    def __init__(self, client: ClientSocket, session: Session, framing: Framing, streams: Streams) -> None:
        self._client, self._session, self._framing = client, session, framing
        self._streams = _opened(session, streams)
        self._channels = {stream: channel for channel, stream in self._streams.items()}
        self._status = b""

    async def run(self) -> None:
        """Until the process' end was told to the client, or the client is gone."""
        up, down = asyncio.create_task(self._from_client()), asyncio.create_task(self._to_client())
        try:
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            ended = down.done()
            await _stopped(up)  # both read the client's connection, which one can at a time
            if ended:
                await self._tell_end()
        finally:
            await _stopped(up)
            await _stopped(down)
            self._session.close()

    async def _from_client(self) -> None:
        async for channel, data in self._client.channels(self._framing):
            if channel == Channel.CLOSE and data:
                stream = self._streams.get(data[0])
                if stream is not None:
                    await self._session.send(stream, b"", fin=True)
            elif channel in (Channel.STDIN, Channel.RESIZE) and channel in self._streams:
                await self._session.send(self._streams[channel], data)

    async def _to_client(self) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None) as limit:
                async for frame in self._session.frames():
                    if not isinstance(frame, spdy.Data | spdy.RstStream):
                        continue
                    if await self._pass_on(frame):
                        limit.reschedule(loop.time() + _LINGER_SECONDS)

    async def _pass_on(self, frame: spdy.Data | spdy.RstStream) -> bool:
        """Whether this was the end of the stream that tells how the process ended."""
        channel = self._channels.get(frame.stream)
        data = frame.data if isinstance(frame, spdy.Data) else b""
        if channel == Channel.ERROR:
            self._status += data
            return isinstance(frame, spdy.RstStream) or frame.fin
        if data and channel in (Channel.STDOUT, Channel.STDERR):
            await self._client.send(self._framing.encode(channel, data))
        return False

    async def _tell_end(self) -> None:
        status = self._status or json.dumps(failure("the container runtime closed the connection")).encode()
        text = status if self._framing.tells_status else _error_text(status)
        with contextlib.suppress(ConnectionError):
            if text:
                await self._client.send(self._framing.encode(Channel.ERROR, text))
            await self._client.goodbye()


async def _stopped(task: asyncio.Task[None]) -> None:
    """Ends a direction; a connection that is lost, or that broke its protocol, has ended."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, ConnectionError, spdy.ProtocolError):
        await task


def _opened(session: Session, streams: Streams) -> dict[int, int]:
    """Opens the streams that a runtime waits for; returns their numbers by channel."""
    wanted = (
        (Channel.ERROR, "error", True),
        (Channel.STDIN, "stdin", streams.stdin),
        (Channel.STDOUT, "stdout", streams.stdout),
        (Channel.STDERR, "stderr", streams.stderr and not streams.tty),
        (Channel.RESIZE, "resize", streams.tty),
    )
    return {channel: session.open({"streamtype": name}) for channel, name, asked in wanted if asked}


def _error_text(status: bytes) -> bytes:
    """What a v1 client is told: nothing after success, else the message."""
    try:
        parsed = json.loads(status)
    except ValueError:
        return status
    return b"" if parsed.get("status") == "Success" else str(parsed.get("message", "")).encode()
