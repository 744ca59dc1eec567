"""Garbage collection and namespace deletion at work against the API server, in one process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from eachpod.client.client import Client
from eachpod.controllers import garbagecollector, namespace
from eachpod.controllers.config import ControllersConfig
from eachpod.controllers.context import Context
from eachpod.model.errors import NotFound
from eachpod.model.objects import Object, dig, finalizers, name, owners, uid
from eachpod.model.resource import Resource
from eachpod.model.resources import CONFIGMAP, EVENT, NAMESPACE, NODE, SECRET, SERVICEACCOUNT
from eachpod.server.app import ApiServer
from eachpod.server.config import ServerConfig
from eachpod.server.inprocess import InProcessTransport
from eachpod.store.memory import MemoryStore
from eachpod.testing.eventually import eventually
from eachpod.wire.http import Request, WatchEvent


class Late(InProcessTransport):
    """Tells nothing of Secrets while it is held."""

    held = False

    async def watch(self, request: Request) -> AsyncIterator[WatchEvent]:
        async for event in super().watch(request):
            while self.held and request.path.endswith("/secrets"):
                await asyncio.sleep(0.005)
            yield event


@asynccontextmanager
async def collecting() -> AsyncIterator[Client]:
    client = Client(Late(ApiServer(MemoryStore(), ServerConfig())))
    for one in ("d", "other"):
        await client.create(NAMESPACE, {"metadata": {"name": one}})
        await client.create(SERVICEACCOUNT, {"metadata": {"name": "default", "namespace": one}})
    async with Context(client, ControllersConfig()) as context:
        for special in (garbagecollector.CONTROLLER, namespace.CONTROLLER):
            context.spawn(special.run(context), special.name)
        yield client


def config_map(own: str, *owned_by: Object, blocking: bool = False, where: str = "d", **meta: Any) -> Object:
    references = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "name": name(one),
            "uid": uid(one),
            **({"blockOwnerDeletion": True} if blocking else {}),
        }
        for one in owned_by
    ]
    return {"metadata": {"name": own, "namespace": where, "ownerReferences": references, **meta}}


async def make(client: Client, obj: Object) -> Object:
    return await client.create(CONFIGMAP, obj)


async def gone(client: Client, resource: Resource, own: str, where: str = "d") -> bool:
    try:
        await client.get(resource, own, where)
    except NotFound:
        return True
    return False


async def left(client: Client) -> list[str]:
    return [name(one) for one in (await client.list(CONFIGMAP, "d")).items]


async def test_dependents_follow_their_owner_through_generations() -> None:
    async with collecting() as client:
        owner = await make(client, config_map("a"))
        child = await make(client, config_map("b", owner))
        await make(client, config_map("c", child))
        await make(client, config_map("free"))
        await client.delete(CONFIGMAP, "a", "d")
        await eventually(lambda: gone(client, CONFIGMAP, "c"), "c is gone")
        assert await left(client) == ["free"]


async def test_a_dependent_with_another_living_owner_stays() -> None:
    async with collecting() as client:
        one, two = await make(client, config_map("a")), await make(client, config_map("b"))
        await make(client, config_map("c", one, two))
        await client.delete(CONFIGMAP, "a", "d")

        async def released() -> bool:
            return [ref["name"] for ref in owners(await client.get(CONFIGMAP, "c", "d"))] == ["b"]

        await eventually(released, "the one that went is no owner any more")


async def test_foreground_deletion_ends_with_the_owner() -> None:
    async with collecting() as client:
        owner = await make(client, config_map("a"))
        await make(client, config_map("b", owner, blocking=True, finalizers=["example.org/hold"]))
        await client.delete(CONFIGMAP, "a", "d", propagation="Foreground")

        async def marked() -> bool:
            return bool(dig(await client.get(CONFIGMAP, "b", "d"), "metadata", "deletionTimestamp"))

        await eventually(marked, "what blocks is being deleted")
        assert finalizers(await client.get(CONFIGMAP, "a", "d")) == ["foregroundDeletion"]
        await client.patch(CONFIGMAP, "b", "d", {"metadata": {"finalizers": None}})
        await eventually(lambda: gone(client, CONFIGMAP, "a"), "a is gone")


async def test_owners_in_a_circle_go_too() -> None:
    async with collecting() as client:
        one = await make(client, config_map("a"))
        two = await make(client, config_map("b", one, blocking=True))
        reference = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "name": "b",
            "uid": uid(two),
            "blockOwnerDeletion": True,
        }
        await client.patch(CONFIGMAP, "a", "d", {"metadata": {"ownerReferences": [reference]}})
        await client.delete(CONFIGMAP, "a", "d", propagation="Foreground")
        await eventually(lambda: gone(client, CONFIGMAP, "b"), "b is gone")
        await eventually(lambda: gone(client, CONFIGMAP, "a"), "a is gone")


async def test_orphans_are_released_before_their_owner_goes() -> None:
    async with collecting() as client:
        owner = await make(client, config_map("a"))
        for index in range(5):
            await make(client, config_map(f"b{index}", owner))
        await client.delete(CONFIGMAP, "a", "d", propagation="Orphan")
        await eventually(lambda: gone(client, CONFIGMAP, "a"), "a is gone")
        assert [owners(one) for one in (await client.list(CONFIGMAP, "d")).items] == [[]] * 5


async def test_orphans_that_no_watch_has_told_of_are_released_too() -> None:
    """Else they would be garbage as soon as their owner is gone."""
    async with collecting() as client:
        owner = await make(client, config_map("owner"))
        await client.create(SECRET, config_map("early", {"metadata": {"name": "none", "uid": "none"}}))
        await eventually(lambda: gone(client, SECRET, "early"), "early is gone")  # by then all kinds are watched
        assert isinstance(client.transport, Late)
        client.transport.held = True
        await client.create(SECRET, config_map("late", owner))
        await client.delete(CONFIGMAP, "owner", "d", propagation="Orphan")
        await eventually(lambda: gone(client, CONFIGMAP, "owner"), "owner is gone")
        assert not owners(await client.get(SECRET, "late", "d"))


async def test_an_owner_in_another_namespace_is_told_and_counts_as_none() -> None:
    async with collecting() as client:
        owner = await make(client, config_map("a", where="other"))
        await make(client, config_map("b", owner))
        await eventually(lambda: gone(client, CONFIGMAP, "b"), "b is gone")

        async def told() -> list[str]:
            return [one["reason"] for one in (await client.list(EVENT, "d")).items]

        assert await eventually(told, "an event") == ["OwnerRefInvalidNamespace"]


async def test_an_owner_without_namespace_may_own_anything() -> None:
    async with collecting() as client:
        node = await client.create(NODE, {"metadata": {"name": "n"}})
        owned = config_map("b")
        owned["metadata"]["ownerReferences"] = [{"apiVersion": "v1", "kind": "Node", "name": "n", "uid": uid(node)}]
        await make(client, owned)
        await client.delete(NODE, "n")
        await eventually(lambda: gone(client, CONFIGMAP, "b"), "b is gone")


async def test_a_namespace_takes_all_its_content_along() -> None:
    async with collecting() as client:
        await make(client, config_map("a"))
        await client.create(SECRET, {"metadata": {"name": "s", "namespace": "d"}})
        await make(client, config_map("stays", where="other"))
        await client.delete(NAMESPACE, "d")
        await eventually(lambda: gone(client, NAMESPACE, "d", ""), "the namespace is gone")
        assert await left(client) == []
        assert not await gone(client, CONFIGMAP, "stays", "other")


async def test_a_held_object_holds_its_namespace() -> None:
    async with collecting() as client:
        await make(client, config_map("a", finalizers=["example.org/hold"]))
        await client.delete(NAMESPACE, "d")

        async def told() -> list[str]:
            conditions = dig(await client.get(NAMESPACE, "d"), "status", "conditions", default=[])
            return [one["message"] for one in conditions if one["status"] == "True"]

        assert await eventually(told, "conditions that say why") == [
            "Some resources are remaining: configmaps. has 1 resource instances",
            "Some content in the namespace has finalizers remaining: example.org/hold in 1 resource instances",
        ]
        await client.patch(CONFIGMAP, "a", "d", {"metadata": {"finalizers": None}})
        await eventually(lambda: gone(client, NAMESPACE, "d", ""), "the namespace is gone")
