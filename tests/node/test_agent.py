"""Which pod of a node is meant by a name."""

from typing import Any, cast

import pytest

from eachpod.client.client import Client
from eachpod.client.events import Recorder
from eachpod.node.agent import Agent
from eachpod.node.podstate import HostInfo
from eachpod.node.worker import PodWorker, Surroundings

NOTHING = cast(Any, None)


@pytest.fixture(name="agent")
def _agent() -> Agent:
    """With web-0 of two namespaces, and another life of it in one of them."""
    agent = Agent(cast(Client, NOTHING), HostInfo("n"), cast(Recorder, NOTHING), lambda: 0.0)
    around = Surroundings(NOTHING, NOTHING, agent.host, NOTHING, lambda: 0.0, lambda uid: None, False)
    for uid, namespace, name in (
        ("old", "d", "web-0"),
        ("new", "d", "web-0"),
        ("far", "e", "web-0"),
        ("1", "d", "web-1"),
    ):
        pod = {"metadata": {"name": name, "namespace": namespace, "uid": uid}, "spec": {"containers": []}}
        agent.workers[uid] = PodWorker(around, pod)
    return agent


@pytest.mark.parametrize(
    ("namespace", "name", "uid", "found"),
    [
        ("d", "web-0", "", "new"),
        ("d", "web-0", "new", "new"),
        ("d", "web-0", "old", "old"),
        ("e", "web-0", "", "far"),
        ("d", "web-1", "", "1"),
        ("d", "web-1", "new", ""),
        ("d", "web-0", "far", ""),
        ("d", "web-2", "", ""),
        ("f", "web-0", "", ""),
    ],
)
def test_find(agent: Agent, namespace: str, name: str, uid: str, found: str) -> None:
    worker = agent.find(namespace, name, uid)
    assert (worker.uid if worker else "") == found
