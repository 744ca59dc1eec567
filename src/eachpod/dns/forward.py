"""Deciding for names that are not the cluster's: which resolvers to ask, how long an answer may be kept, and what
becomes of it for the one who asked."""

import struct
from dataclasses import dataclass

from . import message
from .message import AA, HEADER, RA, SERVFAIL, TC, Question
from .node import Answer
from .reply import Transport, limit, positive
from .zone import Index

MAX_KEPT = 2000
MAX_LIFE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Ask:
    """The answer needs another server: ask it for `name` and `type`, then call `finish`. `chain` are the CNAME
    records that stand before its answer; a plain forwarded question has none."""

    question: Question
    name: bytes
    type: int
    transport: Transport
    chain: tuple[bytes, ...] = ()


def resolvers(resolv_conf: str, own: frozenset[str]) -> tuple[str, ...]:
    """The name servers of a resolv.conf, without ourselves: asking those would go round for ever."""
    found = []
    for line in resolv_conf.splitlines():
        words = line.split("#")[0].split(";")[0].split()
        if len(words) >= 2 and words[0] == "nameserver" and words[1] not in own:
            found.append(words[1])
    return tuple(dict.fromkeys(found))


class Kept:
    """Answers of other resolvers, for as long as their records allow. Names of the cluster never come here."""

    def __init__(self) -> None:
        self._replies: dict[tuple[bytes, int], tuple[float, bytes]] = {}

    def get(self, name: bytes, type_: int, now: float) -> bytes | None:
        found = self._replies.get((name, type_))
        return found[1] if found is not None and found[0] > now else None

    def put(self, name: bytes, type_: int, reply: bytes, now: float) -> None:
        life = message.least_ttl(reply)
        if not life or message.rcode_of(reply) not in (message.NOERROR, message.NXDOMAIN):
            return
        if len(self._replies) >= MAX_KEPT:
            self._replies = {key: kept for key, kept in self._replies.items() if kept[0] > now}
            if len(self._replies) >= MAX_KEPT:
                self._replies.clear()
        self._replies[name, type_] = (now + min(life, MAX_LIFE_SECONDS), reply)


def matches(query: bytes, reply: bytes) -> bool:
    """Whether a datagram answers our question: same id and name, a response."""
    if len(reply) < message.HEADER or reply[:2] != query[:2] or not reply[2] & 0x80:
        return False
    end, asked = message.name_end(reply, message.HEADER), message.name_end(query, message.HEADER)
    if end is None or asked is None or len(reply) < end + 4:
        return False
    own = query[message.HEADER : asked + 4]
    return reply[message.HEADER : end + 4].lower() == own.lower()


def finish(index: Index, ask: Ask, reply: bytes | None, now: float) -> bytes:
    """The answer that an upstream's `reply` makes; None means that no upstream answered."""
    question = ask.question
    ra = RA if index.options.forwarding else 0
    if ask.chain:
        found = message.answers_of(reply) if reply is not None else []
        if reply is None:
            return message.failure(question, SERVFAIL, flags=AA | ra, extended_error=message.NETWORK_ERROR)
        more = tuple(message.record(r.owner, r.type, r.ttl, r.rdata) for r in found)
        return positive(index, question, Answer((*ask.chain, *more)), now, ask.transport)
    if reply is None:
        return message.failure(question, SERVFAIL, flags=ra, extended_error=message.NETWORK_ERROR)
    end = message.name_end(reply, HEADER)
    if end is None or len(reply) < end + 4 or reply[HEADER:end].lower() != question.name:
        return message.failure(question, SERVFAIL, flags=ra, extended_error=message.NETWORK_ERROR)
    flags = struct.pack("!H", (struct.unpack_from("!H", reply, 2)[0] & 0x86AF) | question.flags & 0x0110 | 0x8080)
    whole = question.id + flags + reply[4:HEADER] + question.raw + reply[end + 4 :]
    if question.edns is None:
        whole = _without_opt(whole)
    if len(whole) <= limit(question, ask.transport):
        return whole
    return message.failure(question, message.rcode_of(reply), flags=TC | ra)


def _without_opt(reply: bytes) -> bytes:
    """Without the OPT record at the end that an upstream gave us, for an asker that did not speak EDNS."""
    count = struct.unpack_from("!H", reply, 10)[0]
    tail = reply[-11:]
    if count and tail[:3] == b"\x00\x00\x29" and tail[9:] == b"\x00\x00":
        return reply[:10] + struct.pack("!H", count - 1) + reply[HEADER:-11]
    return reply
