"""What dies comes back, and what was there stays: the processes of a running cluster are stopped and killed.

While they are away, a client pod asks for its peers by name all the time and writes down each failure; names are asked
from outside too; and objects are written without pause, each acknowledged one to be found again.
"""

import asyncio
import json
import os
import signal
from pathlib import Path

import dns.resolver
import pytest

from eachpod.client.client import Client
from eachpod.client.http import HttpTransport
from eachpod.client.kubeconfig import load
from eachpod.model.errors import StatusError
from eachpod.model.resources import CONFIGMAP
from eachpod.testing.localcluster import Cluster, wait_for

pytestmark = pytest.mark.e2e
MANIFEST = Path(__file__).resolve().parents[2] / "examples" / "headless.yaml"
NAME = "web-1.nginx-headless.default.svc.cluster.local."
ASKING = "while true; do wget -T 60 -qO- web-1.nginx-headless >/dev/null && echo ok || echo FAILED; sleep 0.2; done"
# A slow machine takes longer to start the DNS again than the usual two times five seconds.
PATIENT = {"spec": {"dnsConfig": {"options": [{"name": "attempts", "value": "5"}, {"name": "timeout", "value": "10"}]}}}


def resolved(cluster: Cluster) -> list[str]:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port, resolver.lifetime = ["127.0.0.1"], cluster.dns_port, 60.0
    return [str(each) for each in resolver.resolve(NAME)]


def address(cluster: Cluster) -> str:
    return str(cluster.get("pod", "web-1")["status"]["podIP"])


def ready(cluster: Cluster, count: int) -> bool:
    return bool(cluster.get("sts", "web")["status"].get("readyReplicas") == count)


def started(cluster: Cluster) -> dict[str, int]:
    """Restarts of each pod's container."""
    pods = cluster.get("pods", "-l", "app=nginx")["items"]
    return {pod["metadata"]["uid"]: pod["status"]["containerStatuses"][0]["restartCount"] for pod in pods}


def back(cluster: Cluster, name: str, restarts: int = 1) -> bool:
    part = cluster.components()[name]
    return bool(part["ready"] and part["restarts"] >= restarts)


def inside(cluster: Cluster, text: str) -> int:
    """The process on this machine whose command line has `text`, inside the holder or not."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if text in line and str(cluster.data) in line and "nsenter" not in line and "unshare" not in line:
                return int(entry.name)
    pytest.fail(f"no process {text}")


def away(cluster: Cluster) -> bool:
    """Whether the API gives no answer."""
    return cluster.kubectl("get", "--raw", "/readyz", "--request-timeout=1s").returncode != 0


def test_names_resolve_while_the_api_is_away(simulated: Cluster) -> None:
    assert simulated.kubectl("create", "-f", str(MANIFEST)).returncode == 0
    wait_for(lambda: ready(simulated, 3), "three pods are Ready")
    expected = address(simulated)
    control_plane = simulated.components()["control-plane"]["pid"]
    os.kill(control_plane, signal.SIGSTOP)
    assert away(simulated)
    assert resolved(simulated) == [expected]
    os.kill(simulated.components()["dns"]["pid"], signal.SIGKILL)
    wait_for(lambda: back(simulated, "dns"), "the DNS is back, from its snapshot")
    assert resolved(simulated) == [expected]
    assert away(simulated)
    os.kill(control_plane, signal.SIGKILL)
    wait_for(lambda: back(simulated, "control-plane"), "the control plane is back")
    os.kill(simulated.components()["nodes"]["pid"], signal.SIGKILL)
    wait_for(lambda: back(simulated, "nodes"), "the nodes are back")
    assert simulated.kubectl("scale", "sts", "web", "--replicas=4").returncode == 0
    wait_for(lambda: ready(simulated, 4), "a fourth pod is Ready")


async def test_nothing_acknowledged_is_lost(simulated: Cluster) -> None:
    """Eight writers write without pause while the control plane is killed three times."""
    client = Client(HttpTransport(load(simulated.environment["KUBECONFIG"])))
    acknowledged: set[str] = set()
    stop = False

    async def write(writer: int) -> None:
        number = 0
        while not stop:
            number += 1
            name = f"w{writer}-{number}"
            try:
                await client.create(CONFIGMAP, {"metadata": {"name": name, "namespace": "default"}, "data": {"a": "b"}})
                acknowledged.add(name)
            except (StatusError, ConnectionError):
                await asyncio.sleep(0.05)

    writers = [asyncio.create_task(write(each)) for each in range(8)]
    for killed in (1, 2, 3):
        written = len(acknowledged)
        while len(acknowledged) < written + 50:
            await asyncio.sleep(0.01)
        os.kill(simulated.components()["control-plane"]["pid"], signal.SIGKILL)
        await asyncio.to_thread(wait_for, lambda killed=killed: back(simulated, "control-plane", killed), "it is back")
    stop = True
    await asyncio.gather(*writers)
    found = {each["metadata"]["name"] for each in (await client.list(CONFIGMAP, "default")).items}
    assert acknowledged <= found
    await client.close()


def test_real_pods_serve_on_while_everything_around_them_dies(containers: Cluster) -> None:
    assert containers.kubectl("create", "-f", str(MANIFEST)).returncode == 0
    wait_for(lambda: ready(containers, 3), "three pods are Ready")
    patient = f"--overrides={json.dumps(PATIENT)}"
    asking = ("run", "asking", "--image=busybox:1.28", patient, "--", "sh", "-c", ASKING)
    assert containers.kubectl(*asking).returncode == 0
    log = lambda: containers.kubectl("logs", "asking").stdout.split()  # noqa: E731
    wait_for(lambda: "ok" in log(), "the client pod gets an answer")
    before, nodes = started(containers), ("192.168.0.194", "192.168.0.21")
    for text in ("containerd --config", "eachpod.cluster.process node "):
        os.kill(inside(containers, text), signal.SIGKILL)
        kind = "containerd" if text.startswith("containerd") else "node"
        wait_for(lambda kind=kind: any(back(containers, f"{kind}-{node}") for node in nodes), f"{kind} is back")
    for name in ("control-plane", "dns"):
        os.kill(containers.components()[name]["pid"], signal.SIGKILL)
        wait_for(lambda name=name: back(containers, name), f"{name} is back")
    seen = len(log())
    wait_for(lambda: len(log()) > seen + 5, "the client pod goes on asking")
    assert set(log()) == {"ok"}
    assert started(containers) == before
    assert containers.kubectl("delete", "pod", "web-1").returncode == 0
    wait_for(lambda: ready(containers, 3), "web-1 is replaced")
