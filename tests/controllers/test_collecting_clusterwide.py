"""Garbage collection of objects without a namespace, against the API server in one process."""

import pytest

from eachpod.client.client import Client
from eachpod.controllers.config import ControllersConfig
from eachpod.controllers.context import Context
from eachpod.controllers.garbagecollector import _Collecting
from eachpod.controllers.ownergraph import OwnerGraph
from eachpod.model.errors import NotFound
from eachpod.model.objects import Object, uid
from eachpod.model.resources import CONFIGMAP, NAMESPACE, NODE
from eachpod.server.app import ApiServer
from eachpod.server.inprocess import InProcessTransport
from eachpod.store.memory import MemoryStore


async def collected(client: Client, owner: Object) -> Object:
    """The Node that `owner` owns, after the collector has looked at it."""
    ref = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": "owner", "uid": uid(owner)}
    node = await client.create(NODE, {"metadata": {"name": "n", "ownerReferences": [ref]}})
    async with Context(client, ControllersConfig()) as context:
        collecting = _Collecting(context)
        collecting._kinds = {("", one.kind): one for one in (CONFIGMAP, NODE)}
        collecting._graph = OwnerGraph()
        collecting._graph.observe(NODE, node)
        await collecting._collect(collecting._graph.nodes[uid(node)])
    return await client.get(NODE, "n")


@pytest.fixture(name="client")
async def _client() -> Client:
    client = Client(InProcessTransport(ApiServer(MemoryStore())))
    await client.create(NAMESPACE, {"metadata": {"name": "d"}})
    return client


async def test_an_owner_in_some_namespace_takes_nothing_along(client: Client) -> None:
    """Nobody can tell whether it has gone: the reference names no namespace."""
    owner = await client.create(CONFIGMAP, {"metadata": {"name": "owner", "namespace": "d"}})
    await client.delete(CONFIGMAP, "owner", "d")
    assert await collected(client, owner)


async def test_an_owner_without_namespace_does(client: Client) -> None:
    owner = await client.create(NODE, {"metadata": {"name": "owner"}})
    await client.delete(NODE, "owner")
    with pytest.raises(NotFound):
        await collected(client, owner)
