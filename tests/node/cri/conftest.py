"""A containerd of its own for a test run, in namespaces that vanish with it."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from eachpod.cluster.images import build
from eachpod.node.cri import config
from eachpod.node.network.namespaces import inside

CNI = next((path for path in (Path("/usr/lib/cni"), Path("/opt/cni/bin")) if path.is_dir()), Path("/usr/lib/cni"))
REGISTRY = """
import asyncio, pathlib, socket, sys
from eachpod.cluster.images import serve
asyncio.run(serve(pathlib.Path(sys.argv[1]), [socket.create_server(("127.0.0.1", 5000))]))
"""
# containerd comes back when it is killed; what it started lives on meanwhile.
HOLDER = """
mount -t tmpfs tmpfs /run && ip link set lo up && echo 1 > /proc/sys/net/ipv4/ip_forward
"$1" -c "$2" "$3/images" &
while :; do containerd -c "$3/config.toml" >> "$3/containerd.log" 2>&1 & echo $! > "$3/containerd.pid"; wait $!; done
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
        subprocess.run(["nsenter", "-t", str(self.holder), "-m", "-p", "kill", "-9", str(inner)], check=True)


def setup(folder: Path) -> config.Containerd:
    for name in ("cni", "bin", "certs/_default", "wishes", "root"):
        (folder / name).mkdir(parents=True)
    paths = config.Containerd(
        root=f"{folder}/root",
        state="/run/containerd",
        socket=f"{folder}/c.sock",
        cni_conf_dir=f"{folder}/cni",
        cni_bin_dir=f"{folder}/bin",
        registry_dir=f"{folder}/certs",
    )
    (folder / "config.toml").write_text(config.containerd(paths))
    (folder / "certs/_default/hosts.toml").write_text(config.registry_hosts("http://127.0.0.1:5000", only=True))
    network = config.PodNetwork(["10.0.0.0/25"], "/run/ipam")
    (folder / "cni/10-eachpod.conflist").write_text(config.conflist(network))
    for plugin in CNI.iterdir():
        (folder / "bin" / plugin.name).symlink_to(plugin)
    ipam = folder / "bin" / config.IPAM_PLUGIN
    ipam.write_text(config.ipam_plugin(f"{CNI}/host-local", f"{folder}/wishes"))
    ipam.chmod(0o755)
    return paths


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    if os.geteuid() or not shutil.which("containerd") or not CNI.is_dir():
        pytest.skip("needs root, containerd and the CNI plugins")
    folder = tmp_path_factory.mktemp("ctr")
    build(out=folder / "images")
    paths = setup(folder)
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
    holder = subprocess.Popen([*command, sys.executable, REGISTRY, str(folder)], stdout=log, stderr=log)
    try:
        inner = child_of(holder.pid)
        namespace = f"/proc/{inner}/ns/net"
        ready = wait_for(lambda: answers(paths.socket) and inside(namespace, lambda: listens(5000)))
        assert ready, (folder / "containerd.log").read_text()[-2000:] + (folder / "holder.log").read_text()
        yield Machine(folder, paths.socket, folder / "wishes", namespace, inner)
    finally:
        holder.kill()
        holder.wait()
        log.close()
        for path in sorted(Path("/sys/fs/cgroup").glob(f"**/eachpod-test-{os.getpid()}/**/"), reverse=True):
            path.rmdir()


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


def wait_for(what: Callable[[], object], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.05)
    return False
