"""Answers as messages: what fits of the ready records into a datagram or a TCP message, and in which order."""

from enum import Enum

from . import message
from .message import AA, HEADER, NOERROR, RA, SOA, TC, Question
from .node import Answer
from .zone import Index


class Transport(Enum):
    UDP = "udp"
    TCP = "tcp"


def seed(query: bytes, now: float) -> int:
    """A number that differs from question to question, for the order of answers."""
    mixed = ((query[0] << 8 | query[1]) + int(now * 1e6)) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
    return (mixed ^ mixed >> 29) >> 7


def shuffled(records: tuple[bytes, ...], query: bytes, now: float, count: int | None = None) -> list[bytes]:
    """The records, or only the first `count` of them, in another order each time (Fisher-Yates over a linear
    congruential sequence)."""
    order, state = list(records), seed(query, now)
    size = len(order)
    for place in range(size - 1 if count is None else min(count, size - 1)):
        state = (state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        other = place + (state >> 33) % (size - place)
        order[place], order[other] = order[other], order[place]
    return order if count is None else order[:count]


def limit(question: Question, transport: Transport) -> int:
    if transport is Transport.TCP:
        return message.TCP_MAX
    if question.edns is None:
        return message.UDP_MIN
    return min(max(question.edns.size, message.UDP_MIN), message.UDP_MAX)


def positive(index: Index, question: Question, ready: Answer, now: float, transport: Transport) -> bytes:
    """What fits of an answer. Additional records are left out first, which is no truncation (RFC 2181, section 9)."""
    tail = message.opt(question.edns) if question.edns else b""
    room = limit(question, transport) - HEADER - len(question.raw) - len(tail)
    records: list[bytes] = list(ready.records)
    if ready.orders or ready.orders is None:
        most = room // len(records[0]) + 1  # they are all as long, and few of thousands may fit
        records = shuffled(ready.records, question.id, now, most)
    kept = _fitting(records, room)
    cut = len(kept) < len(ready.records)
    more = [] if cut else _fitting(ready.more, room - sum(map(len, kept)))
    flags = message.answer_flags(question.flags) | AA | (TC if cut else 0) | (RA if index.options.forwarding else 0)
    counts = (1, len(kept), 0, len(more) + (1 if tail else 0))
    return message.header(question.id, flags, NOERROR, counts) + question.raw + b"".join([*kept, *more]) + tail


def _fitting(records: list[bytes] | tuple[bytes, ...], room: int) -> list[bytes]:
    kept = []
    for record in records:
        room -= len(record)
        if room < 0:
            break
        kept.append(record)
    return kept


def negative(index: Index, question: Question, rcode: int, zone: bytes, transport: Transport) -> bytes:
    """NXDOMAIN, or NODATA by `rcode` 0, with the zone's SOA for how long it may be kept (RFC 2308)."""
    tail = message.opt(question.edns) if question.edns else b""
    ttl, rdata = index.soa(zone)
    owner = message.pointer(HEADER + len(question.name) - len(zone))
    soa = message.record(owner, SOA, ttl, rdata)
    flags = message.answer_flags(question.flags) | AA | (RA if index.options.forwarding else 0)
    if HEADER + len(question.raw) + len(soa) + len(tail) > limit(question, transport):
        soa = b""
    counts = (1, 0, 1 if soa else 0, 1 if tail else 0)
    return message.header(question.id, flags, rcode, counts) + question.raw + soa + tail
