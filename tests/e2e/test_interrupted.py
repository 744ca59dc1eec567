"""An `up` that is interrupted leaves nothing; one that finds the cluster starting, or another `up` at work, waits."""

import json
import signal
import subprocess
from pathlib import Path

import pytest

from eachpod.testing.localcluster import BIN, Cluster, wait_for

pytestmark = pytest.mark.e2e


def begin(cluster: Cluster, *flags: str) -> "subprocess.Popen[str]":
    """An `up` that has come as far as to start its supervisor."""
    words = ("up", cluster.name, "--data-dir", str(cluster.data), "--runtime", "simulated", *flags)
    begun = subprocess.Popen(
        (str(BIN / "eachpod"), *words),
        env=cluster.environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    wait_for((cluster.data / "state.json").exists, "its supervisor has begun")
    return begun


def test_an_interrupted_start_leaves_nothing(tmp_path: Path) -> None:
    cluster = Cluster("t-interrupted", tmp_path)
    begun = begin(cluster)
    begun.send_signal(signal.SIGINT)
    said = begun.communicate(timeout=120)[1]
    if "interrupted" not in said:  # it was up before the signal came
        assert cluster.down().returncode == 0
        return
    assert begun.returncode == 130
    assert "Traceback" not in said
    assert not cluster.data.exists()
    assert "there is no cluster" in cluster.eachpod("status", cluster.name, "--data-dir", str(cluster.data)).stderr


def test_a_second_start_waits_for_the_first_and_enters_its_own_kubeconfig(tmp_path: Path) -> None:
    cluster = Cluster("t-second", tmp_path)
    begun = begin(cluster)
    begun.kill()  # it enters nothing any more
    begun.communicate(timeout=120)
    try:
        again = cluster.up("--runtime", "simulated", "--kubeconfig", str(tmp_path / "other"))
        assert again.returncode == 0, again.stderr
        assert again.stdout.startswith("cluster t-second is running already")
        seen = cluster.kubectl("--kubeconfig", str(tmp_path / "other"), "get", "namespaces", "-o", "json")
        assert "default" in [each["metadata"]["name"] for each in json.loads(seen.stdout)["items"]]
    finally:
        cluster.down()
    assert "eachpod-t-second" not in (tmp_path / "other").read_text()


def test_two_at_once_are_one_cluster(tmp_path: Path) -> None:
    cluster = Cluster("t-twice", tmp_path)
    words = (str(BIN / "eachpod"), "up", cluster.name, "--data-dir", str(cluster.data), "--runtime", "simulated")
    pipes = {"text": True, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": cluster.environment}
    both = [subprocess.Popen(words, **pipes) for _ in range(2)]  # type: ignore[call-overload]
    try:
        said = [each.communicate(timeout=300) for each in both]
        assert [each.returncode for each in both] == [0, 0], said
        assert sorted(out.split(" is ")[1].split()[0] for out, _ in said) == ["running", "up"]
        assert cluster.kubectl("get", "namespaces").returncode == 0
    finally:
        cluster.down()
