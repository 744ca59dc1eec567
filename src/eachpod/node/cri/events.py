"""containerd's own event stream, read without message classes: which container or sandbox a task event is about.

The CRI of containerd 1.6 has no events. These come on the same socket some 20 ms after a process ended; the agent takes
them as hints and lists what there is.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import grpc

from eachpod.wire.protofields import DELIMITED, Malformed, encoded, fields

from .channel import Channel

_SUBSCRIBE = "/containerd.services.events.v1.Events/Subscribe"
# Messages: SubscribeRequest.filters = 1; Envelope.topic = 3, event = 4; Any.value = 2;
# TaskExit.container_id = 1, id = 2; every other task event has container_id = 1.
_FILTER = b'topic~="/tasks/(start|exit|oom|delete)",namespace==k8s.io'
_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 2.0


async def hints(channel: Channel) -> AsyncIterator[str]:
    """Ids that something happened to; "" at each (re-)connection, when anything may have. Never ends by itself."""
    pause = _PAUSE_SECONDS
    while True:
        call = channel.stream(_SUBSCRIBE, encoded(1, _FILTER))
        try:
            yield ""
            async for envelope in call:
                pause = _PAUSE_SECONDS
                about = subject(envelope)
                if about:
                    yield about
        except grpc.aio.AioRpcError:
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        finally:
            with contextlib.suppress(asyncio.CancelledError):
                call.cancel()


def subject(envelope: bytes) -> str:
    """The id that an event is about; "" where it is about a process beside the container's own (an exec)."""
    event = _first(envelope, 4)
    task = _first(event, 2)
    container, process = _first(task, 1), _first(task, 2)
    if _first(envelope, 3).endswith(b"/exit") and process != container:
        return ""
    return container.decode(errors="replace")


def _first(message: bytes, number: int) -> bytes:
    """What a field holds; nothing where it is not there, or the message is broken before it."""
    try:
        found = (value for field, wire, value in fields(memoryview(message)) if (field, wire) == (number, DELIMITED))
        return bytes(next(found, b""))
    except Malformed:
        return b""
