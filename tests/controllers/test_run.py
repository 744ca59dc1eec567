"""The runner at work against the API server, in one process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from eachpod.client.client import Client
from eachpod.client.correlate import Note
from eachpod.controllers import endpointslice, statefulset
from eachpod.controllers.config import ControllersConfig
from eachpod.controllers.context import Context
from eachpod.controllers.plan import NOTHING, ConfirmNone, Create, Plan, Telling, Together
from eachpod.controllers.run import Runner, run_all
from eachpod.controllers.view import Controller, Key, View
from eachpod.kit.backoff import Backoff
from eachpod.model.errors import NotFound
from eachpod.model.resources import (
    CONFIGMAP,
    ENDPOINTSLICE,
    EVENT,
    NAMESPACE,
    NODE,
    POD,
    SECRET,
    SERVICE,
    SERVICEACCOUNT,
    STATEFULSET,
)
from eachpod.server.app import ApiServer
from eachpod.server.config import ServerConfig
from eachpod.server.inprocess import InProcessTransport
from eachpod.store.memory import MemoryStore
from eachpod.testing.eventually import eventually, until


def named(name: str, **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "d"}, **more}


@asynccontextmanager
async def running(*controllers: Controller) -> AsyncIterator[Client]:
    client = Client(InProcessTransport(ApiServer(MemoryStore(), ServerConfig())))
    await client.create(NAMESPACE, {"metadata": {"name": "d"}})
    await client.create(SERVICEACCOUNT, named("default"))
    async with Context(client, ControllersConfig()) as context:
        for controller in controllers:
            context.spawn(Runner(controller, context).run(), controller.name)
        yield client


async def make_ready(client: Client) -> None:
    """A kubelet that takes one look: whatever pod there is runs and is Ready."""
    for pod in (await client.list(POD, "d")).items:
        name = pod["metadata"]["name"]
        if pod["metadata"].get("deletionTimestamp"):
            await client.delete(POD, name, "d", grace_seconds=0)
        elif pod["status"]["phase"] == "Pending":
            if not pod["spec"].get("nodeName"):
                binding = {"metadata": {"name": name}, "target": {"kind": "Node", "name": "n1"}}
                await client.create(POD, binding, "d", name=name, subresource="binding")
                pod = await client.get(POD, name, "d")
            address = f"10.0.0.{int(name.rsplit('-', 1)[1]) + 1}"
            ready = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
            status = {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}], "conditions": [ready]}
            await client.update(POD, {**pod, "status": status}, "status")


async def test_a_stateful_set_comes_up_and_goes_down() -> None:
    async with running(statefulset.CONTROLLER, endpointslice.CONTROLLER) as client:
        await client.create(NODE, {"metadata": {"name": "n1"}})
        ports = [{"name": "http", "port": 80}]
        await client.create(
            SERVICE, named("web", spec={"clusterIP": "None", "selector": {"app": "web"}, "ports": ports})
        )
        template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "a", "image": "i"}]}}
        spec = {"serviceName": "web", "replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": template}
        await client.create(STATEFULSET, named("web", spec=spec))

        async def published(count: int) -> list[str]:
            await make_ready(client)
            slices = (await client.list(ENDPOINTSLICE, "d")).items
            names = [e["hostname"] for s in slices for e in s["endpoints"] or () if e["conditions"]["ready"]]
            status = (await client.get(STATEFULSET, "web", "d"))["status"]
            return names if len(names) == count == status.get("availableReplicas") else []

        assert sorted(await eventually(lambda: published(3), "three are published")) == ["web-0", "web-1", "web-2"]
        await client.patch(STATEFULSET, "web", "d", {"spec": {"replicas": 1}})
        assert await eventually(lambda: published(1), "one is published") == ["web-0"]

        async def told() -> list[str]:
            events = (await client.list(EVENT, "d")).items
            return [event["message"] for event in events] if len(events) == 5 else []

        assert await eventually(told, "five events") == [
            *(f"Create Pod web-{n} in StatefulSet web successful" for n in range(3)),
            *(f"Delete Pod web-{n} in StatefulSet web successful" for n in (2, 1)),
        ]


@dataclass
class Scripted:
    """A controller of ConfigMaps that plans what it is told to."""

    plan: Callable[[View, Key], Plan]
    calls: list[Key] = field(default_factory=list)

    def controller(self) -> Controller:
        def reconcile(view: View, key: Key, now: float) -> Plan:
            self.calls.append(key)
            return self.plan(view, key)

        return Controller("scripted", "scripted", reconcile, CONFIGMAP, reads=(SECRET,), backoff=Backoff(0.01, 0.02))


async def test_a_failed_change_is_told_and_tried_again() -> None:
    def plan(view: View, key: Key) -> Plan:
        warning = Note(view.get(CONFIGMAP, *key) or {}, "Failed", "because: ", "Warning")
        return Plan((Create(SECRET, named("BAD NAME"), Telling(failed=warning)),))

    scripted = Scripted(plan)
    async with running(scripted.controller()) as client:
        await client.create(CONFIGMAP, named("c"))

        async def tried() -> bool:
            return len(scripted.calls) > 3

        await eventually(tried, "more than three tries")

        async def told() -> Any:
            return [e for e in (await client.list(EVENT, "d")).items if e["message"].startswith("because: Secret")]

        await eventually(told, "an event of the failure")


async def test_own_writes_are_seen_before_the_next_decision() -> None:
    """Without that the second secret would be decided on a cache that does not show the first one."""

    def plan(view: View, key: Key) -> Plan:
        number = len(view.within(SECRET, "d"))
        return Plan((Create(SECRET, named(f"s{number}")),), requeue_after=0) if number < 5 else NOTHING

    scripted = Scripted(plan)
    async with running(scripted.controller()) as client:
        await client.create(CONFIGMAP, named("c"))

        async def at_rest() -> bool:
            return len((await client.list(SECRET, "d")).items) == 5 and len(scripted.calls) >= 6

        await eventually(at_rest, "all secrets are made")
        assert len(scripted.calls) == 6


async def test_what_stands_against_a_plan_is_looked_for_past_the_caches() -> None:
    def plan(view: View, key: Key) -> Plan:
        none = ConfirmNone(NODE, "", lambda node: node["metadata"]["name"] == "n1")
        return Plan((none, Create(SECRET, named("s"))))

    scripted = Scripted(plan)
    async with running(scripted.controller()) as client:
        await client.create(NODE, {"metadata": {"name": "n1"}})
        await client.create(CONFIGMAP, named("c"))

        async def tried() -> bool:
            return len(scripted.calls) > 3

        await eventually(tried, "more than three tries")
        assert not (await client.list(SECRET, "d")).items
        await client.delete(NODE, "n1")

        async def made() -> bool:
            return bool((await client.list(SECRET, "d")).items)

        await eventually(made, "the secret is made")


async def test_a_fault_in_a_controller_costs_one_key_not_the_runner() -> None:
    def plan(view: View, key: Key) -> Plan:
        if key.name == "bad":
            raise RuntimeError("a bug")
        return Plan((Create(SECRET, named(key.name)),)) if view.get(SECRET, "d", key.name) is None else NOTHING

    scripted = Scripted(plan)
    async with running(scripted.controller()) as client:
        await client.create(CONFIGMAP, named("bad"))
        await client.create(CONFIGMAP, named("good"))

        async def made() -> bool:
            try:
                return bool(await client.get(SECRET, "good", "d"))
            except NotFound:
                return False

        await eventually(made, "the secret is made")


async def test_groups_begin_slowly_and_stop_at_a_failure() -> None:
    bad = Create(SECRET, named("BAD NAME"))

    def plan(view: View, key: Key) -> Plan:
        groups = [(Create(SECRET, named(f"s{n}")),) for n in range(8)]
        groups[2] = (bad,)
        return Plan((Together(tuple(groups)),)) if not view.within(SECRET, "d") else NOTHING

    scripted = Scripted(plan)
    async with running(scripted.controller()) as client:
        await client.create(CONFIGMAP, named("c"))

        async def made() -> list[str]:
            return [s["metadata"]["name"] for s in (await client.list(SECRET, "d")).items]

        async def tried_again() -> bool:
            return len(scripted.calls) > 1

        await eventually(tried_again, "a second try")  # after the failure, when all that the plan had begun was over
        # 1, then 2 with the bad one: the batch of 4 never begins
        assert await made() == ["s0", "s1"]


async def test_controllers_that_wait_for_the_lease_say_that_they_begin_when_they_have_it() -> None:
    client = Client(InProcessTransport(ApiServer(MemoryStore(), ServerConfig())))  # without a namespace for the Lease
    config = ControllersConfig(controllers=("namespace-controller",), leader_elect=True, lease_seconds=1.0)
    tries, begun = 0, False

    def clock() -> float:
        nonlocal tries
        tries += 1
        return 0.0

    def begin() -> None:
        nonlocal begun
        begun = True

    task = asyncio.ensure_future(run_all(client, config, clock, begin))
    await until(lambda: tries >= 2, "two tries")
    assert not begun
    await client.create(NAMESPACE, {"metadata": {"name": "kube-system"}})
    await until(lambda: begun, "they begin")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
