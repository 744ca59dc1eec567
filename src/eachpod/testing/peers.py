"""The programs of Kubernetes itself, started beside ours: each part has to work in the place of its upstream twin.

They are not part of the product and not downloaded. The variable PEERS names the folder where they are; tests that
need some that are not there are skipped with the words of `missing`. Every program writes its output into a file of
its own in the folder that it is given.
"""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from eachpod.client.client import Client
from eachpod.client.http import HttpTransport
from eachpod.client.kubeconfig import KubeconfigError, load
from eachpod.model.resources import NAMESPACE

from .eventually import eventually

EACHPOD = Path(sys.executable).parent / "eachpod"
SERVICES = "10.247.0.0/16"
PODS = "10.0.0.0/16"
_TOKEN = "secret"
Running = AbstractAsyncContextManager[None]


def program(name: str) -> Path:
    """Where an upstream program is, or would be: in the folder PEERS, or in `bin` in it."""
    folder = Path(os.environ.get("PEERS") or "/nonexistent").expanduser()
    return folder / "bin" / name if (folder / "bin" / name).exists() else folder / name


def missing(*names: str) -> str:
    """Why tests that need these programs cannot run; "" where all are there."""
    if not os.environ.get("PEERS"):
        return "PEERS does not name the folder of the upstream programs"
    absent = [name for name in names if not os.access(program(name), os.X_OK)]
    return f"PEERS has no {', '.join(absent)}" if absent else ""


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@asynccontextmanager
async def running(folder: Path, *command: str | Path, environment: dict[str, str] | None = None) -> AsyncIterator[None]:
    """A program until the end of the block. Its output is in the folder, in a file named after it."""
    words = [str(word) for word in command]
    name = Path(words[0]).name
    log = folder / f"{name}-{words[1]}.log" if name == EACHPOD.name else folder / f"{name}.log"
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *words, stdout=output, stderr=output, env={**os.environ, **(environment or {})}
        )
    try:
        yield
        if process.returncode is not None:
            raise AssertionError(f"{name} ended by itself: {log.read_text(errors='replace')[-2000:]}")
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@asynccontextmanager
async def client_of(kubeconfig: Path) -> AsyncIterator[Client]:
    client = Client(HttpTransport(load(kubeconfig)))
    try:
        yield client
    finally:
        await client.close()


async def _answering(kubeconfig: Path) -> None:
    async def default_namespace() -> object:
        try:
            async with client_of(kubeconfig) as client:
                return await client.get(NAMESPACE, "default")
        except KubeconfigError:  # not written yet
            return None

    await eventually(default_namespace, "the API server answers")


# --- API servers


@asynccontextmanager
async def our_server(folder: Path) -> AsyncIterator[Path]:
    """`eachpod server` as a user starts it; yields the kubeconfig."""
    data = folder / "server"
    command = (EACHPOD, "server", "--api-port", "0", "--data-dir", data, "--service-cidr", SERVICES)
    async with running(folder, *command):
        kubeconfig = data / "kubeconfigs" / "admin"
        await _answering(kubeconfig)
        yield kubeconfig


@asynccontextmanager
async def kube_apiserver(folder: Path) -> AsyncIterator[Path]:
    """The real API server with etcd; yields the kubeconfig."""
    client_port, peer_port, port = free_ports(3)
    (folder / "sa.key").write_bytes(_private_key())
    (folder / "tokens.csv").write_text(f'{_TOKEN},admin,admin,"system:masters"\n')
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(_KUBECONFIG.format(port=port, token=_TOKEN))
    etcd, peer = f"http://127.0.0.1:{client_port}", f"http://127.0.0.1:{peer_port}"
    storing = (
        program("etcd"), "--data-dir", folder / "etcd", "--listen-client-urls", etcd, "--advertise-client-urls", etcd,
        "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}",
    )  # fmt: skip
    serving = (
        program("kube-apiserver"), "--etcd-servers", etcd, "--bind-address", "127.0.0.1", "--secure-port", port,
        "--cert-dir", folder / "certificates", "--token-auth-file", folder / "tokens.csv",
        "--service-account-issuer", "https://kubernetes.default.svc", "--service-account-key-file", folder / "sa.key",
        "--service-account-signing-key-file", folder / "sa.key", "--service-cluster-ip-range", SERVICES,
        "--authorization-mode", "RBAC", "--endpoint-reconciler-type", "none", "--advertise-address", "192.168.0.10",
    )  # fmt: skip
    async with running(folder, *storing), running(folder, *map(str, serving)):
        await _answering(kubeconfig)
        yield kubeconfig


def _private_key() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


_KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: peer
contexts: [{{name: peer, context: {{cluster: peer, user: admin}}}}]
clusters: [{{name: peer, cluster: {{server: "https://127.0.0.1:{port}", insecure-skip-tls-verify: true}}}}]
users: [{{name: admin, user: {{token: "{token}"}}}}]
"""


# --- what works on an API server


def kube_controller_manager(folder: Path, kubeconfig: Path, token_key: Path) -> Running:
    """The real controllers, each with its own service account as an installed cluster has it."""
    return running(
        folder, program("kube-controller-manager"), "--kubeconfig", kubeconfig, "--secure-port", "0",
        "--service-account-private-key-file", token_key, "--use-service-account-credentials",
        "--allocate-node-cidrs", "--cluster-cidr", PODS,
    )  # fmt: skip


def kube_scheduler(folder: Path, kubeconfig: Path) -> Running:
    return running(folder, program("kube-scheduler"), "--kubeconfig", kubeconfig, "--secure-port", "0")


def eachpod(folder: Path, part: str, *flags: str | Path) -> Running:
    """One of our parts alone, as a user starts it."""
    return running(folder, EACHPOD, *part.split(), *flags)


def simulated_nodes(folder: Path, kubeconfig: Path, count: int = 2) -> Running:
    return eachpod(folder, "node", "--kubeconfig", kubeconfig, "--simulated", str(count), "--pod-cidr", PODS)


def coredns(folder: Path, kubeconfig: Path, port: int) -> Running:
    """The real cluster DNS on a port of loopback."""
    corefile = folder / "Corefile"
    corefile.write_text(_COREFILE.format(port=port, kubeconfig=kubeconfig))
    return running(folder, program("coredns"), "-conf", corefile)


_COREFILE = """\
.:{port} {{
    bind 127.0.0.1
    errors
    kubernetes cluster.local in-addr.arpa ip6.arpa {{
        kubeconfig {kubeconfig}
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
    }}
}}
"""
