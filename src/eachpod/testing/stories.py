"""What a set of pods goes through in a whole cluster, told once for clusters of our parts, upstream's and both."""

from dataclasses import dataclass
from functools import partial

import dns.asyncquery
import dns.exception
import dns.message

from eachpod.client.client import Client
from eachpod.model.errors import NotFound
from eachpod.model.objects import dig, name
from eachpod.model.resource import Resource
from eachpod.model.resources import (
    ENDPOINTS,
    ENDPOINTSLICE,
    NAMESPACE,
    PERSISTENTVOLUME,
    PERSISTENTVOLUMECLAIM,
    POD,
    SERVICE,
    STATEFULSET,
    STORAGECLASS,
)

from . import webset
from .eventually import becomes, eventually
from .webset import SHOP, ZONE

NOTHING: set[str] = set()


@dataclass(frozen=True, slots=True)
class Shop:
    """The namespace, seen through a client."""

    client: Client

    async def create(self, replicas: int) -> None:
        """Everything for a set whose pods have volumes."""
        await self.client.create(STORAGECLASS, webset.storage_class())
        for number in range(replicas):
            await self.client.create(PERSISTENTVOLUME, webset.volume(number))
        await self.create_service()
        await self.client.create(STATEFULSET, webset.statefulset(replicas, claims=True), SHOP)

    async def create_service(self) -> None:
        await self.client.create(NAMESPACE, {"metadata": {"name": SHOP}})
        await self.client.create(SERVICE, webset.service(), SHOP)

    async def available(self) -> int:
        found: int = dig(await self.client.get(STATEFULSET, "web", SHOP), "status", "availableReplicas", default=0)
        return found

    async def published(self) -> list[str]:
        """The host names of the ready endpoints."""
        slices = (await self.client.list(ENDPOINTSLICE, SHOP)).items
        found = [each for one in slices for each in one["endpoints"] or ()]
        return sorted(each.get("hostname") or "" for each in found if each["conditions"]["ready"])

    async def old_endpoints(self) -> list[str]:
        """The same of the Endpoints."""
        found = (await self.client.get(ENDPOINTS, "web", SHOP)).get("subsets") or ()
        return sorted(each.get("hostname") or "" for subset in found for each in subset.get("addresses") or ())

    async def claims(self) -> dict[str, str]:
        """The claims by name, and how far each is."""
        found = (await self.client.list(PERSISTENTVOLUMECLAIM, SHOP)).items
        return {name(claim): claim["status"].get("phase") or "" for claim in found}

    async def revision(self) -> str:
        return str(dig(await self.client.get(STATEFULSET, "web", SHOP), "status", "currentRevision"))

    async def gone(self, resource: Resource, which: str) -> bool:
        try:
            await self.client.get(resource, which, SHOP if resource.namespaced else "")
        except NotFound:
            return True
        return False


async def live_and_die(shop: Shop) -> None:
    """The work of the controllers: pods, claims and endpoints come, go with the scale, and leave nothing behind."""
    await shop.create(3)
    three = ["web-0", "web-1", "web-2"]
    bound = {f"data-{pod}": "Bound" for pod in three}
    await becomes(shop.available, 3, "available pods")
    await becomes(shop.claims, bound, "a volume for every pod")
    await becomes(shop.published, three, "the endpoints of the slices")
    await becomes(shop.old_endpoints, three, "the endpoints of the old form")
    await becomes(shop.revision, webset.REVISION, "the name of the revision")

    await shop.client.patch(STATEFULSET, "web", SHOP, {"spec": {"replicas": 1}}, subresource="scale")
    await becomes(shop.published, ["web-0"], "the endpoints of the slices")
    await eventually(partial(shop.gone, POD, "web-1"), "web-1 is gone")
    assert await shop.claims() == bound

    await shop.client.delete(STATEFULSET, "web", SHOP)
    await eventually(partial(shop.gone, POD, "web-0"), "the garbage collector takes the last pod")
    await shop.client.delete(NAMESPACE, SHOP)
    await eventually(partial(shop.gone, NAMESPACE, SHOP), "the namespace is gone")
    assert (await shop.client.list(PERSISTENTVOLUMECLAIM)).items == []


async def get_placed(shop: Shop) -> None:
    """The work of the scheduler: pods on both nodes, each with a volume that was chosen with the node."""
    await shop.create(3)
    await becomes(shop.available, 3, "available pods")
    await becomes(shop.claims, {f"data-web-{number}": "Bound" for number in range(3)}, "a volume for every pod")
    pods = (await shop.client.list(POD, SHOP)).items
    assert {pod["spec"]["nodeName"] for pod in pods} == {"simulated-0", "simulated-1"}


async def have_names(shop: Shop, port: int) -> None:
    """The work of the DNS, which answers on the port: names come and go with the endpoints."""
    await shop.create_service()
    held = await shop.client.create(ENDPOINTSLICE, webset.endpoints("10.0.0.1", "10.0.0.2"), SHOP)
    one = partial(lookup, port, f"web-1.{ZONE}", "A")
    await becomes(one, {"10.0.0.2"}, "the address of web-1")
    assert await lookup(port, ZONE, "A") == {"10.0.0.1", "10.0.0.2"}
    assert await lookup(port, f"_http._tcp.{ZONE}", "SRV") == {f"0 50 80 web-{number}.{ZONE}" for number in range(2)}
    assert await lookup(port, "2.0.0.10.in-addr.arpa.", "PTR") == {f"web-1.{ZONE}"}
    await shop.client.update(ENDPOINTSLICE, {**held, "endpoints": held["endpoints"][:1]})
    await becomes(one, NOTHING, "the address of web-1")


async def lookup(port: int, who: str, kind: str) -> set[str]:
    """What the DNS on a port of loopback answers."""
    try:
        answer = await dns.asyncquery.udp(dns.message.make_query(who, kind), "127.0.0.1", 5.0, port)
    except dns.exception.Timeout:
        raise TimeoutError(f"no answer on port {port}") from None
    return {record.to_text() for records in answer.answer for record in records}
