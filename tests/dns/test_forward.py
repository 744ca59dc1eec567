"""Names that are not the cluster's: whom to ask, what to keep, and asking for real on loopback."""

import asyncio
import socket
import struct

import dns.message
import dns.rrset
import pytest

from eachpod.dns import forward, message
from eachpod.dns.counters import Counters
from eachpod.dns.upstream import Upstream

NAME = b"\x07example\x03org\x00"


def reply_to(query: bytes, *records: str, truncated: bool = False, ttl: int = 60) -> bytes:
    made = dns.message.make_response(dns.message.from_wire(query))
    for text in records:
        owner, type_, value = text.split()
        made.answer.append(dns.rrset.from_text(owner, ttl, "IN", type_, value))
    if truncated:
        made.flags |= dns.flags.TC
    return made.to_wire()


QUERY = message.question_message(b"ab", NAME, message.A)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("nameserver 192.0.2.1\n", ("192.0.2.1",)),
        (
            "# nameserver 192.0.2.9\nnameserver\t192.0.2.1 # ours\n;x\nnameserver 192.0.2.2\n",
            ("192.0.2.1", "192.0.2.2"),
        ),
        ("nameserver 10.96.0.10\nnameserver 2001:db8::1\nsearch example.org\n", ("2001:db8::1",)),
        ("nameserver\nnameserver 192.0.2.1\nnameserver 192.0.2.1\n", ("192.0.2.1",)),
    ],
)
def test_resolvers_are_those_of_the_file_without_ourselves(text, expected):
    assert forward.resolvers(text, frozenset({"10.96.0.10"})) == expected


def test_answers_are_kept_as_long_as_their_records_allow():
    kept = forward.Kept()
    kept.put(NAME, message.A, reply_to(QUERY, "example.org. A 192.0.2.1", ttl=5), 100.0)
    assert kept.get(NAME, message.A, 104.9) is not None
    assert kept.get(NAME, message.A, 105.0) is None
    assert kept.get(NAME, message.AAAA, 101.0) is None
    kept.put(NAME, message.A, reply_to(QUERY, "example.org. A 192.0.2.1", ttl=9999), 200.0)
    assert kept.get(NAME, message.A, 200.0 + forward.MAX_LIFE) is None
    for wire in (reply_to(QUERY), reply_to(QUERY, "example.org. A 192.0.2.1", ttl=0)):
        fresh = forward.Kept()
        fresh.put(NAME, message.A, wire, 300.0)
        assert fresh.get(NAME, message.A, 300.0) is None


def test_what_is_kept_has_a_bound():
    kept = forward.Kept()
    wire = reply_to(QUERY, "example.org. A 192.0.2.1")
    for number in range(forward.MAX_KEPT + 50):
        kept.put(number.to_bytes(4), message.A, wire, 100.0)
    held = sum(kept.get(number.to_bytes(4), message.A, 100.0) is not None for number in range(forward.MAX_KEPT + 50))
    assert 0 < held <= forward.MAX_KEPT


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda wire: wire, True),
        (lambda wire: b"xy" + wire[2:], False),
        (lambda wire: wire[:2] + b"\x01" + wire[3:], False),
        (lambda wire: wire.replace(b"example", b"eXAMPLE"), True),
        (lambda wire: wire.replace(b"example", b"examplf"), False),
        (lambda wire: wire[:20], False),
        (lambda wire: b"", False),
    ],
)
def test_only_the_answer_to_the_question_is_taken(change, expected):
    assert forward.matches(QUERY, change(reply_to(QUERY, "example.org. A 192.0.2.1"))) is expected


class Resolver(asyncio.DatagramProtocol):
    """A resolver on loopback, UDP and TCP on one port."""

    def __init__(self, *, truncated: bool = False, silent: bool = False) -> None:
        self.truncated, self.silent, self.asked = truncated, silent, 0

    async def start(self) -> int:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self.server.sockets[0].getsockname()[1]
        loop = asyncio.get_running_loop()
        self.transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", port))
        return port

    def stop(self) -> None:
        self.transport.close()
        self.server.close()

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.asked += 1
        if not self.silent:
            self.transport.sendto(b"junk", addr)
            records = () if self.truncated else ("example.org. A 192.0.2.1",)
            self.transport.sendto(reply_to(data, *records, truncated=self.truncated), addr)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        wire = reply_to(await reader.readexactly(length), "example.org. A 192.0.2.2")
        writer.write(struct.pack("!H", len(wire)) + wire)
        await writer.drain()
        writer.close()


@pytest.fixture
def resolv_conf(tmp_path):
    path = tmp_path / "resolv.conf"
    path.write_text("nameserver 127.0.0.1\n")
    return str(path)


async def test_a_resolver_is_asked_once_and_then_remembered(resolv_conf):
    resolver = Resolver()
    upstream = Upstream(resolv_conf, frozenset(), Counters(), await resolver.start())
    try:
        for _ in range(3):
            reply = await upstream.ask(NAME, message.A)
            assert [record.rdata for record in message.answers_of(reply)] == [socket.inet_aton("192.0.2.1")]
        assert resolver.asked == 1
    finally:
        resolver.stop()


async def test_a_cut_answer_is_asked_for_again_by_tcp(resolv_conf):
    resolver = Resolver(truncated=True)
    upstream = Upstream(resolv_conf, frozenset(), Counters(), await resolver.start())
    try:
        reply = await upstream.ask(NAME, message.A)
        assert [record.rdata for record in message.answers_of(reply)] == [socket.inet_aton("192.0.2.2")]
    finally:
        resolver.stop()


async def test_no_resolver_no_answer(resolv_conf, tmp_path):
    counters = Counters()
    assert await Upstream(resolv_conf, frozenset({"127.0.0.1"}), counters).ask(NAME, message.A) is None
    assert await Upstream(str(tmp_path / "none"), frozenset(), counters).ask(NAME, message.A) is None
    assert counters.forward_failures == 2


async def test_one_that_refuses_is_passed_over(resolv_conf):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    assert await Upstream(resolv_conf, frozenset(), Counters(), port).ask(NAME, message.A) is None


async def test_it_knows_its_own_questions(resolv_conf):
    resolver = Resolver()
    upstream = Upstream(resolv_conf, frozenset(), Counters(), await resolver.start())
    seen = []
    resolver.datagram_received = lambda data, addr: seen.append(upstream.is_own(*addr))
    asking = asyncio.create_task(upstream.ask(NAME, message.A))
    while not seen:
        await asyncio.sleep(0.002)
    asking.cancel()
    await asyncio.wait([asking])
    resolver.stop()
    assert seen == [True]
    assert not upstream.is_own("127.0.0.1", 53)
