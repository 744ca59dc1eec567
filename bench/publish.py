"""From a pod's status to the DNS: how long after the write was sent its name has an answer, or none any more.

One change after the other on a whole cluster, between 300 pods that stay as they are.
"""

import asyncio
import time
from statistics import quantiles

from figures import Cluster, on_scratch, service
from latency import NODE_NAME, pod, status

from eachpod.client.client import Client
from eachpod.model.objects import Object, put
from eachpod.model.resources import NODE, POD, SERVICE

PODS, CHANGES = 300, 500


def named(number: int) -> Object:
    """A pod with a name in the DNS."""
    made = put(pod(number), ("spec", "hostname"), f"p-{number}")
    return put(made, ("spec", "subdomain"), "nginx-headless")


async def say(client: Client, number: int, *, ready: bool) -> None:
    body: Object = {"status": status(number, ready=ready)}
    await client.patch(POD, f"p-{number}", "default", body, subresource="status")


async def shown(cluster: Cluster, number: int, *, ready: bool) -> None:
    while bool(cluster.dns.answers(f"p-{number}.nginx-headless.default.svc.cluster.local")) is not ready:
        await asyncio.sleep(0.0002)


async def measure(cluster: Cluster) -> None:
    client = cluster.client
    await client.create(NODE, {"metadata": {"name": NODE_NAME}})
    await client.create(SERVICE, service(), "default")
    for number in range(PODS):
        await client.create(POD, named(number), "default")
        await say(client, number, ready=True)
    for number in range(PODS):
        await shown(cluster, number, ready=True)
    taken = []
    for change in range(CHANGES):
        number, ready = change // 2 % PODS, change % 2 == 1
        begun = time.perf_counter()
        writing = asyncio.ensure_future(say(client, number, ready=ready))
        await shown(cluster, number, ready=ready)
        taken.append(time.perf_counter() - begun)
        await writing
        await asyncio.sleep(0.02)
    cuts = quantiles([one * 1000 for one in taken], n=100)
    print(f"\npod status to DNS answer, {CHANGES} changes: p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms")


if __name__ == "__main__":
    asyncio.run(on_scratch(measure))
