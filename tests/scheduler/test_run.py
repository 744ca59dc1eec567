"""The scheduler at work against the API server, in one process."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

from eachpod.client.client import Client
from eachpod.model.objects import condition, dig, name
from eachpod.model.resources import (
    EVENT,
    NAMESPACE,
    NODE,
    PERSISTENTVOLUMECLAIM,
    POD,
    PRIORITYCLASS,
    SERVICE,
    SERVICEACCOUNT,
    STORAGECLASS,
)
from eachpod.scheduler.config import SchedulerConfig
from eachpod.scheduler.run import run
from eachpod.server.app import ApiServer
from eachpod.server.config import ServerConfig
from eachpod.server.inprocess import InProcessTransport
from eachpod.store.memory import MemoryStore
from eachpod.testing.eventually import eventually


@asynccontextmanager
async def scheduling() -> AsyncIterator[Client]:
    client = Client(InProcessTransport(ApiServer(MemoryStore(), ServerConfig())))
    await client.create(NAMESPACE, {"metadata": {"name": "d"}})
    await client.create(SERVICEACCOUNT, {"metadata": {"name": "default", "namespace": "d"}})
    task = asyncio.create_task(run(client, SchedulerConfig(pod_initial_backoff_seconds=0.01)))
    try:
        yield client
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def node(node_name: str, **more: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": node_name, "labels": {"kubernetes.io/hostname": node_name}},
        "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"}},
        **more,
    }


def pod(pod_name: str, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": pod_name, "namespace": "d", "labels": {"app": "web"}},
        "spec": {"containers": [{"name": "app", "image": "app:v1"}], **spec},
    }


async def untainted(client: Client, node_name: str) -> None:
    """A new node bears the taint that the node controller takes away."""
    await client.patch(NODE, node_name, "", {"spec": {"taints": None}})


async def node_of(client: Client, pod_name: str) -> str:
    return str(dig(await client.get(POD, pod_name, "d"), "spec", "nodeName", default=""))


async def events(client: Client, reason: str) -> list[str]:
    return [one["message"] for one in (await client.list(EVENT, "d")).items if one["reason"] == reason]


async def test_pods_of_a_service_spread_and_events_tell() -> None:
    async with scheduling() as client:
        for one in ("a", "b"):
            await client.create(NODE, node(one))
            await untainted(client, one)
        await client.create(
            SERVICE,
            {"metadata": {"name": "web", "namespace": "d"}, "spec": {"selector": {"app": "web"}, "clusterIP": "None"}},
        )
        nodes = []
        for index in range(3):
            await client.create(POD, pod(f"web-{index}"))
            nodes.append(await eventually(partial(node_of, client, f"web-{index}"), f"web-{index} has a node"))
        assert set(nodes) == {"a", "b"}
        told = await eventually(lambda: _at_least(3, events(client, "Scheduled")), "an event for each")
        assert f"Successfully assigned d/web-0 to {nodes[0]}" in told


async def _at_least(count: int, coming: Awaitable[list[str]]) -> list[str]:
    found = await coming
    return found if len(found) >= count else []


async def test_waits_for_a_node_and_says_so() -> None:
    async with scheduling() as client:
        await client.create(POD, pod("p"))

        async def refused() -> Any:
            found = condition(await client.get(POD, "p", "d"), "PodScheduled")
            return found if found and found["status"] == "False" else None

        found = await eventually(refused, "the pod is refused")
        assert (found["reason"], found["message"]) == ("Unschedulable", "no nodes available to schedule pods")
        await client.create(NODE, node("a"))
        await untainted(client, "a")
        assert await eventually(lambda: node_of(client, "p"), "p has a node") == "a"
        told = await eventually(lambda: events(client, "FailedScheduling"), "an event")
        assert "no nodes available to schedule pods" in told


async def test_leaves_pods_of_other_schedulers_and_gated_ones_alone() -> None:
    async with scheduling() as client:
        await client.create(NODE, node("a"))
        await untainted(client, "a")
        await client.create(POD, pod("other", schedulerName="mine"))
        await client.create(POD, pod("gated", schedulingGates=[{"name": "example.org/wait"}]))
        await client.create(POD, pod("ours"))
        assert await eventually(lambda: node_of(client, "ours"), "ours has a node") == "a"
        assert await node_of(client, "other") == ""
        assert await node_of(client, "gated") == ""
        await client.patch(POD, "gated", "d", {"spec": {"schedulingGates": None}})
        assert await eventually(lambda: node_of(client, "gated"), "gated has a node") == "a"


async def test_asks_for_a_volume_on_the_chosen_node_before_binding() -> None:
    async with scheduling() as client:
        await client.create(NODE, node("a"))
        await untainted(client, "a")
        await client.create(
            STORAGECLASS,
            {
                "metadata": {"name": "later"},
                "provisioner": "x.dev/p",
                "volumeBindingMode": "WaitForFirstConsumer",
            },
        )
        claim = {
            "metadata": {"name": "c", "namespace": "d"},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": "later",
                "resources": {"requests": {"storage": "1Gi"}},
            },
        }
        await client.create(PERSISTENTVOLUMECLAIM, claim)
        await client.create(POD, pod("p", volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]))

        async def selected() -> str:
            found = await client.get(PERSISTENTVOLUMECLAIM, "c", "d")
            return str(dig(found, "metadata", "annotations", "volume.kubernetes.io/selected-node", default=""))

        assert await eventually(selected, "a node for the claim") == "a"
        assert await node_of(client, "p") == ""


async def test_makes_room_for_a_more_important_pod() -> None:
    async with scheduling() as client:
        small = node("a")
        small["status"]["allocatable"]["cpu"] = "1"
        await client.create(NODE, small)
        await untainted(client, "a")
        asked = {"resources": {"requests": {"cpu": "800m"}}}
        await client.create(PRIORITYCLASS, {"metadata": {"name": "high"}, "value": 10})
        low, high = pod("low"), pod("high", priorityClassName="high")
        for one in (low, high):
            one["spec"]["containers"][0] |= asked
        await client.create(POD, low)
        assert await eventually(lambda: node_of(client, "low"), "low has a node") == "a"
        await client.create(POD, high)

        async def leaving() -> Any:
            found = {name(one): one for one in (await client.list(POD, "d")).items}
            victim = found.get("low")
            return victim is None or dig(victim, "metadata", "deletionTimestamp")

        await eventually(leaving, "the victim is being deleted")
        await client.delete(POD, "low", "d", grace_seconds=0)
        assert await eventually(lambda: node_of(client, "high"), "high has a node") == "a"
        told = await eventually(lambda: events(client, "Preempted"), "an event")
        assert [text.startswith("Preempted by pod ") for text in told] == [True]
