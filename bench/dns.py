"""Figures of the cluster DNS: answers per CPU second, memory, cost of a change, time from change to answer.

Usage: dns.py. Needs dnsperf for the rates. The API of the last figure is a stub in this process, so that DNS' part
alone is measured.
"""

import asyncio
import itertools
import json
import os
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from eachpod.dns import snapshot
from eachpod.dns.answer import Transport, respond
from eachpod.dns.zone import Index, ZoneOptions
from eachpod.model.resources import ENDPOINTSLICE, NAMESPACE, SERVICE

SPACE = {"metadata": {"name": "default"}}
_TICK = os.sysconf("SC_CLK_TCK")
PROGRAM = """
import sys
from eachpod.dns.config import DnsConfig
from eachpod.dns.serve import run
config, kept, udp = sys.argv[1:]
made = DnsConfig(kubeconfig=config, udp_fds=(int(udp),), snapshot=kept, resolv_conf="")
run(made, lambda: print("ready", flush=True))
"""


def service(name: str) -> dict:
    spec = {"clusterIP": "None", "ports": [{"name": "web", "port": 80}]}
    return {"metadata": {"name": name, "namespace": "default"}, "spec": spec}


def piece(name: str, owner: str, first: int, count: int) -> dict:
    """A slice of `count` endpoints from ordinal `first`."""
    points = [
        {
            "addresses": [f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"],
            "hostname": f"web-{n}",
            "conditions": {"ready": True},
        }
        for n in range(first, first + count)
    ]
    metadata = {"name": name, "namespace": "default", "labels": {"kubernetes.io/service-name": owner}}
    ports = [{"name": "web", "port": 80, "protocol": "TCP"}]
    return {"metadata": metadata, "addressType": "IPv4", "endpoints": points, "ports": ports}


def question(name: str, number: int = 1) -> bytes:
    labels = b"".join(bytes((len(part),)) + part.encode() for part in name.split("."))
    return struct.pack("!HHHHHH", number, 0x100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"


def change_cost() -> None:
    """One endpoint among 10,000 changes: the work for its slice, and the answer after it."""
    index = Index(ZoneOptions())
    index.put(NAMESPACE, SPACE, 0)
    index.put(SERVICE, service("big"), 0)
    began = time.perf_counter()
    for first in range(0, 10_000, 100):
        index.put(ENDPOINTSLICE, piece(f"s{first}", "big", first, 100), 0)
    print(f"  10,000 endpoints taken in: {(time.perf_counter() - began) * 1000:.0f} ms")
    index.synced = True
    full, short = piece("s5000", "big", 5000, 100), piece("s5000", "big", 5000, 99)
    spent = []
    for obj in itertools.islice(itertools.cycle((short, full)), 100):
        began = time.perf_counter()
        index.put(ENDPOINTSLICE, obj, 0)
        spent.append(time.perf_counter() - began)
    print(f"  one of 10,000 endpoints changed: {statistics.median(spent) * 1e6:.0f} us")
    for label, query in (("its own name", "web-5001.big"), ("the Service's name", "big")):
        asked = question(f"{query}.default.svc.cluster.local")
        began = time.perf_counter()
        respond(index, asked, 0, Transport.UDP)
        print(f"  first answer after it, {label}: {(time.perf_counter() - began) * 1e6:.0f} us")


class Process:
    """The DNS process, answering from a snapshot; its API is away or given by `config`."""

    def __init__(self, place: Path, config: Path, objects: list) -> None:
        state: dict[str, list] = {}
        for resource, obj in objects:
            state.setdefault(resource.group_resource, []).append(obj)
        if objects:
            snapshot.write(place / "kept", state)
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        self.port = sock.getsockname()[1]
        command = [sys.executable, "-c", PROGRAM, str(config), str(place / "kept"), str(sock.fileno())]
        self.process = subprocess.Popen(
            command, pass_fds=[sock.fileno()], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        sock.close()
        assert self.process.stdout is not None
        self.process.stdout.readline()

    def cpu(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    def pss(self) -> float:
        lines = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def rate(server: Process, name: str, type_: str, place: Path) -> str:
    if shutil.which("dnsperf") is None:
        return "dnsperf is not installed"
    queries = place / "queries"
    queries.write_text(f"{name}.default.svc.cluster.local {type_}\n")
    before = server.cpu()
    command = ["dnsperf", "-s", "127.0.0.1", "-p", str(server.port), "-d", str(queries), "-l", "4", "-c", "4"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    spent = server.cpu() - before
    done = next(int(line.split()[2]) for line in out.splitlines() if "Queries completed" in line)
    return f"{done / spent:,.0f} answers per CPU second"


def rates(place: Path) -> None:
    config = place / "away"
    config.write_text(_kubeconfig("http://127.0.0.1:9"))
    objects = [
        (NAMESPACE, SPACE),
        (SERVICE, service("nginx-headless")),
        (ENDPOINTSLICE, piece("n", "nginx-headless", 1, 3)),
        (SERVICE, service("twenty")),
        (ENDPOINTSLICE, piece("t", "twenty", 100, 20)),
    ]
    server = Process(place, config, objects)
    try:
        print(f"  memory, 23 endpoints: {server.pss():.0f} MB PSS")
        for name, type_ in (
            ("web-1.nginx-headless", "A"), ("nginx-headless", "A"), ("twenty", "A"), ("web-1.nginx-headless", "AAAA"),
            ("_web._tcp.nginx-headless", "SRV"), ("missing", "A"),
        ):  # fmt: skip
            print(f"  {name} {type_}: {rate(server, name, type_, place)}")
    finally:
        server.stop()


def _kubeconfig(server: str) -> str:
    named = {"name": "c"}
    return json.dumps(
        {
            "current-context": "c",
            "contexts": [named | {"context": {"cluster": "c"}}],
            "clusters": [named | {"cluster": {"server": server}}],
        }
    )


async def delays(place: Path) -> None:
    """From a slice changed at the API (in memory, plain HTTP) to the first answer that shows it."""
    from aiohttp import web

    feeds: dict[str, list[web.StreamResponse]] = {}
    revision = itertools.count(2)
    state = {
        "namespaces": [SPACE],
        "services": [service("nginx-headless")],
        "endpointslices": [piece("n", "nginx-headless", 1, 3)],
    }

    async def handle(request: web.Request) -> web.StreamResponse:
        plural = request.path.rsplit("/", 1)[1]
        if "watch" not in request.query:
            return web.json_response({"metadata": {"resourceVersion": "1"}, "items": state[plural]})
        if "sendInitialEvents" in request.query:
            return web.json_response({"kind": "Status", "code": 400, "reason": "BadRequest"}, status=400)
        answer = web.StreamResponse()
        await answer.prepare(request)
        feeds.setdefault(plural, []).append(answer)
        await asyncio.Event().wait()
        return answer

    runner = web.ServerRunner(web.Server(handle))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    config = place / "near"
    config.write_text(_kubeconfig(f"http://127.0.0.1:{runner.addresses[0][1]}"))
    (place / "kept").unlink(missing_ok=True)
    server = await asyncio.to_thread(Process, place, config, [])
    spent = []
    try:
        for turn in range(200):
            while not feeds.get("endpointslices"):
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.005)
            changed = piece("n", "nginx-headless", 10 + turn, 1)
            changed["metadata"]["resourceVersion"] = str(next(revision))
            event = json.dumps({"type": "MODIFIED", "object": changed}).encode() + b"\n"
            began = time.perf_counter()
            await feeds["endpointslices"][-1].write(event)
            name = f"web-{10 + turn}.nginx-headless.default.svc.cluster.local"
            await asyncio.to_thread(_until_answered, server.port, name)
            spent.append((time.perf_counter() - began) * 1000)
    finally:
        server.stop()
        await runner.cleanup()
    spent.sort()
    print(f"  watch event to answer: median {spent[100]:.2f} ms, p99 {spent[197]:.2f} ms, most {spent[-1]:.2f} ms")


def _until_answered(port: int, name: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", port))
        sock.settimeout(5)
        for number in itertools.count(1):
            sock.send(question(name, number & 0xFFFF))
            if not sock.recv(512)[3] & 15:
                return


def main() -> None:
    print("Cluster DNS:")
    change_cost()
    with tempfile.TemporaryDirectory() as made:
        rates(Path(made))
        asyncio.run(delays(Path(made)))


if __name__ == "__main__":
    main()
