"""The DNS process itself: its sockets, its start without an API, and its end."""

import os
import signal
import socket
import struct
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dns.message
import dns.query
import dns.rcode
import pytest

from eachpod.dns import snapshot
from eachpod.testing.sockets import with_one_port

pytestmark = pytest.mark.e2e

PROGRAM = """
import sys
from eachpod.dns.config import DnsConfig
from eachpod.dns.serve import run
kubeconfig, kept, resolv, udp, tcp, health = sys.argv[1:]
run(
    DnsConfig(
        kubeconfig=kubeconfig, udp_fds=(int(udp),), tcp_fds=(int(tcp),), health_fd=int(health), snapshot=kept,
        resolv_conf=resolv, addresses=("10.96.0.10",), drain_seconds=0.5,
    ),
    lambda: print("ready", flush=True),
)
"""
# Nothing listens on the discard port of this address: the API is away.
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: c}}]
clusters: [{name: c, cluster: {server: "http://127.0.0.1:9"}}]
"""
NAME = "web-0.nginx-headless.default.svc.cluster.local."


class Running:
    def __init__(self, process: subprocess.Popen, port: int, health: int) -> None:
        self.process, self.port, self.health = process, port, health

    def udp(self, name: str, type_: str = "A") -> dns.message.Message:
        return dns.query.udp(dns.message.make_query(name, type_), "127.0.0.1", port=self.port, timeout=60)

    def page(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.health}{path}", timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()


# start(kept=...): with a snapshot, or without any state.
Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path, objects: list[Any]) -> Iterator[Start]:
    (tmp_path / "kubeconfig").write_text(KUBECONFIG)
    (tmp_path / "resolv.conf").write_text("nameserver 10.96.0.10\n")
    running: list[subprocess.Popen[str]] = []

    def begin(*, kept: bool) -> Running:
        if kept:
            state: dict[str, list] = {}
            for resource, obj in objects:
                state.setdefault(resource.group_resource, []).append(snapshot.slim(obj))
            snapshot.write(tmp_path / "kept", state)
        udp, tcp = with_one_port(("127.0.0.1", socket.SOCK_DGRAM), ("127.0.0.1", socket.SOCK_STREAM))
        health, port = socket.create_server(("127.0.0.1", 0)), tcp.getsockname()[1]
        fds = [sock.fileno() for sock in (udp, tcp, health)]
        paths = [str(tmp_path / name) for name in ("kubeconfig", "kept", "resolv.conf")]
        command = [sys.executable, "-c", PROGRAM, *paths, *map(str, fds)]
        process = subprocess.Popen(command, pass_fds=fds, stdout=subprocess.PIPE, text=True)
        made = Running(process, port, health.getsockname()[1])
        for sock in (udp, tcp, health):
            sock.close()
        running.append(process)
        return made

    yield begin
    for process in running:
        process.kill()
        process.wait()
        process.stdout.close()


def test_it_answers_from_its_snapshot_while_the_api_is_away(start: Start) -> None:
    server = start(kept=True)
    assert server.process.stdout.readline() == "ready\n"
    assert server.udp(NAME).answer[0][0].to_text() == "10.244.1.10"
    assert server.page("/ready")[0] == 200
    assert 'coredns_dns_requests_total{proto="udp"} 1' in server.page("/metrics")[1]
    assert server.page("/nothing")[0] == 404
    # The only resolver is ourselves: said at once, and not asked round and round.
    assert server.udp("example.com.").rcode() == dns.rcode.SERVFAIL


def test_without_any_state_it_answers_that_it_does_not_know(start: Start) -> None:
    server = start(kept=False)
    assert server.udp(NAME).rcode() == dns.rcode.SERVFAIL
    assert server.udp("dns-version.cluster.local.", "TXT").answer
    assert server.page("/ready")[0] == 503
    assert server.page("/health")[0] == 200


def test_tcp_takes_questions_one_after_the_other(start: Start) -> None:
    server = start(kept=True)
    queries = [dns.message.make_query("big-headless.default.svc.cluster.local.", "A", id=n) for n in range(1, 6)]
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as sock:
        wires = [query.to_wire() for query in queries]
        sock.sendall(b"".join(struct.pack("!H", len(wire)) + wire for wire in wires))
        stream = sock.makefile("rb")
        for query in queries:
            (length,) = struct.unpack("!H", stream.read(2))
            reply = dns.message.from_wire(stream.read(length))
            assert reply.id == query.id
            assert len(reply.answer[0]) == 150
        stream.close()


def test_sigterm_ends_it_after_what_was_asked(start: Start) -> None:
    server = start(kept=True)
    server.process.stdout.readline()
    os.kill(server.process.pid, signal.SIGTERM)
    assert server.process.wait(timeout=60) == 0


def test_a_damaged_snapshot_is_as_none(start: Start, tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(b"{damaged")
    server = start(kept=False)
    assert server.udp(NAME).rcode() == dns.rcode.SERVFAIL


def test_junk_does_not_end_it(start: Start) -> None:
    server = start(kept=True)
    server.process.stdout.readline()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for size in range(64):
            sock.sendto(os.urandom(size), ("127.0.0.1", server.port))
    assert server.udp(NAME).answer
