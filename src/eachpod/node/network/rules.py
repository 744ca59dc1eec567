"""Makes the nftables rules of a node from its Services: addresses of Services become addresses of pods.

A packet for a Service meets one map, from address, protocol and port to the Service port's chain; that chain chooses an
endpoint's chain, which rewrites the destination. Traffic that would come back another way (a pod to itself, a client
outside the cluster) is marked and gets the node's address as its source. What nobody stands behind is refused at once.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from eachpod.kit.hostport import joined

from .nftables import Chain, Set, Table
from .services import Endpoint, ServicePort

TABLE = "eachpod"
_MARK = "0x4000"
_MASQUERADE = "mark-for-masquerade"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`pod_cidrs` and `service_cidrs` are the cluster's. `local` are addresses that the node answers for itself, such
    as a DNS Service's on its loopback: they are let alone."""

    pod_cidrs: tuple[str, ...] = ()
    service_cidrs: tuple[str, ...] = ()
    local: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Family:
    name: str  # ip or ip6
    address: str  # the type of its addresses
    loopback: str

    def owns(self, text: str) -> bool:
        return (":" in text) == (self.name == "ip6")


_V4 = _Family("ip", "ipv4_addr", "127.0.0.0/8")
_V6 = _Family("ip6", "ipv6_addr", "::1")


def table(ports: Iterable[ServicePort], around: Surroundings, v6: bool) -> Table:
    """The whole table of one address family."""
    family = _V6 if v6 else _V4
    built = _Built(_base_chains(family, around))
    served = [port for port in ports if port.cluster_ip not in around.local]
    for port in served:
        _service(port, family, around, built)
    key, on_node = f"{family.address} . inet_proto . inet_service", "inet_proto . inet_service"
    sets = {
        "service-addresses": Set(f"type {key} : verdict;", built.addresses, "map"),
        "service-node-ports": Set(f"type {on_node} : verdict;", built.node_ports, "map"),
        "unserved-addresses": Set(f"type {key} : verdict;", built.refused, "map"),
        "unserved-node-ports": Set(f"type {on_node} : verdict;", built.refused_node_ports, "map"),
        "cluster-addresses": Set(f"type {family.address};", {port.cluster_ip: "" for port in served}),
    }
    return Table(family.name, TABLE, built.chains, built.affinity | sets)


def _base_chains(family: _Family, around: Surroundings) -> dict[str, Chain]:
    ip = family.name
    lookup = f"{ip} daddr . meta l4proto . th dport vmap"
    to_node = f"fib daddr type local {ip} daddr != {family.loopback} meta l4proto . th dport vmap"
    ours = [cidr for cidr in around.service_cidrs if family.owns(cidr)]
    local = sorted(address for address in around.local if family.owns(address))
    let_be = [f"{ip} daddr {{ {', '.join(local)} }} return"] if local else []
    refusals = (
        *let_be,
        f"ct state new {lookup} @unserved-addresses",
        f"ct state new {to_node} @unserved-node-ports",
        f"{ip} daddr @cluster-addresses goto refuse",
        *(f"{ip} daddr {cidr} goto refuse" for cidr in ours),
    )
    return {
        "prerouting": Chain(("jump services",), "type nat hook prerouting priority dstnat; policy accept"),
        "output": Chain(("jump services",), "type nat hook output priority -100; policy accept"),
        "postrouting": Chain(
            (f"meta mark & {_MARK} == {_MARK} meta mark set meta mark ^ {_MARK} masquerade fully-random",),
            "type nat hook postrouting priority srcnat; policy accept",
        ),
        "filter-input": Chain(("jump refusals",), "type filter hook input priority filter; policy accept"),
        "filter-forward": Chain(("jump refusals",), "type filter hook forward priority filter; policy accept"),
        "filter-output": Chain(("jump refusals",), "type filter hook output priority filter; policy accept"),
        "services": Chain((f"{lookup} @service-addresses", f"{to_node} @service-node-ports")),
        "refusals": Chain(refusals),
        "refuse": Chain(("meta l4proto tcp reject with tcp reset", "reject")),
        "discard": Chain(("drop",)),
        _MASQUERADE: Chain((f"meta mark set meta mark | {_MARK}",)),
    }


@dataclass(frozen=True, slots=True)
class _Built:
    """The table in the making: chains, affinity sets, and the elements of the four verdict maps."""

    chains: dict[str, Chain]
    affinity: dict[str, Set] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    node_ports: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    refused_node_ports: dict[str, str] = field(default_factory=dict)


def _service(port: ServicePort, family: _Family, around: Surroundings, built: _Built) -> None:
    """Inside traffic goes by the cluster address, outside traffic by all others; each has endpoints or is refused, or
    dropped where there are endpoints that the Service's policy keeps it from."""
    name, proto = _name("service", port), port.protocol
    for endpoint in {*port.inside, *port.outside}:
        built.chains[_endpoint_name(port, endpoint)] = _endpoint_chain(port, endpoint, family)
        if port.affinity_seconds:
            built.affinity[_affinity_name(port, endpoint)] = _affinity_set(port, family)
    if port.inside:
        built.chains[name] = Chain((*_from_outside(port, family, around), *_choose(port, port.inside, family)))
        built.addresses[f"{port.cluster_ip} . {proto} . {port.port}"] = f"goto {name}"
    else:
        verdict = "goto discard" if port.inside_local_only and port.has_endpoints else "goto refuse"
        built.refused[f"{port.cluster_ip} . {proto} . {port.port}"] = verdict
    _outside(port, family, around, built)


def _outside(port: ServicePort, family: _Family, around: Surroundings, built: _Built) -> None:
    if not (port.external_ips or port.balancer_ips or port.node_port):
        return
    plain = [f"{ip} . {port.protocol} . {port.port}" for ip in port.external_ips]
    balanced = [f"{ip} . {port.protocol} . {port.port}" for ip in port.balancer_ips]
    node_port = f"{port.protocol} . {port.node_port}"
    if not port.has_endpoints:
        built.refused.update(dict.fromkeys([*plain, *balanced], "goto refuse"))
        if port.node_port:
            built.refused_node_ports[node_port] = "goto refuse"
        return
    external, firewall = _name("external", port), _name("firewall", port)
    built.chains.update(_external_chains(port, external, family, around))
    built.addresses.update(dict.fromkeys(plain, f"goto {external}"))
    guarded = firewall if port.source_ranges else external
    if port.source_ranges:
        ranges = ", ".join(port.source_ranges)
        built.chains[firewall] = Chain((f"{family.name} saddr != {{ {ranges} }} drop", f"goto {external}"))
    built.addresses.update(dict.fromkeys(balanced, f"goto {guarded}"))
    if port.node_port:
        built.node_ports[node_port] = f"goto {external}"


def _external_chains(port: ServicePort, name: str, family: _Family, around: Surroundings) -> dict[str, Chain]:
    """With the policy Cluster, any endpoint, and the node as the source. With Local, the node's own endpoints and the
    client's own address; clients inside the cluster are not held to it, since they could use the cluster address."""
    if not port.outside_local_only:
        return {name: Chain((f"jump {_MASQUERADE}", *_choose(port, port.outside, family)))}
    inner = _choose(port, port.inside, family)
    short_cut, chains = [], {}
    if inner:
        chains[f"{name}/any"] = Chain(tuple(inner))
        pods = [cidr for cidr in around.pod_cidrs if family.owns(cidr)]
        if pods:
            short_cut.append(f"{family.name} saddr {{ {', '.join(pods)} }} goto {name}/any")
        short_cut += [f"fib saddr type local jump {_MASQUERADE}", f"fib saddr type local goto {name}/any"]
    own = _choose(port, port.outside, family) or ["drop"]
    return chains | {name: Chain((*short_cut, *own))}


def _from_outside(port: ServicePort, family: _Family, around: Surroundings) -> list[str]:
    """Who reaches a cluster address without being a pod (the node itself, a machine that routes to it)."""
    pods = [cidr for cidr in around.pod_cidrs if family.owns(cidr)]
    if not pods:
        return []
    return [f"{family.name} daddr {port.cluster_ip} {family.name} saddr != {{ {', '.join(pods)} }} jump {_MASQUERADE}"]


def _choose(port: ServicePort, endpoints: Sequence[Endpoint], family: _Family) -> list[str]:
    """The endpoint that the client had, as long as affinity lasts; else any, at random."""
    if not endpoints:
        return []
    known = [
        f"{family.name} saddr @{_affinity_name(port, each)} goto {_endpoint_name(port, each)}"
        for each in (endpoints if port.affinity_seconds else ())
    ]
    choices = ", ".join(f"{number} : goto {_endpoint_name(port, each)}" for number, each in enumerate(endpoints))
    return [*known, f"numgen random mod {len(endpoints)} vmap {{ {choices} }}"]


def _endpoint_chain(port: ServicePort, endpoint: Endpoint, family: _Family) -> Chain:
    rules = [f"{family.name} saddr {endpoint.address} jump {_MASQUERADE}"]
    if port.affinity_seconds:
        rules.append(f"update @{_affinity_name(port, endpoint)} {{ {family.name} saddr }}")
    rules.append(f"meta l4proto {port.protocol} dnat to {joined(endpoint.address, endpoint.port)}")
    return Chain(tuple(rules))


def _affinity_set(port: ServicePort, family: _Family) -> Set:
    return Set(f"type {family.address}; flags dynamic,timeout; timeout {port.affinity_seconds}s;")


def _name(kind: str, port: ServicePort) -> str:
    """Unique by its hash, readable by its rest, and within the 127 characters that nftables allows."""
    text = f"{port.namespace}/{port.name}/{port.protocol}/{port.port_name or port.port}"
    return f"{kind}-{_hash(f'{text}/{port.port}')}-{text}"[:120].rstrip("/.-_")


def _endpoint_name(port: ServicePort, endpoint: Endpoint) -> str:
    where = f"{endpoint.address.replace(':', '.')}/{endpoint.port}"
    text = f"{port.namespace}/{port.name}/{port.protocol}/{port.port_name or port.port}"
    return f"endpoint-{_hash(f'{text}/{port.port}/{where}')}-{text[:60].rstrip('/.-_')}/{where}"


def _affinity_name(port: ServicePort, endpoint: Endpoint) -> str:
    """The timeout is part of the name, since a set's timeout cannot be changed."""
    return f"affinity-{port.affinity_seconds}s-{_endpoint_name(port, endpoint).removeprefix('endpoint-')}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
