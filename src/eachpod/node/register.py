"""The Node object of this node: made at the start, its status kept true."""

import asyncio
import logging
import time
from dataclasses import dataclass, field
from typing import Any

from eachpod.client.client import Client
from eachpod.model import objects
from eachpod.model.errors import AlreadyExists, StatusError
from eachpod.model.objects import Object
from eachpod.model.resources import NODE
from eachpod.model.timestamps import render
from eachpod.model.wellknown import AGENT_ENDPOINT, HOSTNAME, SIMULATED
from eachpod.wire.http import STRATEGIC_PATCH

log = logging.getLogger(__name__)

LIMITS = "eachpod.dev/resource-limits"
KUBELET_VERSION = "v1.37.1"


@dataclass(frozen=True, slots=True)
class NodeIdentity:
    """A node as its configuration has it. `agent_endpoint` is where the API server reaches the agent from outside the
    node's network."""

    name: str
    addresses: tuple[str, ...]
    pod_cidrs: tuple[str, ...]
    hostname: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    agent_endpoint: str = ""
    port: int = 10250
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Machine:
    """What the node has and runs."""

    capacity: dict[str, str]
    architecture: str = "amd64"
    info: dict[str, Any] = field(default_factory=dict)
    allocatable: dict[str, str] = field(default_factory=dict)


def node_object(identity: NodeIdentity, machine: Machine) -> Object:
    hostname = identity.hostname or identity.name
    labels = {
        "beta.kubernetes.io/arch": machine.architecture,
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": machine.architecture,
        HOSTNAME: hostname,
        "kubernetes.io/os": "linux",
        **({SIMULATED: "true"} if identity.simulated else {}),
        **identity.labels,
    }
    annotations = {"volumes.kubernetes.io/controller-managed-attach-detach": "true", **identity.annotations}
    if identity.agent_endpoint:
        annotations[AGENT_ENDPOINT] = identity.agent_endpoint
    spec: Object = {}
    if identity.pod_cidrs:
        spec = {"podCIDR": identity.pod_cidrs[0], "podCIDRs": list(identity.pod_cidrs)}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": identity.name, "labels": labels, "annotations": annotations},
        "spec": spec,
    }


def node_status(identity: NodeIdentity, machine: Machine, old: Object, now: float, fault: str = "") -> Object:
    addresses = [{"type": "InternalIP", "address": each} for each in identity.addresses]
    addresses.append({"type": "Hostname", "address": identity.hostname or identity.name})
    known = objects.dig(old, "status", "capacity", default={})
    extended = {k: v for k, v in known.items() if "/" in k}  # resources that somebody added to this node stay
    return {
        "addresses": addresses,
        "capacity": extended | machine.capacity,
        "allocatable": extended | machine.capacity | machine.allocatable,
        "conditions": conditions(old, now, fault),
        "daemonEndpoints": {"kubeletEndpoint": {"Port": identity.port}},
        "nodeInfo": {
            "architecture": machine.architecture, "bootID": "", "containerRuntimeVersion": "", "kernelVersion": "",
            "kubeProxyVersion": "", "kubeletVersion": KUBELET_VERSION, "machineID": "", "operatingSystem": "linux",
            "osImage": "", "systemUUID": "", **machine.info,
        },
    }  # fmt: skip


def conditions(old: Object, now: float, fault: str = "") -> list[Object]:
    """`fault` is why the node is not ready, "" where it is."""
    ready = (
        ("False", "KubeletNotReady", fault) if fault else ("True", "KubeletReady", "kubelet is posting ready status")
    )
    told = (
        ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("Ready", *ready),
    )
    found = []
    for kind, status, reason, message in told:
        before = objects.condition(old, kind)
        since = before.get("lastTransitionTime") if before and before.get("status") == status else None
        found.append(
            {
                "type": kind, "status": status, "reason": reason, "message": message,
                "lastHeartbeatTime": render(now), "lastTransitionTime": since or render(now),
            }
        )  # fmt: skip
    return found


async def registered(client: Client, identity: NodeIdentity, machine: Machine) -> Object:
    """The Node, as soon as the API server takes it."""
    wait = 0.1
    while True:
        try:
            return await _register(client, identity, machine, time.time())
        except (StatusError, ConnectionError) as error:
            log.warning("node %s is not registered yet: %s", identity.name, error)
            await asyncio.sleep(wait)
            wait = min(wait * 2, 5.0)


async def _register(client: Client, identity: NodeIdentity, machine: Machine, now: float) -> Object:
    """Make the Node, or take over the one that is there."""
    wanted = node_object(identity, machine)
    try:
        node = await client.create(NODE, {**wanted, "status": node_status(identity, machine, {}, now)})
    except AlreadyExists:
        known = wanted["metadata"]
        patch = {"metadata": {"labels": known["labels"], "annotations": known["annotations"]}}
        node = await client.patch(NODE, identity.name, "", patch)
    return await post_status(client, identity, machine, node, now)


async def post_status(
    client: Client, identity: NodeIdentity, machine: Machine, old: Object, now: float, fault: str = ""
) -> Object:
    status = node_status(identity, machine, old, now, fault)
    return await client.patch(
        NODE, identity.name, "", {"status": status}, subresource="status", content_type=STRATEGIC_PATCH
    )
