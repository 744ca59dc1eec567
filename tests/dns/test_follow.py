"""The index behind a real API server: it fills, follows, forgets, and puts its snapshot right."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from eachpod.client.client import Client
from eachpod.dns import follow, snapshot
from eachpod.dns.counters import Counters
from eachpod.dns.zone import Index, ZoneOptions
from eachpod.model.resources import ENDPOINTSLICE, NAMESPACE, SERVICE
from eachpod.server.app import ApiServer
from eachpod.server.config import ServerConfig
from eachpod.server.inprocess import InProcessTransport
from eachpod.store.memory import MemoryStore
from eachpod.testing.eventually import until

NAMES = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}
WEB = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "n"},
    "spec": {"clusterIP": "None", "ports": [{"name": "http", "port": 80}]},
}


def web_slice(address: str) -> dict[str, Any]:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "web-1", "namespace": "n", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [address], "hostname": "web-0"}],
        "ports": [{"name": "http", "port": 80}],
    }


def new_client() -> Client:
    return Client(InProcessTransport(ApiServer(MemoryStore(), ServerConfig())))


@asynccontextmanager
async def following(client: Client, path: str = "", pods: str = "insecure") -> AsyncIterator[Index]:
    index = Index(ZoneOptions(pods=pods))
    follow.restore(index, path)
    follower = follow.Follower(index, client, Counters(), path)
    task = asyncio.create_task(follower.run())
    try:
        await follower.synced.wait()
        yield index
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_names_come_change_and_go_with_their_objects(ask: Any) -> None:
    client = new_client()
    name = "web-0.web.n.svc.cluster.local."
    async with following(client) as index:
        assert ask.verdict(index, name) == "NX"
        await client.create(NAMESPACE, NAMES)
        await client.create(SERVICE, WEB)
        await client.create(ENDPOINTSLICE, web_slice("10.0.0.1"))
        await until(lambda: ask.verdict(index, name) == "OK", "the name")
        assert ask.rdata(index, name) == ["10.0.0.1"]
        await client.patch(
            ENDPOINTSLICE, "web-1", "n", {"endpoints": [{"addresses": ["10.0.0.2"], "hostname": "web-0"}]}
        )
        await until(lambda: ask.rdata(index, name) == ["10.0.0.2"], "the new address")
        assert ask.verdict(index, "1.0.0.10.in-addr.arpa.", "PTR") == "NX"
        await client.delete(ENDPOINTSLICE, "web-1", "n")
        await until(lambda: ask.verdict(index, name) == "NX", "the end of the name")
        await client.delete(SERVICE, "web", "n")


async def test_a_snapshot_answers_and_is_put_right(tmp_path: Path, ask: Any) -> None:
    kept = tmp_path / "kept"
    client = new_client()
    for resource, obj in ((NAMESPACE, NAMES), (SERVICE, WEB), (ENDPOINTSLICE, web_slice("10.0.0.1"))):
        await client.create(resource, obj)
    name = "web-0.web.n.svc.cluster.local."
    async with following(client, str(kept)):
        await until(kept.exists, "the snapshot")
        await until(lambda: snapshot.read(kept).get("endpointslices.discovery.k8s.io"), "the slice in it")
    early = Index(ZoneOptions())
    follow.restore(early, str(kept))
    assert early.synced
    assert ask.rdata(early, name) == ["10.0.0.1"]
    # Meanwhile the Service went: what only the snapshot has is dropped with the first state of the API.
    await client.delete(SERVICE, "web", "n")
    await client.delete(ENDPOINTSLICE, "web-1", "n")
    async with following(client, str(kept)) as index:
        assert ask.verdict(index, name) == "NX"


async def test_a_snapshot_that_cannot_be_written_stops_nothing(tmp_path: Path, ask: Any) -> None:
    client = new_client()
    await client.create(NAMESPACE, NAMES)
    async with following(client, str(tmp_path / "no" / "such" / "place")) as index:
        await client.create(SERVICE, WEB)
        await client.create(ENDPOINTSLICE, web_slice("10.0.0.1"))
        await until(lambda: ask.verdict(index, "web.n.svc.cluster.local.") == "OK", "the name")


def test_other_forms_of_snapshots_count_as_none(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    for text in (
        "",
        "[]",
        '{"format":2,"objects":{}}',
        '{"format":1,"objects":[]}',
        '{"format":1,"objects":{"services":7}}',
    ):
        path.write_text(text)
        assert snapshot.read(path) == {}
