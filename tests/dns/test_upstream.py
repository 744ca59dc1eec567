"""Asking other resolvers for real, on loopback."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from eachpod.dns import message
from eachpod.dns import upstream as module
from eachpod.dns.counters import Counters
from eachpod.dns.upstream import Upstream
from eachpod.testing.eventually import until
from eachpod.testing.sockets import with_one_port

NAME = b"\x07example\x03org\x00"


class Resolver(asyncio.DatagramProtocol):
    """A resolver on loopback, UDP and TCP on one port."""

    def __init__(self, reply_to: Callable[..., bytes], *, truncated: bool = False) -> None:
        self.reply_to, self.truncated, self.asked = reply_to, truncated, 0

    async def start(self) -> int:
        datagram, stream = with_one_port(("127.0.0.1", socket.SOCK_DGRAM), ("127.0.0.1", socket.SOCK_STREAM))
        datagram.setblocking(False)
        self.server = await asyncio.start_server(self._serve, sock=stream)
        loop = asyncio.get_running_loop()
        self.transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=datagram)
        return int(stream.getsockname()[1])

    def stop(self) -> None:
        self.transport.close()
        self.server.close()

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.asked += 1
        self.transport.sendto(b"junk", addr)
        records = () if self.truncated else ("example.org. A 192.0.2.1",)
        self.transport.sendto(self.reply_to(data, *records, truncated=self.truncated), addr)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        wire = self.reply_to(await reader.readexactly(length), "example.org. A 192.0.2.2")
        writer.write(struct.pack("!H", len(wire)) + wire)
        await writer.drain()
        writer.close()


@pytest.fixture
async def resolver(reply_to: Callable[..., bytes]) -> AsyncIterator[Callable[..., Resolver]]:
    """Makes resolvers, which end with the test."""
    made: list[Resolver] = []

    def make(*, truncated: bool = False) -> Resolver:
        made.append(Resolver(reply_to, truncated=truncated))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process may be kept waiting for longer than a resolver may take to answer."""
    monkeypatch.setattr(module, "_PATIENCE_SECONDS", 60.0)


@pytest.fixture
def resolv_conf(tmp_path: Path) -> str:
    path = tmp_path / "resolv.conf"
    path.write_text("nameserver 127.0.0.1\n")
    return str(path)


async def test_a_resolver_is_asked_once_and_then_remembered(
    resolv_conf: str, resolver: Callable[..., Resolver]
) -> None:
    other = resolver()
    upstream = Upstream(resolv_conf, frozenset(), Counters(), await other.start())
    for _ in range(3):
        reply = await upstream.ask(NAME, message.A)
        assert [record.rdata for record in message.answers_of(reply)] == [socket.inet_aton("192.0.2.1")]
    assert other.asked == 1


async def test_a_cut_answer_is_asked_for_again_by_tcp(resolv_conf: str, resolver: Callable[..., Resolver]) -> None:
    upstream = Upstream(resolv_conf, frozenset(), Counters(), await resolver(truncated=True).start())
    reply = await upstream.ask(NAME, message.A)
    assert [record.rdata for record in message.answers_of(reply)] == [socket.inet_aton("192.0.2.2")]


async def test_no_resolver_no_answer(resolv_conf: str, tmp_path: Path) -> None:
    counters = Counters()
    assert await Upstream(resolv_conf, frozenset({"127.0.0.1"}), counters).ask(NAME, message.A) is None
    assert await Upstream(str(tmp_path / "none"), frozenset(), counters).ask(NAME, message.A) is None
    assert counters.forward_failures == 2


async def test_one_that_refuses_is_passed_over(resolv_conf: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    assert await Upstream(resolv_conf, frozenset(), Counters(), port).ask(NAME, message.A) is None


async def test_it_knows_its_own_questions(resolv_conf: str, resolver: Callable[..., Resolver]) -> None:
    other = resolver()
    upstream = Upstream(resolv_conf, frozenset(), Counters(), await other.start())
    seen: list[bool] = []
    other.datagram_received = lambda data, addr: seen.append(upstream.is_own(*addr))
    asking = asyncio.create_task(upstream.ask(NAME, message.A))
    await until(lambda: seen, "the question")
    asking.cancel()
    await asyncio.wait([asking])
    assert seen == [True]
    assert not upstream.is_own("127.0.0.1", 53)
