"""What lies outside of the machine's own cluster is reached from within: by pods, and by pulls from another registry.

The outside is an address of this machine that is not its loopback. Nothing is sent to anybody else.
"""

import asyncio
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

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
# The router's own address would be the host's loopback, if that were allowed.
POD = "wget -T 10 -qO- http://{outside}/v2/; wget -T 3 -qO- http://169.254.77.2:{port}/v2/ 2>/dev/null || echo closed"


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
async def registry(address: str, tls: ssl.SSLContext) -> AsyncIterator[tuple[int, int]]:
    """The kit's images as a registry outside, by plain HTTP and by TLS before it: the two ports."""
    plain = socket.create_server((address, 0))
    port = plain.getsockname()[1]
    serving = asyncio.create_task(serve(images_dir(), [plain, socket.create_server(("127.0.0.1", port))]))

    async def relayed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection(address, port)
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


async def test_pods_and_pulls_reach_what_is_outside(cluster: Cluster, outside: str, tmp_path: Path) -> None:
    assert cluster.eachpod("image", "build").returncode == 0
    context = certified(outside, tmp_path / "pki")
    cluster.environment["SSL_CERT_FILE"] = str(tmp_path / "pki" / "ca.crt")  # containerd's, by inheritance
    async with registry(outside, context) as (plain, secure):
        try:
            started = await asyncio.to_thread(cluster.up, "--runtime", "containers")
            assert started.returncode == 0, started.stderr
            await asyncio.to_thread(reach, cluster, f"{outside}:{plain}", f"{outside}:{secure}")
        finally:
            await asyncio.to_thread(cluster.down)


def reach(cluster: Cluster, plain: str, secure: str) -> None:
    image = f"{secure}/library/busybox:1.28"
    script = POD.format(outside=plain, port=plain.rpartition(":")[2])
    done = cluster.kubectl("run", "pulled", "--image", image, "--restart=Never", "--", "sh", "-c", script)
    assert done.returncode == 0, done.stderr
    wait_for(lambda: cluster.get("pod", "pulled")["status"]["phase"] in ("Succeeded", "Failed"), "the pod has ended")
    events = [event["message"] for event in cluster.get("events")["items"]]
    assert any(f'Successfully pulled image "{image}"' in message for message in events)
    assert cluster.kubectl("logs", "pulled").stdout == "{}closed\n"
