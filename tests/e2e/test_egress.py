"""What lies outside of the machine's own cluster is reached from within: by pods, and by pulls from another registry.

The outside is an address of this machine that is not its loopback. Nothing is sent to anybody else.
"""

import asyncio
import base64
import contextlib
import datetime
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from eachpod.cluster import ability
from eachpod.cluster.images.registry import serve
from eachpod.cluster.pki import Authority
from eachpod.cluster.settings import images_dir
from eachpod.testing.localcluster import Cluster, wait_for
from eachpod.testing.sockets import with_one_port

pytestmark = pytest.mark.e2e
USER, PASSWORD = "someone", "open sesame"
CLOSED = (
    b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=r\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
)
# The router's own address would be the host's loopback, if that were allowed.
POD = "wget -T 60 -qO- http://{outside}/v2/; wget -T 3 -qO- http://169.254.77.2:{port}/v2/ 2>/dev/null || echo closed"


@pytest.fixture
def outside() -> str:
    """An address of this machine that others could reach. The datagram socket sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))
        address = str(probe.getsockname()[0])
        if not address.startswith("127."):
            return address
    pytest.skip("this machine has no address but its loopback")


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    against = ability.reason_against_containers(ability.checks())
    way_out = ability.egress()
    if against or not way_out.good:
        pytest.skip(f"no way out of a cluster here: {against or way_out.found}")
    return Cluster("t-egress", tmp_path)


@contextlib.asynccontextmanager
async def registry(address: str, tls: ssl.SSLContext, *, locked: bool = False) -> AsyncIterator[tuple[int, int]]:
    """The kit's images as a registry outside, by plain HTTP and by TLS before it: the two ports. Where it is `locked`,
    TLS is for those alone who begin a connection with the password."""
    key = base64.b64encode(f"{USER}:{PASSWORD}".encode()) if locked else b""
    listening = with_one_port((address, socket.SOCK_STREAM), ("127.0.0.1", socket.SOCK_STREAM))
    port = listening[0].getsockname()[1]
    serving = asyncio.create_task(serve(images_dir(), listening))

    async def relayed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if key not in head:
            writer.write(CLOSED)
            writer.close()
            return
        inner_reader, inner_writer = await asyncio.open_connection(address, port)
        inner_writer.write(head)
        await asyncio.gather(_pipe(reader, inner_writer), _pipe(inner_reader, writer))

    try:
        async with await asyncio.start_server(relayed, address, 0, ssl=tls) as front:
            yield port, front.sockets[0].getsockname()[1]
    finally:
        serving.cancel()
        await asyncio.wait([serving])


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


def certified(address: str, folder: Path) -> ssl.SSLContext:
    """A certificate for the address; its authority is in ca.crt of the folder."""
    now = datetime.datetime.now(datetime.UTC)
    Authority.open(folder, now).server("outside", [address], now).write(folder, "outside")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "outside.crt", folder / "outside.key")
    return context


@contextlib.asynccontextmanager
async def beside(
    cluster: Cluster, address: str, folder: Path, *, locked: bool = False
) -> AsyncIterator[tuple[str, str]]:
    """The cluster runs, and a registry outside of it, at these two addresses."""
    assert cluster.eachpod("image", "build").returncode == 0
    context = certified(address, folder / "pki")
    cluster.environment["SSL_CERT_FILE"] = str(folder / "pki" / "ca.crt")  # containerd's, by inheritance
    async with registry(address, context, locked=locked) as (plain, secure):
        try:
            started = await asyncio.to_thread(cluster.up, "--runtime", "containers")
            assert started.returncode == 0, started.stderr
            yield f"{address}:{plain}", f"{address}:{secure}"
        finally:
            await asyncio.to_thread(cluster.down)


async def test_pods_and_pulls_reach_what_is_outside(cluster: Cluster, outside: str, tmp_path: Path) -> None:
    async with beside(cluster, outside, tmp_path) as (plain, secure):
        await asyncio.to_thread(reach, cluster, plain, secure)


def reach(cluster: Cluster, plain: str, secure: str) -> None:
    image = f"{secure}/library/busybox:1.28"
    script = POD.format(outside=plain, port=plain.rpartition(":")[2])
    done = cluster.kubectl("run", "pulled", "--image", image, "--restart=Never", "--", "sh", "-c", script)
    assert done.returncode == 0, done.stderr
    wait_for(lambda: cluster.get("pod", "pulled")["status"]["phase"] in ("Succeeded", "Failed"), "the pod has ended")
    told(cluster, f'Successfully pulled image "{image}"')
    assert cluster.kubectl("logs", "pulled").stdout == "{}closed\n"


def told(cluster: Cluster, text: str) -> None:
    """Waits until an event tells this."""
    wait_for(lambda: any(text in event["message"] for event in cluster.get("events")["items"]), text)


async def test_default_secret_need_not_exist_and_opens_a_registry_once_it_does(
    cluster: Cluster, outside: str, tmp_path: Path
) -> None:
    async with beside(cluster, outside, tmp_path, locked=True) as (_, secure):
        await asyncio.to_thread(unlock, cluster, secure)


def unlock(cluster: Cluster, server: str) -> None:
    secrets = '{"spec": {"imagePullSecrets": [{"name": "default-secret"}]}}'

    def run(name: str, image: str) -> None:
        done = cluster.kubectl("run", name, "--image", image, "--restart=Never", f"--overrides={secrets}", "--", "true")
        assert done.returncode == 0, done.stderr

    def ended(name: str) -> bool:
        return bool(cluster.get("pod", name)["status"]["phase"] == "Succeeded")

    image = f"{server}/library/busybox:1.28"
    run("unlocked", "busybox:1.28")
    run("locked", image)
    wait_for(lambda: ended("unlocked"), "what needs no secret is pulled without it")
    told(cluster, f'Failed to pull image "{image}"')
    missing = "Unable to retrieve some image pull secrets (default-secret); "
    told(cluster, missing + "attempting to pull the image may not succeed.")
    credentials = (f"--docker-server={server}", f"--docker-username={USER}", f"--docker-password={PASSWORD}")
    made = cluster.kubectl("create", "secret", "docker-registry", "default-secret", *credentials)
    assert made.returncode == 0, made.stderr
    wait_for(lambda: ended("locked"), "the secret opens the registry at the next attempt", 180.0)
    told(cluster, f'Successfully pulled image "{image}"')
