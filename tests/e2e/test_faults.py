"""What dies comes back, and what was there stays: the processes of a running cluster are killed one by one."""

import os
import signal
from pathlib import Path

import dns.resolver
import pytest

from eachpod.testing.localcluster import Cluster, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
MANIFEST = Path(__file__).resolve().parents[2] / "examples" / "headless.yaml"
NAME = "web-1.nginx-headless.default.svc.cluster.local."


def resolver(cluster: Cluster) -> dns.resolver.Resolver:
    made = dns.resolver.Resolver(configure=False)
    made.nameservers, made.port, made.lifetime = ["127.0.0.1"], cluster.dns_port, 10.0
    return made


def address(cluster: Cluster) -> str:
    return str(cluster.get("pod", "web-1")["status"]["podIP"])


def ready(cluster: Cluster, count: int) -> bool:
    return bool(cluster.get("sts", "web")["status"].get("readyReplicas") == count)


def started(cluster: Cluster) -> dict[str, int]:
    """Restarts of each pod's container."""
    pods = cluster.get("pods", "-l", "app=nginx")["items"]
    return {pod["metadata"]["uid"]: pod["status"]["containerStatuses"][0]["restartCount"] for pod in pods}


def back(cluster: Cluster, name: str, restarts: int) -> bool:
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


def test_control_plane_and_dns_of_simulated_pods(simulated: Cluster) -> None:
    assert simulated.kubectl("create", "-f", str(MANIFEST)).returncode == 0
    wait_for(lambda: ready(simulated, 3), "three pods are Ready")
    assert simulated.kubectl("create", "configmap", "kept", "--from-literal=a=b").returncode == 0
    ask, expected = resolver(simulated), address(simulated)
    os.kill(simulated.components()["control-plane"]["pid"], signal.SIGKILL)
    assert [str(each) for each in ask.resolve(NAME)] == [expected]
    wait_for(lambda: back(simulated, "control-plane", 1), "the control plane is back")
    assert simulated.get("configmap", "kept")["data"] == {"a": "b"}
    os.kill(simulated.components()["dns"]["pid"], signal.SIGKILL)
    wait_for(lambda: back(simulated, "dns", 1), "the DNS is back")
    assert [str(each) for each in ask.resolve(NAME)] == [expected]
    os.kill(simulated.components()["nodes"]["pid"], signal.SIGKILL)
    wait_for(lambda: back(simulated, "nodes", 1), "the nodes are back")
    assert simulated.kubectl("scale", "sts", "web", "--replicas=4").returncode == 0
    wait_for(lambda: ready(simulated, 4), "a fourth pod is Ready")


def test_real_pods_serve_on_while_their_agents_and_containerds_die(containers: Cluster) -> None:
    assert containers.kubectl("create", "-f", str(MANIFEST)).returncode == 0
    wait_for(lambda: ready(containers, 3), "three pods are Ready")
    before = started(containers)
    for part, text in (("containerd", "containerd --config"), ("node", "eachpod.cluster.process node ")):
        os.kill(inside(containers, text), signal.SIGKILL)
        wait_for(
            lambda part=part: any(
                back(containers, name, 1) for name in containers.components() if name.startswith(f"{part}-")
            ),
            f"{part} is back",
        )
        wait_for(
            lambda: (
                "Welcome" in containers.kubectl("exec", "web-0", "--", "wget", "-qO-", "web-1.nginx-headless").stdout
            ),
            "pods serve each other by name",
        )
    assert started(containers) == before
    assert containers.kubectl("delete", "pod", "web-1").returncode == 0
    wait_for(lambda: ready(containers, 3), "web-1 is replaced")
