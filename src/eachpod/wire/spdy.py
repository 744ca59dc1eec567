"""SPDY/3.1 framing: frames to bytes and back, without any input or output.

Kubernetes still speaks it for exec, attach and port-forward, and container runtimes speak nothing newer. Only framing
is here: streams are numbered by whoever uses it, and flow control is left out because neither Kubernetes' clients nor
its servers do any.
"""

import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

VERSION = 3
MAX_LENGTH = (1 << 24) - 1

_SYN_STREAM, _SYN_REPLY, _RST_STREAM, _SETTINGS, _PING, _GOAWAY, _HEADERS, _WINDOW_UPDATE = 1, 2, 3, 4, 6, 7, 8, 9
_FIN, _UNIDIRECTIONAL = 0x01, 0x02

# The dictionary that header blocks are compressed with (SPDY/3 draft, 2.6.10.1): words with their lengths before them,
# then text that often occurs in values.
_WORDS = (
    "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow "
    "authorization cache-control connection content-base content-encoding content-language content-length "
    "content-location content-md5 content-range content-type date etag expect expires from host if-match "
    "if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma "
    "proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade "
    "user-agent vary via warning www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie "
    "keep-alive origin"
)
_TEXT = (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
    "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden"
    "404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable"
    "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT"
    "chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,"
    "text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0."
)


def _counted(text: bytes) -> bytes:
    return struct.pack(">I", len(text)) + text


DICTIONARY = b"".join(_counted(word.replace("_", " ").encode()) for word in _WORDS.split()) + _TEXT.encode()


class ProtocolError(Exception):
    """The other side sent what is no SPDY."""


@dataclass(frozen=True, slots=True)
class SynStream:
    """Opens a stream. Header names are lower case."""

    stream: int
    headers: Mapping[str, str] = field(default_factory=dict)
    fin: bool = False


@dataclass(frozen=True, slots=True)
class SynReply:
    stream: int
    headers: Mapping[str, str] = field(default_factory=dict)
    fin: bool = False


@dataclass(frozen=True, slots=True)
class Headers:
    stream: int
    headers: Mapping[str, str] = field(default_factory=dict)
    fin: bool = False


@dataclass(frozen=True, slots=True)
class Data:
    stream: int
    data: bytes
    fin: bool = False


@dataclass(frozen=True, slots=True)
class RstStream:
    stream: int
    status: int


@dataclass(frozen=True, slots=True)
class Ping:
    id: int


@dataclass(frozen=True, slots=True)
class GoAway:
    last_stream: int
    status: int


Frame = SynStream | SynReply | Headers | Data | RstStream | Ping | GoAway


class Encoder:
    """One direction of a connection: header blocks share one compression state, so frames go out in the order made."""

    def __init__(self) -> None:
        self._compressor = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS, 8, zlib.Z_DEFAULT_STRATEGY, DICTIONARY)

    def encode(self, frame: Frame) -> bytes:
        match frame:
            case Data(stream, data, fin):
                return b"".join(_data(stream, part, last and fin) for part, last in _parts(data))
            case SynStream(stream, headers, fin):
                return _control(_SYN_STREAM, fin, struct.pack(">IIH", stream, 0, 0) + self._block(headers))
            case SynReply(stream, headers, fin):
                return _control(_SYN_REPLY, fin, struct.pack(">I", stream) + self._block(headers))
            case Headers(stream, headers, fin):
                return _control(_HEADERS, fin, struct.pack(">I", stream) + self._block(headers))
            case RstStream(stream, status):
                return _control(_RST_STREAM, False, struct.pack(">II", stream, status))
            case Ping(number):
                return _control(_PING, False, struct.pack(">I", number))
            case GoAway(last_stream, status):
                return _control(_GOAWAY, False, struct.pack(">II", last_stream, status))

    def _block(self, headers: Mapping[str, str]) -> bytes:
        pairs = b"".join(_counted(k.encode()) + _counted(v.encode()) for k, v in headers.items())
        plain = struct.pack(">I", len(headers)) + pairs
        return self._compressor.compress(plain) + self._compressor.flush(zlib.Z_SYNC_FLUSH)


class Decoder:
    """The other direction: bytes in whatever pieces they come, whole frames out."""

    def __init__(self) -> None:
        self._decompressor = zlib.decompressobj(zlib.MAX_WBITS, DICTIONARY)
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes. Settings and window updates, which nobody here heeds, are left out."""
        self._buffer += data
        frames: list[Frame] = []
        at = 0
        while len(self._buffer) - at >= 8:
            first, rest = struct.unpack_from(">II", self._buffer, at)
            length, flags = rest & MAX_LENGTH, rest >> 24
            if len(self._buffer) - at - 8 < length:
                break
            body = bytes(self._buffer[at + 8 : at + 8 + length])
            at += 8 + length
            frame = self._frame(first, flags, body)
            if frame is not None:
                frames.append(frame)
        del self._buffer[:at]
        return frames

    def _frame(self, first: int, flags: int, body: bytes) -> Frame | None:
        fin = bool(flags & _FIN)
        if not first >> 31:
            return Data(first, body, fin)
        version, kind = first >> 16 & 0x7FFF, first & 0xFFFF
        if version != VERSION:
            raise ProtocolError(f"SPDY version {version} is not spoken here, only {VERSION}")
        try:
            return self._control(kind, fin, body)
        except (struct.error, zlib.error) as error:
            raise ProtocolError(f"broken SPDY frame of type {kind}: {error}") from error

    def _control(self, kind: int, fin: bool, body: bytes) -> Frame | None:
        if kind in (_SETTINGS, _WINDOW_UPDATE):
            return None
        [number] = struct.unpack_from(">I", body)
        if kind == _SYN_STREAM:
            return SynStream(number & 0x7FFFFFFF, self._headers(body[10:]), fin)
        if kind == _SYN_REPLY:
            return SynReply(number & 0x7FFFFFFF, self._headers(body[4:]), fin)
        if kind == _HEADERS:
            return Headers(number & 0x7FFFFFFF, self._headers(body[4:]), fin)
        if kind == _RST_STREAM:
            return RstStream(number & 0x7FFFFFFF, *struct.unpack_from(">I", body, 4))
        if kind == _PING:
            return Ping(number)
        if kind == _GOAWAY:
            return GoAway(number & 0x7FFFFFFF, *struct.unpack_from(">I", body, 4))
        raise ProtocolError(f"SPDY frame type {kind} is unknown")

    def _headers(self, block: bytes) -> dict[str, str]:
        plain = self._decompressor.decompress(block)
        [count] = struct.unpack_from(">I", plain)
        texts, at = [], 4
        for _ in range(2 * count):
            [length] = struct.unpack_from(">I", plain, at)
            texts.append(plain[at + 4 : at + 4 + length].decode())
            at += 4 + length
        return dict(zip(texts[::2], texts[1::2], strict=True))


def _control(kind: int, fin: bool, body: bytes) -> bytes:
    flags = _FIN if fin else 0
    return struct.pack(">HHI", 0x8000 | VERSION, kind, flags << 24 | len(body)) + body


def _data(stream: int, data: bytes, fin: bool) -> bytes:
    return struct.pack(">II", stream, (_FIN if fin else 0) << 24 | len(data)) + data


def _parts(data: bytes) -> Iterable[tuple[bytes, bool]]:
    """`data` in pieces that a frame's length can tell, each with whether it is the last."""
    starts = range(0, len(data), MAX_LENGTH) or (0,)
    return ((data[start : start + MAX_LENGTH], start + MAX_LENGTH >= len(data)) for start in starts)
