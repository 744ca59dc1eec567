"""Gives every node that has none a range of pod addresses out of the cluster's, one of each address family."""

import ipaddress
from collections.abc import Iterable, Iterator

from eachpod.client.correlate import Note
from eachpod.model.errors import NotFound
from eachpod.model.objects import Object, deleting, dig, name, uid
from eachpod.model.resources import NODE

from .plan import NOTHING, Emit, Patch, Plan
from .view import Controller, Key, View

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Prefix lengths of a node's range where the cluster's is large enough, as in the real controller.
_PER_NODE = {4: 24, 6: 64}
_LEAST_NODES_BITS = 4


def reconcile(view: View, key: Key, now: float) -> Plan:
    node = view.get(NODE, "", key.name)
    if node is None or deleting(node) or dig(node, "spec", "podCIDR"):
        return NOTHING
    taken = taken_ranges(view.all(NODE))
    ranges = [_first_free(cluster, taken) for cluster in view.config.pod_cidrs]
    if None in ranges or not ranges:
        text = f"Node {name(node)} status is now: CIDRNotAvailable"
        return Plan((Emit(Note(node, "CIDRNotAvailable", text)),))
    texts = [str(one) for one in ranges]
    metadata = {"uid": uid(node), "resourceVersion": dig(node, "metadata", "resourceVersion")}
    patch = {"metadata": metadata, "spec": {"podCIDR": texts[0], "podCIDRs": texts}}
    return Plan((Patch(NODE, "", name(node), patch, accept=(NotFound,)),))


def taken_ranges(nodes: Iterable[Object]) -> list[Network]:
    texts = (one for node in nodes for one in dig(node, "spec", "podCIDRs") or [dig(node, "spec", "podCIDR")] if one)
    return [network for network in map(_network, texts) if network]


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def subnets(cluster: Network) -> Iterator[Network]:
    """The ranges for nodes that a cluster's range divides into."""
    wanted = max(_PER_NODE[cluster.version], cluster.prefixlen + _LEAST_NODES_BITS)
    yield from cluster.subnets(new_prefix=min(wanted, cluster.max_prefixlen))


def _first_free(cluster: str, taken: list[Network]) -> Network | None:
    network = _network(cluster)
    if network is None:
        return None
    same = [one for one in taken if one.version == network.version]
    held = set(same)
    for candidate in subnets(network):
        if candidate not in held and not any(_overlap(candidate, one) for one in same):
            return candidate
    return None


def _overlap(left: Network, right: Network) -> bool:
    first, last = int(left.network_address), int(left.broadcast_address)
    return int(right.network_address) <= last and first <= int(right.broadcast_address)


CONTROLLER = Controller(
    name="node-ipam-controller",
    component="cidrAllocator",
    reconcile=reconcile,
    primary=NODE,
    # One worker, so that no range is given twice.
    workers=1,
)
