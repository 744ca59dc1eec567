"""From a question to its answer, by the index alone.

Nearly every question is the one-name, one-type form for a name that exists: `respond` looks it up by its bytes and
puts id, flags and question in front of what is ready. Everything else goes the slow way. Where CoreDNS and the RFCs
differ, what clients depend on is kept (NXDOMAIN for a headless Service without ready endpoints, SRV at the bare
Service name, CNAME left out when it leads nowhere) and what breaks the RFCs is not (existing names are never NXDOMAIN,
additional records are dropped without TC, broken objects never cause silence).
"""

import struct
from dataclasses import dataclass
from enum import Enum

from . import message, name
from .message import (
    AA,
    AAAA,
    CNAME,
    HEADER,
    IN,
    NOERROR,
    NS,
    NXDOMAIN,
    RA,
    REFUSED,
    SERVFAIL,
    SOA,
    TC,
    A,
    Bad,
    Question,
)
from .node import NODATA, Alias, Answer, Fixed, Node, address_records
from .zone import REVERSE_ZONES, Index

MAX_CHAIN = 10
# What the zone's own SOA shows as MINIMUM, as in clusters that kubeadm makes. Denials carry the TTL instead.
_MINIMUM = 30
_PRIVATE = tuple(
    name.encode(zone)
    for zone in (
        "10.in-addr.arpa", "127.in-addr.arpa", "168.192.in-addr.arpa", "254.169.in-addr.arpa",
        *(f"{n}.172.in-addr.arpa" for n in range(16, 32)),
        "d.f.ip6.arpa", "c.f.ip6.arpa", "8.e.f.ip6.arpa",
    )
)  # fmt: skip
_ONE_QUESTION = b"\x00\x01\x00\x00\x00\x00"
_DENIED, _DENIED_EDNS = struct.pack("!4H", 1, 0, 1, 0), struct.pack("!4H", 1, 0, 1, 1)


class Transport(Enum):
    UDP = "udp"
    TCP = "tcp"


@dataclass(frozen=True, slots=True)
class Ask:
    """The answer needs another server: ask it for `name` and `type`, then call `finish`. `chain` are the CNAME
    records that stand before its answer; a plain forwarded question has none."""

    question: Question
    name: bytes
    type: int
    transport: Transport
    chain: tuple[bytes, ...] = ()


Reply = bytes | Ask | None


def respond(index: Index, query: bytes, now: float, transport: Transport) -> Reply:
    """The answer to a datagram or a TCP message; None where silence is right."""
    if query[4:10] == _ONE_QUESTION and not query[2] & 0xF8 and index.synced:
        end = query.find(0, HEADER) + 1
        node = index.names.get(query[HEADER:end].lower())
        if node is not None:
            after = end + 4
            ready = node.answers.get(query[end:after])
            if ready is not None and (ready.records or ready is NODATA):
                reply = _fast(index, query, after, ready, now, transport)
                if reply is not None:
                    return reply
    return _slow(index, query, now, transport)


def _fast(index: Index, query: bytes, after: int, ready: Answer, now: float, transport: Transport) -> bytes | None:
    """None where it is not simple after all (odd EDNS, or too long)."""
    more = query[10:12]
    if more == b"\x00\x00":
        limit, tail, counts = message.UDP_MIN, b"", ready.counts
    elif more == b"\x00\x01" and len(query) == after + 11 and query[after : after + 3] == b"\x00\x00\x29":
        # An OPT record without options. Version and extended code must be 0.
        if query[after + 5] or query[after + 6] or query[after + 9] or query[after + 10]:
            return None
        limit = min(max(query[after + 3] << 8 | query[after + 4], message.UDP_MIN), message.UDP_MAX)
        do = b"\x80" if query[after + 7] & 0x80 else b"\x00"
        tail = b"\x00\x00\x29" + limit.to_bytes(2) + b"\x00\x00" + do + b"\x00\x00\x00"
        counts = ready.counts_edns
    else:
        return None
    if transport is Transport.TCP:
        limit = message.TCP_MAX
    if after + ready.size + len(tail) > limit:
        return None
    if ready is NODATA:
        owner = (0xC000 | after - 4 - len(index.zone)).to_bytes(2)
        body = owner + index.denial
        if after + len(body) + len(tail) > limit:
            return None
        counts = _DENIED_EDNS if tail else _DENIED
        return query[:2] + _flags(index, query) + counts + query[HEADER:after] + body + tail
    orders = ready.orders
    body = ready.body
    if orders is None:
        body = b"".join(shuffled(ready.records, query, now))
    elif orders:
        body = orders[_seed(query, now) % len(orders)]
    return query[:2] + _flags(index, query) + counts + query[HEADER:after] + body + tail


def _flags(index: Index, query: bytes) -> bytes:
    """QR and AA, RD and CD as asked, RA where others' names are answered too."""
    return bytes((0x84 | query[2] & 1, (0x80 if index.options.forwarding else 0) | query[3] & 0x10))


def _seed(query: bytes, now: float) -> int:
    """A number that differs from question to question, for the order of answers."""
    mixed = ((query[0] << 8 | query[1]) + int(now * 1e6)) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
    return (mixed ^ mixed >> 29) >> 7


def shuffled(records: tuple[bytes, ...], query: bytes, now: float, count: int | None = None) -> list[bytes]:
    """The records, or only the first `count` of them, in another order each time (Fisher-Yates over a linear
    congruential sequence)."""
    order, state = list(records), _seed(query, now)
    size = len(order)
    for place in range(size - 1 if count is None else min(count, size - 1)):
        state = (state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        other = place + (state >> 33) % (size - place)
        order[place], order[other] = order[other], order[place]
    return order if count is None else order[:count]


def _slow(index: Index, query: bytes, now: float, transport: Transport) -> Reply:
    question = message.read(query)
    if question is Bad.SILENT:
        return None
    if isinstance(question, Bad):
        return message.bare_failure(query, question.value)
    if question.edns is not None and question.edns.version != 0:
        return message.failure(question, message.BADVERS)
    if question.klass != IN or question.type in (message.AXFR, message.IXFR):
        return message.failure(question, REFUSED)
    if name.under(question.name, index.zone):
        return _own(index, question, now, transport)
    for zone in REVERSE_ZONES:
        if name.under(question.name, zone):
            return _reverse(index, question, zone, now, transport)
    if not index.options.forwarding:
        return message.failure(question, REFUSED)
    return Ask(question, question.name, question.type, transport)


def _own(index: Index, question: Question, now: float, transport: Transport) -> Reply:
    if not index.synced and question.name not in index.statics:
        return message.failure(question, SERVFAIL, flags=AA, extended_error=message.NOT_READY)
    node = find(index, question.name)
    if node is None:
        # CoreDNS denies no name to who asks for its SOA, and tools that look for a zone's apex walk up on that.
        rcode = NOERROR if question.type == SOA else NXDOMAIN
        return negative(index, question, rcode, index.zone, transport)
    if isinstance(node, Alias) and question.type in (A, AAAA):
        return _follow(index, question, node, now, transport)
    if question.name == index.zone and question.type in (SOA, NS):
        return _apex(index, question, now, transport)
    ready = node.keep(question.type, len(question.raw))
    if not ready.records:
        return negative(index, question, NOERROR, index.zone, transport)
    return positive(index, question, ready, now, transport)


def _reverse(index: Index, question: Question, zone: bytes, now: float, transport: Transport) -> Reply:
    node = index.names.get(question.name)
    if node is not None:
        ready = node.keep(question.type, len(question.raw))
        if ready.records:
            return positive(index, question, ready, now, transport)
        return negative(index, question, NOERROR, zone, transport)
    private = any(name.under(question.name, one) for one in _PRIVATE)
    if index.options.forwarding and not private:
        return Ask(question, question.name, question.type, transport)
    if not index.synced:
        return message.failure(question, SERVFAIL, flags=AA, extended_error=message.NOT_READY)
    return negative(index, question, NXDOMAIN, zone, transport)


def find(index: Index, wire: bytes) -> Node | None:
    """The node of a name in the cluster's zone (in small letters), also of names that are not written down: addresses
    of pods, and ports without their underscores."""
    node = index.names.get(wire)
    if node is not None:
        return node
    parts = name.labels(wire[: len(wire) - len(index.zone)] + name.ROOT)
    if len(parts) in (3, 4) and parts[-1] == b"pod":
        return _pod(index, parts[-3], parts[-2])
    if len(parts) == 5 and parts[-1] == b"svc":
        port, protocol = (b"_" + part if part[:1] != b"_" else part for part in parts[:2])
        if max(len(port), len(protocol)) <= name.MAX_LABEL:
            rest = wire[2 + len(parts[0]) + len(parts[1]) :]
            found = index.names.get(bytes((len(port),)) + port + bytes((len(protocol),)) + protocol + rest)
            return found
    return None


def _pod(index: Index, shown: bytes, namespace: bytes) -> Node | None:
    address = name.undashed(shown)
    place = bytes((len(namespace),)) + namespace + name.label("pod") + index.zone
    if address is None or place not in index.names:
        return None
    if index.options.pods == "verified" and not index.has_pod(namespace, address):
        return None
    return Fixed({A if len(address) == 4 else AAAA: (index.options.ttl, (address,))})


def _apex(index: Index, question: Question, now: float, transport: Transport) -> bytes:
    if question.type == SOA:
        ttl, rdata = index.soa(index.zone, max(index.options.ttl, _MINIMUM))
        made = Answer((message.record(message.ASKED, SOA, ttl, rdata),))
        return positive(index, question, made, now, transport)
    target, addresses = index.name_server()
    ttl = index.options.ttl
    glue = [record for type_ in (A, AAAA) for record in address_records(target, ttl, addresses, type_)]
    made = Answer((message.record(message.ASKED, NS, ttl, target),), tuple(glue))
    return positive(index, question, made, now, transport)


def _follow(index: Index, question: Question, first: Alias, now: float, transport: Transport) -> Reply:
    """CNAME records from alias to alias, then the addresses of where they end."""
    chain: list[bytes] = []
    owner, node, ttl = message.ASKED, first, index.options.ttl
    for _ in range(MAX_CHAIN):
        chain.append(message.record(owner, CNAME, ttl, node.target))
        owner, target = node.target, node.target.lower()
        if not name.under(target, index.zone):
            if not index.options.forwarding:
                return positive(index, question, Answer(tuple(chain)), now, transport)
            return Ask(question, node.target, question.type, transport, tuple(chain))
        found = find(index, target)
        if isinstance(found, Alias):
            node = found
            continue
        ready = found.answer(question.type, 0).records if found is not None else ()
        if not ready:
            break
        addresses = tuple(owner + record[2:] for record in shuffled(ready, question.id, now))
        return positive(index, question, Answer((*chain, *addresses)), now, transport)
    return negative(index, question, NOERROR, index.zone, transport)


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
