"""From a claim on the default StorageClass to a bound pod: scheduler, binder and provisioner against the API server."""

import asyncio
from contextlib import suppress
from typing import Any

from eachpod.client.client import Client
from eachpod.cluster.bootstrap import ensure_default_storage_class
from eachpod.controllers import nodelifecycle, persistentvolume, protection, provisioner
from eachpod.controllers.config import ControllersConfig
from eachpod.controllers.context import Context
from eachpod.controllers.run import Runner
from eachpod.model.objects import deleting, dig, finalizers
from eachpod.model.resources import (
    NAMESPACE,
    NODE,
    PERSISTENTVOLUME,
    PERSISTENTVOLUMECLAIM,
    POD,
    SERVICEACCOUNT,
    STORAGECLASS,
)
from eachpod.model.wellknown import LOCAL_VOLUME
from eachpod.scheduler.config import SchedulerConfig
from eachpod.scheduler.run import run
from eachpod.server.app import ApiServer
from eachpod.server.config import ServerConfig
from eachpod.server.inprocess import InProcessTransport
from eachpod.store.memory import MemoryStore
from eachpod.testing.eventually import becomes, eventually

CONTROLLERS = (nodelifecycle.CONTROLLER, persistentvolume.CONTROLLER, provisioner.CONTROLLER, *protection.CONTROLLERS)
NODES: dict[str, Any] = {
    "metadata": {"name": "a", "labels": {"kubernetes.io/hostname": "a"}},
    "status": {
        "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"},
        "conditions": [{"type": "Ready", "status": "True"}],
    },
}
CLAIM: dict[str, Any] = {
    "metadata": {"name": "data", "namespace": "d"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}
PODS: dict[str, Any] = {
    "metadata": {"name": "p", "namespace": "d"},
    "spec": {
        "containers": [{"name": "app", "image": "app:v1"}],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
    },
}


async def test_a_pod_with_a_claim_gets_a_volume_and_a_node() -> None:
    client = Client(InProcessTransport(ApiServer(MemoryStore(), ServerConfig())))
    await client.create(NAMESPACE, {"metadata": {"name": "d"}})
    await client.create(SERVICEACCOUNT, {"metadata": {"name": "default", "namespace": "d"}})
    await ensure_default_storage_class(client)
    await ensure_default_storage_class(client)
    assert len((await client.list(STORAGECLASS)).items) == 1
    scheduler = asyncio.create_task(run(client, SchedulerConfig()))
    async with Context(client, ControllersConfig()) as context:
        for controller in CONTROLLERS:
            context.spawn(Runner(controller, context).run(), controller.name)
        await client.create(NODE, NODES)
        await client.create(PERSISTENTVOLUMECLAIM, CLAIM)
        await client.create(POD, PODS)

        async def placed() -> bool:
            return bool(dig(await client.get(POD, "p", "d"), "spec", "nodeName"))

        await eventually(placed, "the pod has a node")
        claim = await client.get(PERSISTENTVOLUMECLAIM, "data", "d")
        assert dig(claim, "status", "phase") == "Bound"
        (volume,) = (await client.list(PERSISTENTVOLUME)).items
        assert volume["spec"]["local"]["path"] == f"{provisioner.DIRECTORY}/{volume['metadata']['name']}"
        await client.delete(PERSISTENTVOLUMECLAIM, "data", "d")
        await client.delete(POD, "p", "d", grace_seconds=0)

        async def held_by() -> list[str]:
            (volume,) = (await client.list(PERSISTENTVOLUME)).items
            return finalizers(volume) if deleting(volume) else []

        # The directory is the node agent's to remove; it then takes this finalizer away.
        await becomes(held_by, [LOCAL_VOLUME], "only its directory holds the volume")
    scheduler.cancel()
    with suppress(asyncio.CancelledError):
        await scheduler
