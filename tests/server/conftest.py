from collections.abc import AsyncIterator

import pytest

from eachpod.client.client import Client
from eachpod.model.resources import NAMESPACE, SERVICEACCOUNT
from eachpod.server.app import ApiServer
from eachpod.server.bootstrap import install
from eachpod.server.inprocess import InProcessTransport
from eachpod.store.memory import MemoryStore


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
async def server(store: MemoryStore) -> AsyncIterator[ApiServer]:
    made = ApiServer(store)
    await install(made)
    yield made
    await store.close()


@pytest.fixture
async def client(server: ApiServer) -> Client:
    """In a cluster with the namespace `x` and its default account."""
    made = Client(InProcessTransport(server))
    await made.create(NAMESPACE, {"metadata": {"name": "x"}})
    await made.create(SERVICEACCOUNT, {"metadata": {"name": "default", "namespace": "x"}})
    return made
