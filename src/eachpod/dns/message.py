"""DNS messages: reading questions with bounds checked, and the pieces that answers are put together from.

Answers are joined from ready pieces and never built field by field from objects: that is what makes one cost a few
microseconds. Names are RFC 1035's, EDNS is RFC 6891, extended errors are RFC 8914.
"""

import struct
from dataclasses import dataclass
from enum import Enum

HEADER = 12
A, NS, CNAME, SOA, PTR, TXT, AAAA, SRV, OPT, IXFR, AXFR = 1, 2, 5, 6, 12, 16, 28, 33, 41, 251, 252
IN = 1
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, BADVERS = 0, 1, 2, 3, 4, 5, 16

UDP_MIN = 512
TCP_MAX = 65535
# What we can take and will send at most by UDP, whatever the asker says it can take.
UDP_MAX = 4096

NOT_READY, NETWORK_ERROR = 14, 23  # extended error codes

# A pointer to the question's name, which keeps the case that it was asked in.
ASKED = b"\xc0\x0c"

_RR = struct.Struct("!HHIH")
_COUNTS = struct.Struct("!HHHH")
_EDNS = struct.Struct("!BBH")


class Bad(Enum):
    """What a datagram is that is not a question: nothing to answer, or to be answered with an error code."""

    SILENT = -1
    FORMERR = FORMERR
    NOTIMP = NOTIMP


@dataclass(frozen=True, slots=True)
class Edns:
    size: int
    version: int
    do: bool


@dataclass(frozen=True, slots=True)
class Question:
    """`name` is lower-cased wire form, `raw` the question section as asked (name, type, class)."""

    id: bytes
    flags: int
    name: bytes
    raw: bytes
    type: int
    klass: int
    edns: Edns | None


def read(query: bytes) -> Question | Bad:
    """The question in a message. Trailing bytes are ignored; options of EDNS are too (no cookies are spoken)."""
    if len(query) < HEADER or query[2] & 0x80:
        return Bad.SILENT
    if query[2] & 0x78:
        return Bad.NOTIMP  # NOTIFY, UPDATE, STATUS
    questions, answers, authority, more = _COUNTS.unpack_from(query, 4)
    if questions != 1 or answers > 1 or authority > 1 or more > 2:
        return Bad.FORMERR
    end = name_end(query, HEADER)
    if end is None or query[end - 1] or len(query) < end + 4:
        return Bad.FORMERR  # a pointer has no place in the first name
    type_, klass = struct.unpack_from("!HH", query, end)
    edns = _read_edns(query, end + 4, answers + authority, more)
    if isinstance(edns, Bad):
        return edns
    flags = query[2] << 8 | query[3]
    return Question(query[:2], flags, query[HEADER:end].lower(), query[HEADER : end + 4], type_, klass, edns)


def _read_edns(query: bytes, at: int, before: int, more: int) -> Edns | Bad | None:
    found: Edns | None = None
    for number in range(before + more):
        end = name_end(query, at)
        if end is None or len(query) < end + _RR.size:
            return Bad.FORMERR
        type_, klass, ttl, length = _RR.unpack_from(query, end)
        if len(query) < end + _RR.size + length:
            return Bad.FORMERR
        if type_ == OPT:
            if found is not None or number < before or end != at + 1:
                return Bad.FORMERR  # one at most, in the additional section, at the root
            found = Edns(klass, ttl >> 16 & 0xFF, bool(ttl & 0x8000))
        at = end + _RR.size + length
    return found


def name_end(message: bytes, at: int) -> int | None:
    """Where the name at `at` ends (after its zero byte or pointer), or None where it is malformed."""
    start, limit = at, len(message)
    while at < limit:
        length = message[at]
        if length == 0:
            return at + 1 if at + 1 - start <= 255 else None
        if length >= 0xC0:
            return at + 2 if at + 2 <= limit else None
        if length > 63:
            return None
        at += 1 + length
    return None


def name_at(message: bytes, at: int) -> bytes | None:
    """The name at `at` without pointers, or None where it is malformed. Pointers must lead backwards."""
    parts: list[bytes] = []
    total, barrier = 0, at
    while at < len(message):
        length = message[at]
        if length >= 0xC0:
            if at + 1 >= len(message):
                return None
            target = (length & 0x3F) << 8 | message[at + 1]
            if target >= barrier:
                return None
            at = barrier = target
            continue
        if length > 63 or at + 1 + length > len(message):
            return None
        parts.append(message[at : at + 1 + length])
        total += 1 + length
        if total > 255:
            return None
        if length == 0:
            return b"".join(parts)
        at += 1 + length
    return None


def record(owner: bytes, type_: int, ttl: int, rdata: bytes) -> bytes:
    """A resource record of class IN. `owner` is a wire name or a pointer."""
    return owner + _RR.pack(type_, IN, ttl, len(rdata)) + rdata


def pointer(offset: int) -> bytes:
    """A compressed name: it stands at `offset` of the message, which must be below 16,384."""
    return struct.pack("!H", 0xC000 | offset)


def header(id_: bytes, flags: int, rcode: int, counts: tuple[int, int, int, int]) -> bytes:
    """QR set; the caller gives AA, TC and RA; RD and CD are copied by `answer_flags`."""
    return id_ + struct.pack("!H", flags | rcode & 15) + _COUNTS.pack(*counts)


AA, TC, RA = 0x0400, 0x0200, 0x0080


def answer_flags(asked: int) -> int:
    """QR, with RD and CD as asked; AD and Z are not copied."""
    return 0x8000 | asked & 0x0110


def opt(edns: Edns, rcode: int = 0, extended_error: int | None = None) -> bytes:
    """The OPT record of an answer: the asker's size mirrored within our bounds, DO copied, version 0."""
    options = b"" if extended_error is None else struct.pack("!HHH", 15, 2, extended_error)
    size = min(max(edns.size, UDP_MIN), UDP_MAX)
    return (
        b"\x00"
        + struct.pack("!HH", OPT, size)
        + _EDNS.pack(rcode >> 4, 0, 0x8000 if edns.do else 0)
        + struct.pack("!H", len(options))
        + options
    )


def failure(question: Question, rcode: int, *, flags: int = 0, extended_error: int | None = None) -> bytes:
    """An answer with nothing but an error code (and OPT, where asked with it)."""
    tail = opt(question.edns, rcode, extended_error) if question.edns else b""
    counts = (1, 0, 0, 1 if tail else 0)
    return header(question.id, answer_flags(question.flags) | flags, rcode, counts) + question.raw + tail


def bare_failure(query: bytes, rcode: int) -> bytes:
    """The answer to what cannot be read: a header only."""
    opcode_and_rd = (query[2] & 0x79) << 8
    return query[:2] + struct.pack("!H", 0x8000 | opcode_and_rd | rcode) + bytes(8)


@dataclass(frozen=True, slots=True)
class Record:
    """A record of a received message, its names without pointers."""

    owner: bytes
    type: int
    ttl: int
    rdata: bytes


def rcode_of(message: bytes) -> int:
    return message[3] & 15


def answers_of(message: bytes) -> list[Record]:
    """The A, AAAA and CNAME records in the answer section; what cannot be read ends the list."""
    questions, count, _, _ = _COUNTS.unpack_from(message, 4)
    at = HEADER
    for _ in range(questions):
        end = name_end(message, at)
        if end is None:
            return []
        at = end + 4
    found: list[Record] = []
    for _ in range(count):
        end = name_end(message, at)
        owner = name_at(message, at)
        if end is None or owner is None or len(message) < end + _RR.size:
            break
        type_, klass, ttl, length = _RR.unpack_from(message, end)
        at = end + _RR.size + length
        if at > len(message):
            break
        rdata: bytes | None = message[at - length : at]
        if type_ == CNAME:
            rdata = name_at(message, at - length)
        if klass == IN and rdata is not None and type_ in (A, AAAA, CNAME):
            found.append(Record(owner, type_, ttl, rdata))
    return found


def least_ttl(message: bytes) -> int | None:
    """The shortest life of any record in a received message, or None where it has no records or cannot be read.
    The SOA of a negative answer counts with its minimum field (RFC 2308)."""
    questions, *rest = _COUNTS.unpack_from(message, 4)
    at, least = HEADER, None
    for _ in range(questions):
        end = name_end(message, at)
        if end is None:
            return None
        at = end + 4
    for _ in range(sum(rest)):
        end = name_end(message, at)
        if end is None or len(message) < end + _RR.size:
            return None
        type_, _, ttl, length = _RR.unpack_from(message, end)
        at = end + _RR.size + length
        if at > len(message):
            return None
        if type_ == OPT:
            continue
        if type_ == SOA and length >= 4:
            ttl = min(ttl, struct.unpack_from("!I", message, at - 4)[0])
        least = ttl if least is None else min(least, ttl)
    return least


def question_message(id_: bytes, name: bytes, type_: int) -> bytes:
    """A question for another server, with EDNS."""
    head = id_ + b"\x01\x00" + _COUNTS.pack(1, 0, 0, 1)
    return head + name + struct.pack("!HH", type_, IN) + opt(Edns(1232, 0, False))
