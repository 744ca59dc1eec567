"""From a question to its answer, by the index alone.

Nearly every question is the one-name, one-type form for a name that exists: `respond` looks it up by its bytes and
puts id, flags and question in front of what is ready. Everything else goes the slow way. Where CoreDNS and the RFCs
differ, what clients depend on is kept (NXDOMAIN for a headless Service without ready endpoints, SRV at the bare
Service name, CNAME left out when it leads nowhere) and what breaks the RFCs is not (existing names are never NXDOMAIN,
additional records are dropped without TC, broken objects never cause silence).
"""

import struct

from . import message, name
from .forward import Ask
from .message import AA, AAAA, CNAME, HEADER, IN, NOERROR, NS, NXDOMAIN, REFUSED, SERVFAIL, SOA, A, Bad, Question
from .node import NODATA, Alias, Answer, Fixed, Node, address_records
from .reply import Transport, negative, positive, seed, shuffled
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
        body = orders[seed(query, now) % len(orders)]
    return query[:2] + _flags(index, query) + counts + query[HEADER:after] + body + tail


def _flags(index: Index, query: bytes) -> bytes:
    """QR and AA, RD and CD as asked, RA where others' names are answered too."""
    return bytes((0x84 | query[2] & 1, (0x80 if index.options.forwarding else 0) | query[3] & 0x10))


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
            return index.names.get(bytes((len(port),)) + port + bytes((len(protocol),)) + protocol + rest)
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
