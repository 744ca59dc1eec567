"""Measures a local cluster as its user meets it, and prints the figures with the machine they were taken on.

Usage: figures.py [simulated] [containers]. Both by default; containers where the machine can run them. dnsperf (from
Debian) measures the DNS rate where it is installed.
"""

import asyncio
import json
import os
import platform
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median

from eachpod.client.client import Client
from eachpod.client.http import HttpTransport
from eachpod.client.kubeconfig import load
from eachpod.cluster import ability
from eachpod.model.objects import Object
from eachpod.model.resources import POD, SERVICE, STATEFULSET

EACHPOD = str(Path(sys.executable).parent / "eachpod")
NAME = "web-0.nginx-headless.default.svc.cluster.local"


def service() -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "nginx-headless"},
        "spec": {"clusterIP": "None", "selector": {"app": "nginx"}, "ports": [{"name": "web", "port": 80}]},
    }


def stateful_set(replicas: int, policy: str) -> Object:
    container = {"name": "nginx", "image": "nginx:alpine", "ports": [{"containerPort": 80}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "web"},
        "spec": {
            "serviceName": "nginx-headless",
            "replicas": replicas,
            "podManagementPolicy": policy,
            "selector": {"matchLabels": {"app": "nginx"}},
            "template": {"metadata": {"labels": {"app": "nginx"}}, "spec": {"containers": [container]}},
        },
    }


def question(name: str) -> bytes:
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return struct.pack(">HHHHHH", 1, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", 1, 1)


class Dns:
    def __init__(self, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(("127.0.0.1", port))
        self._socket.settimeout(2)

    def answers(self, name: str) -> int:
        self._socket.send(question(name))
        return int(struct.unpack(">H", self._socket.recv(4096)[6:8])[0])


class Cluster:
    """A cluster of its own in a scratch directory."""

    def __init__(self, runtime: str, work: Path) -> None:
        self.runtime, self.data = runtime, work / "cluster"
        self.name = f"bench-{os.getpid()}"
        kubeconfig = work / "kubeconfig"
        begun = time.perf_counter()
        command = [EACHPOD, "up", self.name, "--runtime", runtime, "--data-dir", str(self.data)]
        said = subprocess.run(
            [*command, "--kubeconfig", str(kubeconfig), "-o", "json"], stdout=subprocess.PIPE, text=True, check=True
        )
        self.seconds = time.perf_counter() - begun
        self.settings = json.loads(said.stdout)
        self.client = Client(HttpTransport(load(kubeconfig)))
        self.dns = Dns(self.settings["dns_port"])

    def pids(self) -> dict[str, int]:
        state = json.loads((self.data / "state.json").read_text())
        return {"supervisor": state["pid"]} | {name: part["pid"] for name, part in state["components"].items()}

    def all_pids(self) -> list[int]:
        """Every process with this cluster's mark, without containerd and what runs in pods."""
        mark = f"EACHPOD_DATA_DIR={self.data}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(b"\0"):
                    program = (entry / "cmdline").read_bytes().split(b"\0")[0]
                    if b"python" in program or b"unshare" in program:
                        found.append(int(entry.name))
            except OSError:
                continue
        return found

    def down(self) -> None:
        subprocess.run([EACHPOD, "down", self.name, "--data-dir", str(self.data)], capture_output=True, check=False)


async def on_scratch(measure: Callable[[Cluster], Awaitable[None]]) -> None:
    """Measure on a simulated cluster that goes afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        cluster = Cluster("simulated", Path(folder))
        try:
            await measure(cluster)
            await cluster.client.close()
        finally:
            cluster.down()


def pss(pid: int) -> float:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+)", text, re.M).group(1)) / 1024  # type: ignore[union-attr]


def cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def until_ready(cluster: Cluster, replicas: int) -> None:
    names = [f"web-{i}.nginx-headless.default.svc.cluster.local" for i in range(replicas)]
    while True:
        found = await cluster.client.list(POD, "default")
        ready = sum(
            any(c["type"] == "Ready" and c["status"] == "True" for c in pod.get("status", {}).get("conditions", []))
            for pod in found.items
        )
        if ready == replicas and all(cluster.dns.answers(name) for name in names):
            return
        await asyncio.sleep(0.005)


async def create_and_delete(cluster: Cluster, replicas: int, policy: str) -> tuple[float, float]:
    begun = time.perf_counter()
    await cluster.client.create(SERVICE, service(), "default")
    await cluster.client.create(STATEFULSET, stateful_set(replicas, policy), "default")
    await until_ready(cluster, replicas)
    up = time.perf_counter() - begun
    begun = time.perf_counter()
    await cluster.client.delete(STATEFULSET, "web", "default")
    await cluster.client.delete(SERVICE, "nginx-headless", "default")
    while (await cluster.client.list(POD, "default")).items:
        await asyncio.sleep(0.01)
    return up, time.perf_counter() - begun


def dns_rate(cluster: Cluster) -> str:
    if shutil.which("dnsperf") is None:
        return "dnsperf is not installed"
    pid = cluster.pids()["dns"]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(f"{NAME} A\n")
        file.flush()
        before = cpu(pid)
        command = ["dnsperf", "-s", "127.0.0.1", "-p", str(cluster.settings["dns_port"]), "-d", file.name, "-l", "5"]
        said = subprocess.run([*command, "-c", "8", "-q", "400"], capture_output=True, text=True, check=False).stdout
        used = cpu(pid) - before
    completed = re.search(r"Queries completed:\s+(\d+)", said)
    return f"{int(completed.group(1)) / used:,.0f} answers per CPU second" if completed and used else "no answer"


async def measure(runtime: str) -> None:
    print(f"\n{runtime}")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        cluster = Cluster(runtime, Path(folder))
        try:
            print(f"  up to API and DNS answering        {cluster.seconds:.2f} s")
            if runtime == "containers":
                await create_and_delete(cluster, 3, "OrderedReady")  # brings the image to both nodes
            rounds = [await create_and_delete(cluster, 3, "OrderedReady") for _ in range(3)]
            print(f"  StatefulSet of 3 to Ready and DNS   {median(up for up, _ in rounds):.2f} s")
            await cluster.client.create(SERVICE, service(), "default")
            await cluster.client.create(STATEFULSET, stateful_set(3, "OrderedReady"), "default")
            await until_ready(cluster, 3)
            print(f"  DNS, {NAME}: {dns_rate(cluster)}")
            await asyncio.sleep(5)
            pids = cluster.all_pids()
            before, begun = sum(map(cpu, pids)), time.perf_counter()
            await asyncio.sleep(20)
            used = (sum(map(cpu, pids)) - before) / (time.perf_counter() - begun)
            print(f"  idle with 3 pods                    {sum(map(pss, pids)):.0f} MB PSS, {used:.1%} of a core")
            await cluster.client.delete(STATEFULSET, "web", "default")
            await cluster.client.delete(SERVICE, "nginx-headless", "default")
            while (await cluster.client.list(POD, "default")).items:
                await asyncio.sleep(0.01)
            if runtime == "simulated":
                up, gone = await create_and_delete(cluster, 500, "Parallel")
                print(f"  500 pods to Ready and DNS           {up:.2f} s, deleted {gone:.2f} s")
            await cluster.client.close()
        finally:
            cluster.down()


def main() -> None:
    wanted = sys.argv[1:] or ["simulated", "containers"]
    cores, memory = os.cpu_count(), os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    print(f"{cores} cores, {memory:.0f} GB, Linux {platform.release()}, Python {platform.python_version()}")
    for runtime in wanted:
        against = ability.reason_against_containers(ability.checks()) if runtime == "containers" else ""
        if against:
            print(f"\ncontainers: not measured, {against}")
        else:
            asyncio.run(measure(runtime))


if __name__ == "__main__":
    main()
