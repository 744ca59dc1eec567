"""Simulated pods need no Linux: a cluster on a machine that has none of what only Linux has."""

import shlex
import subprocess
from pathlib import Path

import pytest

from eachpod.testing.localcluster import BIN, Cluster, wait_for

pytestmark = pytest.mark.e2e

# What every Python of the cluster runs first. What is written in C for Linux cannot be taken away from it.
ELSEWHERE = """
import os, select, selectors, signal, socket
selectors.DefaultSelector = selectors.PollSelector
os.uname = lambda: os.uname_result(("Elsewhere", "machine", "1", "1", "x86_64"))
for module, names in {
    os: "pipe2 eventfd memfd_create pidfd_open sched_getaffinity sched_setaffinity posix_fadvise setns unshare splice",
    select: "epoll EPOLLIN EPOLLOUT EPOLLERR EPOLLHUP EPOLLET EPOLLONESHOT",
    socket: "AF_NETLINK SOCK_CLOEXEC SOCK_NONBLOCK SO_BINDTODEVICE SO_PASSCRED TCP_USER_TIMEOUT AF_PACKET AF_VSOCK",
    signal: "SIGPWR SIGSTKFLT pidfd_send_signal",
}.items():
    for name in names.split():
        if hasattr(module, name):
            delattr(module, name)
"""
HIDE = "mount -t tmpfs none /sys && mount -t tmpfs none /proc && exec "


def test_a_cluster_without_linux(tmp_path: Path) -> None:
    apart = ("unshare", "--mount", "--user", "--map-root-user")
    if subprocess.run([*apart, "sh", "-c", HIDE + "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine allows no namespaces in which /proc can be hidden")
    (tmp_path / "sitecustomize.py").write_text(ELSEWHERE)
    cluster = Cluster("t-elsewhere", tmp_path)
    cluster.environment["PYTHONPATH"] = str(tmp_path)

    def eachpod(*words: str) -> subprocess.CompletedProcess[str]:
        line = shlex.join([str(BIN / "eachpod"), *words, "--data-dir", str(cluster.data)])
        command = [*apart, "sh", "-c", HIDE + line]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=300, check=False, env=cluster.environment
        )

    try:
        started = eachpod("up", cluster.name)
        assert started.returncode == 0, started.stderr
        assert "runtime: simulated, since containers cannot run here (system: Elsewhere)" in started.stderr
        assert cluster.kubectl("create", "deployment", "web", "--image=nginx", "--replicas=3").returncode == 0
        wait_for(lambda: cluster.get("deployment", "web")["status"].get("readyReplicas") == 3, "the pods are Ready")
        again = eachpod("up", cluster.name)
        assert "is running already" in again.stdout, again.stderr
        assert "control-plane   ready" in eachpod("status", cluster.name).stdout
    finally:
        ended = eachpod("down", cluster.name)
    assert ended.returncode == 0, ended.stderr
    assert "processes 0" in ended.stdout
    assert not cluster.data.exists()
    assert cluster.kubectl("get", "--raw", "/readyz", "--request-timeout=1s").returncode != 0
