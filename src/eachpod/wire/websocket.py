"""WebSocket framing as a server needs it (RFC 6455): frames to bytes and back, without any input or output.

A server's connections here are handed on between processes as plain bytes, so the framing stands alone, apart from any
HTTP server.
"""

import base64
import hashlib
import struct
from dataclasses import dataclass

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
_CONTINUATION = 0
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

NORMAL, PROTOCOL_ERROR, TOO_BIG = 1000, 1002, 1009


class ProtocolError(Exception):
    """The client sent what is no WebSocket; `code` is for the close frame."""

    def __init__(self, message: str, code: int = PROTOCOL_ERROR) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message, joined from its fragments, or a control frame."""

    kind: int
    data: bytes


def accept(key: str) -> str:
    """The Sec-WebSocket-Accept that answers a client's Sec-WebSocket-Key."""
    return base64.b64encode(hashlib.sha1(key.strip().encode() + _GUID).digest()).decode()


def encode(kind: int, data: bytes) -> bytes:
    """One unfragmented frame of a server, which does not mask."""
    length = len(data)
    if length < 126:
        head = struct.pack(">BB", 0x80 | kind, length)
    elif length < 1 << 16:
        head = struct.pack(">BBH", 0x80 | kind, 126, length)
    else:
        head = struct.pack(">BBQ", 0x80 | kind, 127, length)
    return head + data


def close(code: int = NORMAL, reason: str = "") -> bytes:
    return encode(CLOSE, struct.pack(">H", code) + reason.encode()[:123])


class Decoder:
    """Reads a client's bytes, in whatever pieces they come. Messages over `limit` bytes are refused."""

    def __init__(self, limit: int = 32 << 20) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._kind = _CONTINUATION
        self._parts: list[bytes] = []

    def feed(self, data: bytes) -> list[Message]:
        self._buffer += data
        messages = []
        while (frame := self._frame()) is not None:
            message = self._join(*frame)
            if message is not None:
                messages.append(message)
        return messages

    def _frame(self) -> tuple[bool, int, bytes] | None:
        """Takes one frame off the buffer: whether it is the last of its message, its opcode and its data."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        final, opcode, masked, length = bool(buffer[0] & 0x80), buffer[0] & 0x0F, buffer[1] & 0x80, buffer[1] & 0x7F
        if buffer[0] & 0x70:
            raise ProtocolError("reserved bits are set, and no extension was agreed on")
        if not masked:
            raise ProtocolError("a client's frame is not masked")
        more = {126: 2, 127: 8}.get(length, 0)
        start = 2 + more + 4
        if len(buffer) < start:
            return None
        if more:
            length = int.from_bytes(buffer[2 : 2 + more], "big")
        if length > self._limit:
            raise ProtocolError(f"a frame of {length} bytes is over the limit of {self._limit}", TOO_BIG)
        if len(buffer) < start + length:
            return None
        data = _unmask(bytes(buffer[start : start + length]), bytes(buffer[start - 4 : start]))
        del buffer[: start + length]
        return final, opcode, data

    def _join(self, final: bool, opcode: int, data: bytes) -> Message | None:
        if opcode >= CLOSE:
            if not final or len(data) > 125:
                raise ProtocolError("a control frame is fragmented or over 125 bytes")
            return Message(opcode, data)
        if (opcode == _CONTINUATION) == (self._kind == _CONTINUATION):
            raise ProtocolError("a message begins inside another, or is continued without having begun")
        if opcode != _CONTINUATION:
            self._kind = opcode
        self._parts.append(data)
        if sum(map(len, self._parts)) > self._limit:
            raise ProtocolError(f"a message is over the limit of {self._limit} bytes", TOO_BIG)
        if not final:
            return None
        message = Message(self._kind, b"".join(self._parts))
        self._kind, self._parts = _CONTINUATION, []
        return message


def _unmask(data: bytes, mask: bytes) -> bytes:
    """XOR with the repeated mask, as one long number: Python's own speed instead of a loop's."""
    if not data:
        return data
    repeated = mask * (len(data) // 4 + 1)
    number = int.from_bytes(data, "little") ^ int.from_bytes(repeated[: len(data)], "little")
    return number.to_bytes(len(data), "little")
