"""Probe thresholds, timing and ports; questions asked of a real server."""

import asyncio
import contextlib
import datetime
import ssl
from collections.abc import AsyncIterator
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.cluster.pki import Authority
from eachpod.node.probe import ProbeFault, Score, Timing, counted, due_after, port_of, timing
from eachpod.node.questions import Subject, ask

WHEN = Timing(0, 1, 1, 2, 3)


def verdicts(outcomes: list[bool]) -> list[bool | None]:
    scores = accumulate(outcomes, lambda score, each: counted(score, each, WHEN), initial=Score())
    return [score.verdict for score in scores][1:]


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([True], [None]),
        ([True, True], [None, True]),
        ([True, False, True], [None, None, None]),
        ([True, True, False, False, True, False], [None, True, True, True, True, True]),
        ([True, True, False, False, False], [None, True, True, True, False]),
    ],
)
def test_a_verdict_needs_its_number_in_a_row(outcomes: list[bool], expected: list[bool | None]) -> None:
    assert verdicts(outcomes) == expected


@given(st.lists(st.booleans(), max_size=30))
def test_a_verdict_turns_only_at_a_threshold(outcomes: list[bool]) -> None:
    found = verdicts(outcomes)
    for index, (before, after) in enumerate(zip([None, *found], found, strict=False)):
        if after is not before:
            needed = WHEN.successes if after else WHEN.failures
            assert outcomes[index - needed + 1 : index + 1] == [after] * needed


def test_timing_has_the_defaults_of_the_api() -> None:
    assert timing({}) == Timing(0, 10, 1, 1, 3)
    assert due_after(timing({"initialDelaySeconds": 5}), 100.0, 102.0) == 3.0


def test_ports_by_name() -> None:
    container = {"name": "c", "ports": [{"name": "web", "containerPort": 80}]}
    assert port_of({}, container, "web") == port_of({}, container, "80") == 80
    with pytest.raises(ProbeFault, match="couldn't find port name"):
        port_of({}, container, "nope")


@contextlib.asynccontextmanager
async def answer(status: bytes, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server's port. At the end all its connections are closed: one that is only opened is a probe too."""
    under_way: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\n\r\nok")
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        under_way.add(asyncio.create_task(handle(reader, writer)))

    async with await asyncio.start_server(begin, "127.0.0.1", 0, ssl=tls) as server:
        yield server.sockets[0].getsockname()[1]
    await asyncio.gather(*under_way)


@pytest.mark.parametrize(
    ("status", "success", "text"),
    [
        (b"200 OK", True, "ok"),
        (b"302 Found", True, "ok"),
        (b"500 No", False, "HTTP probe failed with statuscode: 500"),
        (b"banana", False, "malformed HTTP response"),
    ],
)
async def test_http(status: bytes, success: bool, text: str) -> None:
    subject = Subject({}, {"name": "c"}, "id", "127.0.0.1")
    runtime: Any = None
    async with answer(status) as port:
        outcome = await ask(runtime, subject, {"httpGet": {"port": port, "path": "/x"}}, 60.0)
        assert outcome.success is success
        assert text in outcome.text
        assert (await ask(runtime, subject, {"tcpSocket": {"port": port}}, 60.0)).success
    refused = await ask(runtime, subject, {"httpGet": {"port": port}}, 60.0)
    where = f"127.0.0.1:{port}"
    assert refused.text == f'Get "http://{where}/": dial tcp {where}: connect: connection refused'


async def test_nobody_checks_a_pods_certificate(tmp_path: Path) -> None:
    now = datetime.datetime.now(datetime.UTC)
    Authority.open(tmp_path, now).server("somebody", ["else.example"], now).write(tmp_path, "pod")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "pod.crt", tmp_path / "pod.key")
    runtime: Any = None
    async with answer(b"200 OK", context) as port:
        probe = {"httpGet": {"port": port, "scheme": "HTTPS"}}
        assert (await ask(runtime, Subject({}, {"name": "c"}, "id", "127.0.0.1"), probe, 60.0)).success
