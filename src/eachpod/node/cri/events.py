"""containerd's own event stream, read without message classes: which container or sandbox a task event is about.

The CRI of containerd 1.6 has no events. These come on the same socket some 20 ms after a process ended; the agent takes
them as hints and lists what there is.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

import grpc

from .channel import Channel

_SUBSCRIBE = "/containerd.services.events.v1.Events/Subscribe"
# Messages: SubscribeRequest.filters = 1; Envelope.topic = 3, event = 4; Any.value = 2;
# TaskExit.container_id = 1, id = 2; every other task event has container_id = 1.
_FILTER = b'topic~="/tasks/(start|exit|oom|delete)",namespace==k8s.io'
_PAUSE, _LONGEST_PAUSE = 0.1, 2.0


async def hints(channel: Channel) -> AsyncIterator[str]:
    """Ids that something happened to; "" at each (re-)connection, when anything may have. Never ends by itself."""
    pause = _PAUSE
    while True:
        call = channel.stream(_SUBSCRIBE, _field(1, _FILTER))
        try:
            yield ""
            async for envelope in call:
                pause = _PAUSE
                about = subject(envelope)
                if about:
                    yield about
        except grpc.aio.AioRpcError:
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
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
    return next((value for field, value in _fields(message) if field == number), b"")


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The length-delimited fields of a protobuf message; numbers are skipped, a broken end is ignored."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            _, at = _varint(message, at)
        elif kind == 2:
            length, at = _varint(message, at)
            yield key >> 3, message[at : at + length]
            at += length
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        else:
            return


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message):
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
    return value, at


def _field(number: int, value: bytes) -> bytes:
    return bytes((number << 3 | 2, len(value))) + value
