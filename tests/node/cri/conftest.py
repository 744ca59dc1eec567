"""A containerd of its own for a test run, in namespaces that vanish with it."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from eachpod.cluster.images import SANDBOX_IMAGE, build
from eachpod.node.cri.prepare import SetupError, Wanted, prepare, snapshotter
from eachpod.node.network.namespaces import inside

REGISTRY = """
import asyncio, pathlib, socket, sys
from eachpod.cluster.images import serve
asyncio.run(serve(pathlib.Path(sys.argv[1]), [socket.create_server(("127.0.0.1", 5000))]))
"""
# containerd comes back when it is killed; what it started lives on meanwhile.
HOLDER = """
mount -t tmpfs tmpfs /run && ip link set lo up && echo 1 > /proc/sys/net/ipv4/ip_forward
"$1" -c "$2" "$3/images" &
while :; do $4 >> "$3/containerd.log" 2>&1 & echo $! > "$3/containerd.pid"; wait $!; done
"""


@dataclass(frozen=True)
class Machine:
    """`namespace` is the network's; `kill` ends containerd, which then comes back."""

    folder: Path
    socket: str
    wishes: Path
    namespace: str
    holder: int

    def kill(self) -> None:
        inner = int((self.folder / "containerd.pid").read_text())
        command = f"kill -9 {inner}"  # the shell's own: procps may be missing
        subprocess.run(["nsenter", "-t", str(self.holder), "-m", "-p", "sh", "-c", command], check=True)


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    if os.geteuid():
        pytest.skip("needs root")
    folder = tmp_path_factory.mktemp("ctr")
    build(out=folder / "images")
    kept = Wanted(folder / "node", folder, ["10.0.0.0/25"], SANDBOX_IMAGE, snapshotter=snapshotter(folder))
    try:
        prepared = prepare(kept)
    except SetupError as error:
        pytest.skip(str(error))
    command = [
        "unshare",
        "--mount",
        "--net",
        "--pid",
        "--fork",
        "--mount-proc",
        "--kill-child",
        "sh",
        "-c",
        HOLDER,
        "sh",
    ]
    log = (folder / "holder.log").open("w")
    holder = subprocess.Popen(
        [*command, sys.executable, REGISTRY, str(folder), " ".join(prepared.command)], stdout=log, stderr=log
    )
    try:
        inner = child_of(holder.pid)
        namespace = f"/proc/{inner}/ns/net"
        ready = wait_for(lambda: answers(prepared.socket) and inside(namespace, lambda: listens(5000)))
        assert ready, (folder / "containerd.log").read_text()[-2000:] + (folder / "holder.log").read_text()
        yield Machine(folder, prepared.socket, prepared.wishes, namespace, inner)
    finally:
        holder.kill()
        holder.wait()
        log.close()
        # The kernel frees a cgroup a moment after its last process is gone.
        assert wait_for(lambda: not remaining_cgroups())


def remaining_cgroups() -> list[Path]:
    """Those of this run that cannot be removed yet."""
    found = sorted(Path("/sys/fs/cgroup").glob(f"**/eachpod-test-{os.getpid()}/**/"), reverse=True)
    for path in found:
        with contextlib.suppress(OSError):
            path.rmdir()
    return [path for path in found if path.exists()]


def child_of(parent: int) -> int:
    path = Path(f"/proc/{parent}/task/{parent}/children")
    assert wait_for(lambda: path.read_text().split())
    return int(path.read_text().split()[0])


def answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(path) == 0


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def wait_for(what: Callable[[], object], seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.05)
    return False
