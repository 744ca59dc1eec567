"""Plans the network of a local cluster: a fabric that stands for the machines' network, and one namespace per node.

A node is a network namespace with one link into the fabric. It routes to its own pods over its bridge (which CNI
makes), to other nodes' pods over their addresses, and everything else to the fabric. That has a way out only where
somebody gives it a default route; else, and for addresses of the cluster that nobody has, it says so at once: a pod
gets an error instead of a timeout.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_interface


@dataclass(frozen=True, slots=True)
class AddNamespace:
    """Makes a named network namespace with its loopback up."""

    name: str


@dataclass(frozen=True, slots=True)
class Ip:
    """A line of iproute2, in a namespace."""

    namespace: str
    line: str


@dataclass(frozen=True, slots=True)
class Sysctl:
    """A kernel setting of a namespace, by its path below /proc/sys; kernels without it are let be."""

    namespace: str
    path: str
    value: str


Step = AddNamespace | Ip | Sysctl


@dataclass(frozen=True, slots=True)
class Fabric:
    """`addresses` are the fabric's own with their prefix length (192.168.0.1/24), one per family. `ranges` are those of
    the cluster's pods and Services, which never lead outside."""

    addresses: tuple[str, ...]
    ranges: tuple[str, ...] = ()
    namespace: str = "fabric"
    bridge: str = "br0"


@dataclass(frozen=True, slots=True)
class Node:
    """`addresses` are plain, `pod_cidrs` the node's own ranges, both one per family."""

    name: str
    addresses: tuple[str, ...]
    pod_cidrs: tuple[str, ...]

    @property
    def namespace(self) -> str:
        return f"node-{self.name}"


def namespace_path(name: str) -> str:
    return f"/run/netns/{name}"


def plan_fabric(fabric: Fabric) -> list[Step]:
    name, bridge = fabric.namespace, fabric.bridge
    return [
        AddNamespace(name),
        *_forwarding(name),
        Ip(name, f"link add name {bridge} type bridge mcast_snooping 0"),
        *(Ip(name, _address(address, bridge)) for address in fabric.addresses),
        Ip(name, f"link set {bridge} up"),
        *(Ip(name, f"{_family(cidr)} route add unreachable {cidr}") for cidr in fabric.ranges),
    ]


def plan_node(fabric: Fabric, node: Node, peers: Sequence[Node] = (), local: Sequence[str] = ()) -> list[Step]:
    """Adds a node to the fabric; `peers` are the other nodes, before or after it. `local` are addresses that the node
    answers for itself, such as the DNS Service's: they lie on its loopback, so no translation is needed for them."""
    name, inner = node.namespace, _link_name(node)
    return [
        AddNamespace(name),
        *_forwarding(name),
        *_bridged_packets_are_seen(name),
        Ip(fabric.namespace, f"link add {inner} type veth peer name eth0 netns {name}"),
        Ip(fabric.namespace, f"link set {inner} master {fabric.bridge} up"),
        *(Ip(name, _address(f"{address}/{_prefix(fabric, address)}", "eth0")) for address in node.addresses),
        Ip(name, "link set eth0 up"),
        *(Ip(name, _address(_host(address), "lo")) for address in local),
        *(Ip(name, f"{_family(address)} route add default via {_plain(address)}") for address in fabric.addresses),
        *(Ip(name, route) for peer in peers for route in _routes(peer)),
        *(Ip(fabric.namespace, route) for route in _routes(node)),
    ]


def _routes(peer: Node) -> list[str]:
    """The ways to a node's pods, for everybody else: by the node's address of the same family."""
    return [
        f"{_family(cidr)} route replace {cidr} via {address}"
        for cidr in peer.pod_cidrs
        for address in peer.addresses
        if _family(cidr) == _family(address)
    ]


def _forwarding(namespace: str) -> list[Step]:
    # Strict reverse-path checks would drop what comes back another way than it went, as hairpin traffic does.
    settings = {
        "net/ipv4/ip_forward": "1",
        "net/ipv6/conf/all/forwarding": "1",
        "net/ipv4/conf/all/rp_filter": "0",
        "net/ipv4/conf/default/rp_filter": "0",
    }
    return [Sysctl(namespace, path, value) for path, value in settings.items()]


def _bridged_packets_are_seen(namespace: str) -> list[Step]:
    """Replies between two pods of a node cross its bridge only; address translation has to see them there."""
    return [Sysctl(namespace, f"net/bridge/bridge-nf-call-{tables}", "1") for tables in ("iptables", "ip6tables")]


def _link_name(node: Node) -> str:
    """The fabric's end of a node's link; names of links have 15 characters at most."""
    plain = node.name.replace(":", "-")
    return f"n-{plain if len(plain) <= 13 else hashlib.sha1(plain.encode()).hexdigest()[:12]}"


def _address(interface: str, device: str) -> str:
    # Duplicate address detection would keep an IPv6 address unusable for a second.
    return f"{_family(interface)} addr add {interface} dev {device}" + (" nodad" if ":" in interface else "")


def _prefix(fabric: Fabric, address: str) -> int:
    own = (ip_interface(each) for each in fabric.addresses if _family(each) == _family(address))
    return next(own).network.prefixlen


def _host(address: str) -> str:
    return f"{address}/{128 if ':' in address else 32}"


def _plain(interface: str) -> str:
    return interface.partition("/")[0]


def _family(address: str) -> str:
    return "-6" if ":" in address else "-4"
