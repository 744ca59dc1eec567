"""Bad input and bad surroundings get one clear sentence, an exit code, and leave nothing behind."""

import json
import os
import signal
import socket
from pathlib import Path

import pytest

from eachpod.testing.localcluster import BIN, Cluster, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: s}
spec:
  selector: {app: x}
  ports: [{port: %s}]
"""


def refused(cluster: Cluster, *flags: str, code: int = 1) -> str:
    done = cluster.up(*flags)
    assert done.returncode == code, done.stdout
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused(Cluster("t-port", tmp_path), "--runtime", "simulated", "--api-port", str(port))
    assert f"--api-port: port {port}" in said


def test_containerd_missing_or_too_old(tmp_path: Path) -> None:
    cluster = Cluster("t-old", tmp_path)
    cluster.environment["PATH"] = str(BIN)
    assert "containerd: not installed" in refused(cluster, "--runtime", "containers")
    fake = tmp_path / "bin"
    fake.mkdir()
    (fake / "containerd").write_text("#!/bin/sh\necho containerd github.com/containerd/containerd 1.4.13 abc\n")
    (fake / "containerd").chmod(0o755)
    cluster.environment["PATH"] = f"{fake}:{BIN}:{os.environ['PATH']}"
    assert "1.4.13 is too old" in refused(cluster, "--runtime", "containers")


def test_data_of_a_newer_version(tmp_path: Path) -> None:
    cluster = Cluster("t-newer", tmp_path)
    cluster.data.mkdir()
    (cluster.data / "cluster.json").write_text(json.dumps({"name": "t-newer", "data_dir": "x", "layout": 99}))
    assert "written by a newer eachpod" in refused(cluster)


def test_an_unreadable_kubeconfig(tmp_path: Path) -> None:
    cluster = Cluster("t-kubeconfig", tmp_path)
    broken = tmp_path / "broken"
    broken.write_text("a: [")
    said = refused(cluster, "--runtime", "simulated", "--kubeconfig", str(broken))
    assert f"--kubeconfig: {broken} cannot be read" in said
    assert broken.read_text() == "a: ["


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (("--pod-cidr", "10.0.0.0/33"), "--pod-cidr"),
        (("--service-cidr", "x"), "--service-cidr"),
        (("--runtime", "vm"), "--runtime"),
        (("--node-monitor-grace-period", "soon"), "soon"),
    ],
)
def test_wrong_flags(tmp_path: Path, flags: tuple[str, ...], named: str) -> None:
    assert named in refused(Cluster("t-flags", tmp_path), *flags)


def test_a_number_out_of_range_is_wrong_use(tmp_path: Path) -> None:
    """The code of wrong use is 2, as of an unknown flag."""
    assert "--nodes" in refused(Cluster("t-flags", tmp_path), "--nodes", "-1", code=2)


def test_a_cluster_half_dead_from_a_crash_is_cleaned_up(simulated: Cluster) -> None:
    state = json.loads((simulated.data / "state.json").read_text())
    assert simulated.kubectl("create", "configmap", "kept").returncode == 0
    os.kill(state["pid"], signal.SIGKILL)
    os.kill(state["components"]["dns"]["pid"], signal.SIGKILL)
    again = simulated.up("--runtime", "simulated")
    assert again.returncode == 0, again.stderr
    assert simulated.get("configmap", "kept")["kind"] == "ConfigMap"
    assert "is running already" in simulated.up().stdout


def test_objects_that_cannot_be(simulated: Cluster) -> None:
    def create(text: str) -> str:
        done = simulated.kubectl("create", "-f", "-", text=text)
        assert done.returncode == 1
        return done.stderr

    assert 'unknown field "spec.foo"' in create(SERVICE % 80 + "  foo: 1\n")
    assert "cannot unmarshal" in create(SERVICE % "x") or "Invalid value" in create(SERVICE % "x")
    assert "must be between 1 and 65535, inclusive" in create(SERVICE % 70000)
    assert simulated.kubectl("create", "-f", "-", text=SERVICE % 80).returncode == 0
    assert 'services "s" already exists' in create(SERVICE % 80)


def test_images_and_containers_that_fail(containers: Cluster) -> None:
    assert containers.kubectl("run", "missing", "--image=nowhere:1").returncode == 0
    crash = ("run", "crash", "--image=busybox:1.28", "--", "sh", "-c", "exit 3")
    assert containers.kubectl(*crash).returncode == 0

    def waiting(name: str) -> str:
        statuses = containers.get("pod", name)["status"].get("containerStatuses") or [{}]
        return str(statuses[0].get("state", {}).get("waiting", {}).get("reason", ""))

    def message_of(name: str) -> str:
        state = containers.get("pod", name)["status"]["containerStatuses"][0]["state"]
        return str(state.get("waiting", {}).get("message", ""))

    wait_for(lambda: waiting("missing") in ("ErrImagePull", "ImagePullBackOff"), "the image cannot be pulled")
    wait_for(lambda: waiting("missing") == "ImagePullBackOff", "pulling is paused")
    wait_for(lambda: waiting("crash") == "CrashLoopBackOff", "starting is paused")
    status = containers.get("pod", "crash")["status"]["containerStatuses"][0]
    assert status["lastState"]["terminated"]["exitCode"] == 3
    assert "back-off 10s" in status["state"]["waiting"]["message"]
    wait_for(lambda: "back-off 20s" in message_of("crash"), "the pause before a start grows")
    events = [event["message"] for event in containers.get("events")["items"]]
    assert any('Failed to pull image "nowhere:1"' in message for message in events)
    assert any("Back-off restarting failed container" in message for message in events)
