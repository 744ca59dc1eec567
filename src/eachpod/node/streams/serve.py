"""Serves one upgraded connection of exec, attach or port-forward, from the request's head to its end.

Whoever has the HTTP server hands over the head and the raw streams and has asked the runtime for the target before.
Where client and runtime speak the same, bytes are passed on unread; everything else is carried over SPDY.
"""

import asyncio
import contextlib
from collections.abc import Sequence

from eachpod.node.runtime import StreamTarget
from eachpod.wire import channels
from eachpod.wire.channels import Framing

from . import upgrade
from .client import ClientSocket
from .command import CommandBridge
from .forward import PortBridge, tunnel, until_one_ends
from .session import Refused, Session, dial
from .upgrade import Answer, Form, Head, Streams

_CHUNK = 64 * 1024


async def serve_command(
    head: Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: StreamTarget, streams: Streams
) -> None:
    """Exec or attach. The connection is closed at the end."""
    answer = upgrade.remote_command(head)
    with contextlib.closing(writer):
        if answer.form is Form.WEBSOCKET:
            inner = await _dialled(writer, target, channels.V4)
            if inner:
                writer.write(upgrade.switching(head, answer))
                framing = Framing(answer.subprotocol)
                await CommandBridge(ClientSocket(reader, writer), Session(*inner), framing, streams).run()
        else:
            await _as_it_is(head, answer, (reader, writer), target)


async def serve_port_forward(
    head: Head,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    target: StreamTarget,
    ports: Sequence[int] = (),
) -> None:
    """Port-forward; `ports` are those that the older WebSocket form names in its query. The connection is closed at
    the end."""
    answer = upgrade.port_forward(head)
    with contextlib.closing(writer):
        if answer.form is Form.WEBSOCKET and not ports:
            writer.write(upgrade.refusal(400, 'query parameter "ports" is required with this form of WebSocket'))
        elif answer.form in (Form.WEBSOCKET, Form.TUNNEL):
            inner = await _dialled(writer, target, channels.PORT_FORWARD)
            if not inner:
                return
            writer.write(upgrade.switching(head, answer))
            client = ClientSocket(reader, writer)
            if answer.form is Form.TUNNEL:
                await tunnel(client, *inner)
            else:
                await PortBridge(client, Session(*inner), Framing(answer.subprotocol), ports).run()
        else:
            await _as_it_is(head, answer, (reader, writer), target)


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _dialled(client: asyncio.StreamWriter, target: StreamTarget, version: str) -> Connection | None:
    """The runtime's connection; None after the client was told why there is none."""
    try:
        return await dial(target, version)
    except Refused as error:
        client.write(upgrade.refusal(500, str(error)))
        return None


async def _as_it_is(head: Head, answer: Answer, client: Connection, target: StreamTarget) -> None:
    """SPDY on both sides: only the head is written anew, the answer and all after it come from the runtime."""
    if answer.form is Form.REFUSED:
        client[1].write(upgrade.refusal(answer.status, answer.reason))
        return
    try:
        reader, writer = await target.connect()
    except OSError as error:
        reason = f"the container runtime's streaming server does not answer: {error}"
        client[1].write(upgrade.refusal(500, reason))
        return
    with contextlib.closing(writer):
        writer.write(upgrade.spdy_request(target.path, upgrade.stream_versions(head)))
        await until_one_ends(_copy(client[0], writer), _copy(reader, client[1]))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
