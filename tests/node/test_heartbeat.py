"""The node's sign of life, against an API server in this process."""

import asyncio
import time

import pytest

from eachpod.client.client import Client
from eachpod.model.objects import Object
from eachpod.model.resources import LEASE, NAMESPACE, NODE
from eachpod.node.heartbeat import NAMESPACE as LEASES
from eachpod.node.heartbeat import beat
from eachpod.node.register import Machine, NodeIdentity, registered
from eachpod.server.app import ApiServer
from eachpod.server.inprocess import InProcessTransport
from eachpod.store.memory import MemoryStore
from eachpod.testing.eventually import eventually, until

NODE_1, MACHINE = NodeIdentity("n1", ("192.168.0.1",), ("10.0.1.0/24",)), Machine({})


async def test_a_deleted_node_is_not_made_again_but_said_once(caplog: pytest.LogCaptureFixture) -> None:
    client = Client(InProcessTransport(ApiServer(MemoryStore())))
    await client.create(NAMESPACE, {"metadata": {"name": LEASES}})
    await registered(client, NODE_1, MACHINE)
    beating = asyncio.ensure_future(beat(client, NODE_1, MACHINE, time.time, period=0.01))

    async def leases() -> list[Object]:
        return (await client.list(LEASE, LEASES)).items

    await eventually(leases, "a lease")
    await client.delete(NODE, "n1")
    await until(lambda: caplog.records, "a word about it")
    await asyncio.sleep(0.05)
    beating.cancel()
    assert [each.message.partition(";")[0] for each in caplog.records] == ["node n1 was deleted"]
    assert not (await client.list(NODE)).items
