"""Who holds the Lease, and that two never work at once."""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from eachpod.client.client import Client
from eachpod.controllers.leader import Candidate, bid, holds, lead
from eachpod.model.resources import LEASE, NAMESPACE
from eachpod.server.app import ApiServer
from eachpod.server.config import ServerConfig
from eachpod.server.inprocess import InProcessTransport
from eachpod.store.memory import MemoryStore
from eachpod.testing.eventually import until

ME = Candidate("me", 15)


def lease(holder: str, transitions: int = 2) -> dict[str, Any]:
    spec = {
        "holderIdentity": holder,
        "leaseDurationSeconds": 15,
        "leaseTransitions": transitions,
        "acquireTime": "then",
    }
    return {"metadata": {"name": "x"}, "spec": spec}


@pytest.mark.parametrize(
    ("found", "unchanged_for", "transitions"),
    [
        (None, 0, 0),
        (lease("me"), 0, 2),
        (lease("other"), 14.9, None),
        (lease("other"), 15, 3),
        (lease(""), 0, 3),
    ],
)
def test_bid(found: dict[str, Any] | None, unchanged_for: float, transitions: int | None) -> None:
    wanted = bid(ME, found, unchanged_for, 0.0)
    if transitions is None:
        assert wanted is None
        return
    assert wanted is not None
    assert holds(ME, wanted)
    assert wanted["spec"]["leaseTransitions"] == transitions
    assert (wanted["spec"]["acquireTime"] == "then") == holds(ME, found)


async def test_what_keeps_the_lease_away_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    client = Client(InProcessTransport(ApiServer(MemoryStore(), ServerConfig())))  # it has no namespaces
    candidate = replace(ME, lease_seconds=0.01)

    async def work() -> None:
        raise AssertionError("it works without the lease")

    asked = 0

    def clock() -> float:
        nonlocal asked
        asked += 1
        return 0.0

    task = asyncio.ensure_future(lead(client, candidate, clock, work))
    await until(lambda: asked >= 10, "ten tries")  # the clock is read once a try
    task.cancel()
    said = [each.message for each in caplog.records]
    assert said == ['the lease can be neither got nor kept: namespaces "kube-system" not found']


@pytest.mark.e2e  # waits for a lease to run out; of five seconds, for this process may be kept waiting for some itself
async def test_one_works_and_the_other_takes_over() -> None:
    client = Client(InProcessTransport(ApiServer(MemoryStore(), ServerConfig())))
    await client.create(NAMESPACE, {"metadata": {"name": "kube-system"}})
    working: list[str] = []
    together: list[tuple[str, ...]] = []
    tries: Counter[str] = Counter()

    async def run(name: str) -> None:
        async def work() -> None:
            working.append(name)
            together.append(tuple(working))
            try:
                await asyncio.Event().wait()
            finally:
                working.remove(name)

        def clock() -> float:
            tries[name] += 1
            return 0.0

        await lead(client, Candidate(name, 5.0), clock, work)

    first = asyncio.create_task(run("a"))
    await until(lambda: working, "one works")
    second = asyncio.create_task(run("b"))
    await until(lambda: tries["b"] >= 2, "the other has tried twice")
    assert working == ["a"]
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await until(lambda: working == ["b"], "the other works")
    assert (await client.get(LEASE, "kube-controller-manager", "kube-system"))["spec"]["leaseTransitions"] == 1
    assert together == [("a",), ("b",)]
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
