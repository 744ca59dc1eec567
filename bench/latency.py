"""From a pod's status to its EndpointSlice: how long a watcher of both waits, at 100 changes a second."""

import asyncio
import time
from collections.abc import Callable
from statistics import quantiles

from figures import Cluster, on_scratch, service

from eachpod.client.client import Client
from eachpod.model.objects import Object, condition, name
from eachpod.model.resource import Resource
from eachpod.model.resources import ENDPOINTSLICE, NODE, POD, SERVICE

PODS, RATE, SECONDS = 500, 100, 10
MINE = "kubernetes.io/service-name=nginx-headless"
NODE_NAME = "bench-node"  # made by hand: no agent writes the status of its pods


def pod(number: int) -> Object:
    meta = {"name": f"p-{number}", "labels": {"app": "nginx"}}
    return {"metadata": meta, "spec": {"nodeName": NODE_NAME, "containers": [{"name": "c", "image": "nginx:alpine"}]}}


def status(number: int, *, ready: bool) -> Object:
    address = f"10.0.{100 + number // 250}.{number % 250 + 1}"
    said = {"type": "Ready", "status": str(ready), "lastTransitionTime": "2026-01-01T00:00:00Z"}
    return {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}], "conditions": [said]}


async def say(client: Client, number: int, *, ready: bool) -> None:
    await client.patch(POD, f"p-{number}", "default", {"status": status(number, ready=ready)}, subresource="status")


class Watcher:
    """When each pod was first seen in its present readiness, as a pod and as an endpoint."""

    def __init__(self) -> None:
        self.pods: dict[tuple[str, bool], float] = {}
        self.endpoints: dict[tuple[str, bool], float] = {}

    async def follow(self, client: Client, resource: Resource, selector: str, note: Callable[[Object], None]) -> None:
        events = client.watch(resource, "default", label_selector=selector, initial_events=True, timeout_seconds=600)
        async for event, obj in events:
            if event in ("ADDED", "MODIFIED"):
                note(obj)

    def note_pod(self, obj: Object) -> None:
        self._note(self.pods, name(obj), (condition(obj, "Ready") or {}).get("status") == "True")

    def note_slice(self, obj: Object) -> None:
        for endpoint in obj.get("endpoints") or []:
            self._note(self.endpoints, endpoint["targetRef"]["name"], bool(endpoint["conditions"]["ready"]))

    @staticmethod
    def _note(seen: dict[tuple[str, bool], float], about: str, ready: bool) -> None:
        seen.pop((about, not ready), None)
        seen.setdefault((about, ready), time.perf_counter())

    def took(self, about: tuple[str, bool]) -> float | None:
        seen, published = self.pods.get(about), self.endpoints.get(about)
        return None if seen is None or published is None else max(0.0, published - seen)


async def prepare(client: Client) -> None:
    await client.create(NODE, {"metadata": {"name": NODE_NAME}})
    await client.create(SERVICE, service(), "default")
    await asyncio.gather(*(client.create(POD, pod(n), "default") for n in range(PODS)))
    await asyncio.gather(*(say(client, n, ready=True) for n in range(PODS)))


async def change(client: Client, watcher: Watcher) -> list[float]:
    """One pod after the other becomes not ready and, a round later, ready again; each is looked at before its next."""
    taken: list[float] = []
    begun, pending = time.perf_counter(), set()
    for number in range(RATE * SECONDS):
        await asyncio.sleep(max(0.0, begun + number / RATE - time.perf_counter()))
        about, ready = number % PODS, number // PODS % 2 == 1
        if number >= PODS:
            found = watcher.took((f"p-{about}", not ready))
            taken += [found] if found is not None else []
        task = asyncio.ensure_future(say(client, about, ready=ready))
        pending.add(task)
        task.add_done_callback(pending.discard)
    await asyncio.gather(*pending)
    await asyncio.sleep(1)
    found_last = [watcher.took((f"p-{n}", (RATE * SECONDS - 1) // PODS % 2 == 1)) for n in range(PODS)]
    return taken + [found for found in found_last if found is not None]


async def measure(cluster: Cluster) -> None:
    watcher = Watcher()
    await prepare(cluster.client)
    async with asyncio.TaskGroup() as group:
        pods = group.create_task(watcher.follow(cluster.client, POD, "", watcher.note_pod))
        slices = group.create_task(watcher.follow(cluster.client, ENDPOINTSLICE, MINE, watcher.note_slice))
        await asyncio.sleep(2)
        taken = await change(cluster.client, watcher)
        pods.cancel()
        slices.cancel()
    cuts = quantiles([one * 1000 for one in taken], n=100)
    print(f"\n{PODS} pods of a Service, {RATE} of them change a second: from the pod's status to its slice, as watched")
    print(f"  {len(taken)} of {RATE * SECONDS} changes: p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms")


if __name__ == "__main__":
    asyncio.run(on_scratch(measure))
