"""An API server over a store in memory, a client of it, and its documents."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from eachpod.client.client import Client
from eachpod.model.kinds import builtin
from eachpod.model.resources import NAMESPACE, SERVICEACCOUNT
from eachpod.server.app import ApiServer
from eachpod.server.bootstrap import install
from eachpod.server.inprocess import InProcessTransport
from eachpod.server.openapi import Documents
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


@pytest.fixture(scope="session")
def documents() -> Documents:
    return Documents(builtin())


@pytest.fixture(scope="session")
def references() -> Callable[[Any], set[str]]:
    """Gives the targets of every `$ref` in a document."""

    def found(value: Any) -> set[str]:
        if isinstance(value, list):
            return set().union(*map(found, value))
        if not isinstance(value, dict):
            return set()
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*map(found, value.values()))

    return found
