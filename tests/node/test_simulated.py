"""Simulated nodes against the API server in one process: pods come up, restart with the agent, and go."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from eachpod.client.client import Client
from eachpod.model.objects import condition, dig
from eachpod.model.resources import LEASE, NAMESPACE, NODE, PERSISTENTVOLUME, POD, SERVICEACCOUNT
from eachpod.node.config import NodeConfig
from eachpod.node.register import NodeIdentity
from eachpod.node.run import run
from eachpod.server.app import ApiServer
from eachpod.server.inprocess import InProcessTransport
from eachpod.store.memory import MemoryStore
from eachpod.testing.eventually import eventually
from eachpod.wire.http import STRATEGIC_PATCH

NODES = NodeConfig(
    tuple(
        NodeIdentity(f"n{index}", (f"192.168.0.{index}",), (f"10.0.{index}.0/24",), simulated=True) for index in (1, 2)
    )
)


@pytest.fixture
async def client() -> Client:
    made = Client(InProcessTransport(ApiServer(MemoryStore())))
    for name in ("default", "kube-node-lease"):
        await made.create(NAMESPACE, {"metadata": {"name": name}})
    await made.create(SERVICEACCOUNT, {"metadata": {"name": "default", "namespace": "default"}})
    return made


@contextlib.asynccontextmanager
async def running(client: Client) -> AsyncIterator[None]:
    ready = asyncio.Event()
    agent = asyncio.create_task(run(client, NODES, ready.set))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait([agent, waiting], return_when=asyncio.FIRST_COMPLETED)
    assert not agent.done(), agent.exception()
    try:
        yield
    finally:
        agent.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await agent


def pod(name: str, node: str = "n1", annotations: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    """One that could take longer to end than any test waits."""
    whole = {"nodeName": node, "terminationGracePeriodSeconds": 3600, "containers": [{"name": "c", "image": "nginx"}]}
    return {
        "metadata": {"name": name, "namespace": "default", "annotations": annotations or {}},
        "spec": whole | spec,
    }


async def when_ready(client: Client, name: str) -> dict[str, Any]:
    async def ready() -> dict[str, Any]:
        found = await client.get(POD, name, "default")
        return found if (condition(found, "Ready") or {}).get("status") == "True" else {}

    return await eventually(ready, f"{name} is Ready")


async def when_gone(client: Client) -> None:
    async def gone() -> bool:
        return not (await client.list(POD)).items

    await eventually(gone, "no pod is left")


async def test_pods_come_up_and_go(client: Client) -> None:
    async with running(client):
        for node in ("n1", "n2"):
            await client.create(POD, pod(f"on-{node}", node))
        one, two = await when_ready(client, "on-n1"), await when_ready(client, "on-n2")
        assert (one["status"]["podIP"], two["status"]["podIP"]) == ("10.0.1.2", "10.0.2.2")
        await client.delete(POD, "on-n1", "default")
        await client.delete(POD, "on-n2", "default", grace_seconds=0)
        await when_gone(client)


async def test_nodes_are_registered_and_alive(client: Client) -> None:
    async with running(client):

        async def leases() -> bool:
            return len((await client.list(LEASE, "kube-node-lease")).items) == 2

        await eventually(leases, "a lease for each node")
        node = await client.get(NODE, "n1")
        assert node["metadata"]["labels"]["eachpod.dev/simulated"] == "true"
        assert node["spec"]["podCIDRs"] == ["10.0.1.0/24"]
        assert (condition(node, "Ready") or {})["reason"] == "KubeletReady"


async def test_a_restarted_agent_leaves_its_pods_as_they_are(client: Client) -> None:
    async with running(client):
        await client.create(POD, pod("web"))
        before = await when_ready(client, "web")
    async with running(client):
        await client.create(POD, pod("next"))
        assert (await when_ready(client, "next"))["status"]["podIP"] == "10.0.1.3"
        assert await client.get(POD, "web", "default") == before


async def test_a_pod_keeps_its_address_if_it_wants(client: Client) -> None:
    keep = {"eachpod.dev/keep-address": "true"}
    async with running(client):
        await client.create(POD, pod("web", annotations=keep))
        first = await when_ready(client, "web")
        await client.delete(POD, "web", "default")
        await when_gone(client)
        await client.create(POD, pod("other"))
        await when_ready(client, "other")
        await client.create(POD, pod("web", annotations=keep))
        assert (await when_ready(client, "web"))["status"]["podIP"] == first["status"]["podIP"]


async def test_a_job_like_pod_ends(client: Client) -> None:
    ends = {"simulated.eachpod.dev/exit-after": "0.01", "simulated.eachpod.dev/exit-code": "3"}
    async with running(client):
        await client.create(POD, pod("job", annotations=ends, restartPolicy="Never"))

        async def failed() -> Any:
            found = await client.get(POD, "job", "default")
            return found if found["status"]["phase"] == "Failed" else None

        found = await eventually(failed, "the pod has failed")
        assert dig(found["status"]["containerStatuses"][0], "state", "terminated", "exitCode") == 3


async def test_a_refused_pod_says_why(client: Client) -> None:
    async with running(client):
        await client.create(POD, pod("web", nodeSelector={"disk": "ssd"}))

        async def refused() -> Any:
            found = await client.get(POD, "web", "default")
            return found if found["status"].get("reason") else None

        found = await eventually(refused, "the pod is refused")
        assert (found["status"]["phase"], found["status"]["reason"]) == ("Failed", "NodeAffinity")


async def test_a_released_local_volume_is_let_go(client: Client) -> None:
    term = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["n2"]}]}
    volume = {
        "metadata": {"name": "v", "finalizers": ["eachpod.dev/local-volume"]},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "local": {"path": "/var/lib/eachpod/volumes/v"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [term]}},
        },
    }
    async with running(client):
        await client.create(PERSISTENTVOLUME, volume)
        await client.patch(PERSISTENTVOLUME, "v", "", {"status": {"phase": "Released"}}, subresource="status")
        await client.delete(PERSISTENTVOLUME, "v")

        async def let_go() -> bool:
            left = (await client.list(PERSISTENTVOLUME)).items
            return not any("eachpod.dev/local-volume" in each["metadata"]["finalizers"] for each in left)

        await eventually(let_go, "the volume is let go")


async def test_a_pod_that_goes_before_it_came_is_gone(client: Client) -> None:
    slow = {"simulated.eachpod.dev/start-delay": "3600"}
    async with running(client):
        await client.create(POD, pod("web", annotations=slow))
        await client.delete(POD, "web", "default")
        await client.create(POD, pod("other", annotations=slow))
        await asyncio.sleep(0.01)
        await client.delete(POD, "other", "default")
        await when_gone(client)


async def test_a_new_image_restarts_the_container(client: Client) -> None:
    async with running(client):
        await client.create(POD, pod("web"))
        await when_ready(client, "web")
        patch = {"spec": {"containers": [{"name": "c", "image": "nginx:2"}]}}
        await client.patch(POD, "web", "default", patch, content_type=STRATEGIC_PATCH)

        async def restarted() -> bool:
            status = (await client.get(POD, "web", "default"))["status"]["containerStatuses"][0]
            return bool((status["restartCount"], status["image"]) == (1, "nginx:2"))

        await eventually(restarted, "the container runs anew")
