"""Bad input and bad surroundings get one clear sentence, an exit code, and leave nothing behind."""

import json
import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from eachpod.testing.localcluster import BIN, Cluster, wait_for

pytestmark = pytest.mark.e2e

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


def test_a_kernel_without_a_memory_cgroup(tmp_path: Path) -> None:
    """Containers are refused and simulated pods taken instead, with the reason; doctor says what to do."""
    if os.geteuid() != 0:
        pytest.skip("without root no memory cgroup is used")
    cluster = Cluster("t-memory", tmp_path)

    def without(*words: str) -> subprocess.CompletedProcess[str]:
        hide = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /sys/fs/cgroup && exec "$0" "$@"')
        command, streams = (*hide, str(BIN / "eachpod"), *words), {"capture_output": True, "text": True}
        return subprocess.run(command, **streams, timeout=120, check=False, env=cluster.environment)  # type: ignore[call-overload,no-any-return]

    place = ("up", cluster.name, "--data-dir", str(cluster.data))
    strict = without(*place, "--runtime", "containers")
    assert strict.returncode == 1
    assert "memory cgroup: the kernel has none" in strict.stderr
    assert not cluster.data.exists()
    assert "-> start the kernel with cgroup_enable=memory" in without("doctor").stdout
    chosen = without(*place)
    try:
        assert chosen.returncode == 0, chosen.stderr
        assert "runtime: simulated, since containers cannot run here (" in chosen.stderr
        assert "memory cgroup: the kernel has none" in chosen.stderr
    finally:
        cluster.down()


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
    assert "json: cannot unmarshal string into Go struct field ServicePort.spec.ports.port of type int32" in create(
        SERVICE % "x"
    )
    assert "must be between 1 and 65535, inclusive" in create(SERVICE % 70000)
    assert simulated.kubectl("create", "-f", "-", text=SERVICE % 80).returncode == 0
    assert 'services "s" already exists' in create(SERVICE % 80)


def test_images_and_containers_that_fail(containers: Cluster) -> None:
    """What was waited for, and in which order, is read from the pods' whole history: no state is missed by chance."""
    pods = "/api/v1/namespaces/default/pods"
    version = json.loads(containers.kubectl("get", "--raw", pods).stdout)["metadata"]["resourceVersion"]
    assert containers.kubectl("run", "missing", "--image=nowhere:1").returncode == 0
    crash = ("run", "crash", "--image=busybox:1.28", "--", "sh", "-c", "exit 3")
    assert containers.kubectl(*crash).returncode == 0

    def history(name: str) -> list[Any]:
        """The states in which the pod's container has been, one after the other."""
        query = f"watch=true&timeoutSeconds=1&resourceVersion={version}&fieldSelector=metadata.name%3D{name}"
        stream = containers.kubectl("get", "--raw", f"{pods}?{query}").stdout
        seen = [json.loads(line)["object"]["status"].get("containerStatuses") for line in stream.splitlines()]
        return [statuses[0] for statuses in seen if statuses]

    def waited(name: str) -> list[str]:
        waiting = [status["state"].get("waiting") or {} for status in history(name)]
        return [f"{each.get('reason')}: {each.get('message')}" for each in waiting]

    def told(name: str, *texts: str) -> bool:
        """Whether what was waited for had the texts in this order."""
        left = iter(waited(name))
        return all(any(text in each for each in left) for text in texts)

    wait_for(lambda: told("missing", "ErrImagePull", "ImagePullBackOff"), "a failed pull, then a pause")
    wait_for(lambda: told("crash", "back-off 10s", "back-off 20s"), "pauses that grow before a start", 120.0)
    crashes = [each for each in history("crash") if "CrashLoopBackOff" in json.dumps(each["state"])]
    assert {each["lastState"]["terminated"]["exitCode"] for each in crashes} == {3}

    def event(text: str) -> bool:
        return any(text in each["message"] for each in containers.get("events")["items"])

    for text in ('Failed to pull image "nowhere:1"', "Back-off restarting failed container"):
        wait_for(lambda text=text: event(text), text)  # type: ignore[misc]
