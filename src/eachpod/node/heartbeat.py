"""Tells the cluster that the node lives: the Lease every ten seconds, the Node's status every five minutes.

A task of its own, which nothing that pods do can hold up.
"""

import asyncio
import logging
from collections.abc import Callable

from eachpod.client.client import Client
from eachpod.model import objects
from eachpod.model.errors import AlreadyExists, NotFound, StatusError
from eachpod.model.objects import Object
from eachpod.model.resources import LEASE, NODE
from eachpod.model.timestamps import render_micro

from .register import Machine, NodeIdentity, post_status

log = logging.getLogger(__name__)

NAMESPACE = "kube-node-lease"
_LEASE_SECONDS, _RENEW_SECONDS, _STATUS_SECONDS = 40, 10.0, 300.0


async def beat(
    client: Client,
    identity: NodeIdentity,
    machine: Machine,
    clock: Callable[[], float],
    *,
    first: float = 0.0,
    fault: Callable[[], str] = lambda: "",
    period: float = _RENEW_SECONDS,
) -> None:
    """Until cancelled. `first` spreads the beats of many nodes in one process; `fault` tells why the node is not ready
    now, "" where it is. `period` in seconds."""
    told, gone = clock(), False
    await _renew(client, identity, clock())
    await asyncio.sleep(first)
    while True:
        await asyncio.sleep(period)
        await _renew(client, identity, clock())
        try:
            node = await client.get(NODE, identity.name)
            if clock() - told >= _STATUS_SECONDS or _believed_ready(node) == bool(fault()):
                await post_status(client, identity, machine, node, clock(), fault())
                told = clock()
            gone = False
        except NotFound:
            if not gone:
                log.warning("node %s was deleted; an agent that is started anew registers it again", identity.name)
            gone = True
        except (StatusError, ConnectionError) as error:
            log.debug("status of node %s: %s", identity.name, error)


def _believed_ready(node: Object) -> bool:
    """What the API says; the node controller may have doubted the node meanwhile."""
    ready = objects.condition(node, "Ready")
    return bool(ready and ready.get("status") == "True")


async def _renew(client: Client, identity: NodeIdentity, now: float) -> None:
    for wait in (0.2, 1.0, 0.0):
        try:
            await _try(client, identity, now)
            return
        except (StatusError, ConnectionError) as error:
            log.debug("lease of node %s: %s", identity.name, error)
            await asyncio.sleep(wait)


async def _try(client: Client, identity: NodeIdentity, now: float) -> None:
    spec = {
        "holderIdentity": identity.name,
        "leaseDurationSeconds": _LEASE_SECONDS,
        "renewTime": render_micro(now),
    }
    try:
        await client.patch(LEASE, identity.name, NAMESPACE, {"spec": spec})
    except NotFound:
        node = await client.get(NODE, identity.name)
        owner = {"apiVersion": "v1", "kind": "Node", "name": identity.name, "uid": objects.uid(node)}
        lease = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": identity.name, "namespace": NAMESPACE, "ownerReferences": [owner]},
            "spec": spec,
        }
        try:
            await client.create(LEASE, lease)
        except AlreadyExists:
            return
