"""The way to the server for parts in its own process."""

import asyncio

from eachpod.client.client import Client
from eachpod.model.resources import CONFIGMAP
from eachpod.server.app import ApiServer
from eachpod.server.config import ServerConfig
from eachpod.server.inprocess import InProcessTransport
from eachpod.store.memory import MemoryStore


async def test_a_busy_part_lets_others_be_heard_between_its_requests() -> None:
    client = Client(InProcessTransport(ApiServer(MemoryStore(), ServerConfig())))
    heard: list[str] = []

    async def busy() -> None:
        for number in range(3):
            await client.list(CONFIGMAP)  # waits for nothing: a store in memory answers at once
            heard.append(f"part {number}")

    async def others() -> None:
        for number in range(3):
            await asyncio.sleep(0)
            heard.append(f"network {number}")

    await asyncio.gather(busy(), others())
    assert heard == [f"{who} {number}" for number in range(3) for who in ("part", "network")]
