"""Which addresses a cluster uses: nodes, pods, Services and DNS, and how the pod range is cut among nodes.

The defaults are those a cloud container engine shows its users, so that what is learnt here is found again there.
"""

import ipaddress
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eachpod.model import names as forms

from .errors import ClusterError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

FABRIC_ADDRESS = "192.168.0.1"
FABRIC_PORT = 6443  # the API server's, for nodes and pods
# The two of the walkthrough first; further nodes count up from 22.
_FIRST_NODES = ("192.168.0.194", "192.168.0.21")

DNS_OFFSET = 3 * 256 + 10  # 10.247.3.10 in the default range
KUBE_DNS_OFFSET = 10  # 10.247.0.10, where charts look for `kube-dns`


@dataclass(frozen=True, slots=True)
class NodeAddress:
    """One node's place in the network. `pod_cidrs` holds one network per family."""

    name: str
    address: str
    pod_cidrs: tuple[str, ...]


def parse_cidrs(flag: str, text: str) -> tuple[Network, ...]:
    """`A` or `A,B` (one per family) as networks; raises ClusterError naming `flag`."""
    networks: list[Network] = []
    for part in text.split(","):
        try:
            networks.append(ipaddress.ip_network(part.strip()))
        except ValueError as error:
            raise ClusterError(
                f"{flag}: {part.strip()!r} is not a network: {error}. Write for example 10.0.0.0/16"
            ) from None
    if len(networks) > 2 or len({network.version for network in networks}) != len(networks):
        raise ClusterError(f"{flag}: give one network, or one IPv4 and one IPv6 network separated by a comma")
    return tuple(networks)


@dataclass(frozen=True, slots=True)
class ApiPlace:
    """Where an API server alone is: where it listens, how this machine reaches it, and what the Service `kubernetes`
    says. A loopback address is nothing to tell to pods, so that Service then has no endpoints."""

    bind: str
    reached: str
    advertised: str


def api_place(bind: str, advertise: str = "") -> ApiPlace:
    """Without an address to advertise it is the one that the server listens on, unless that is all of them."""
    for flag, text in (("--bind-address", bind), ("--advertise-address", advertise or bind)):
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            raise ClusterError(f"{flag}: {text!r} is not an IP address") from None
        if flag == "--advertise-address" and advertise and address.is_unspecified:
            raise ClusterError(f"{flag}: {text} is every address of this machine; give one that pods reach")
    whole = ipaddress.ip_address(bind)
    loopback = "::1" if whole.version == 6 else "127.0.0.1"
    reached = loopback if whole.is_unspecified else bind
    return ApiPlace(bind, reached, advertise or reached)


def node_addresses(count: int, given: Sequence[str] = ()) -> list[str]:
    """The addresses of `count` nodes; `given` ones are taken first."""
    chosen = list(given)
    for text in chosen:
        try:
            ipaddress.ip_address(text)
        except ValueError:
            raise ClusterError(f"--node-addresses: {text!r} is not an IP address") from None
    if len(set(chosen)) != len(chosen):
        raise ClusterError("--node-addresses: an address is given twice")
    spare = [*_FIRST_NODES, *(f"192.168.0.{last}" for last in (*range(22, 194), *range(195, 255), *range(2, 21)))]
    chosen += [address for address in spare if address not in chosen]
    chosen += [f"192.168.{third}.{last}" for third in range(1, 255) for last in range(1, 255)]
    if count > len(chosen):
        raise ClusterError(f"--nodes: at most {len(chosen)} nodes")
    return chosen[:count]


def check_node_names(flag: str, names: Sequence[str]) -> None:
    """Each must be one that a Node can have, and none come twice."""
    for name in names:
        if forms.subdomain(name):
            raise ClusterError(
                f"{flag}: {name!r} is no name for a node: use lower-case letters, digits, dashes and dots"
            )
    if len(set(names)) != len(names):
        raise ClusterError(f"{flag}: a name is given twice")


def check_apart(pod_cidr: str, service_cidr: str, nodes: Sequence[NodeAddress]) -> None:
    """Pods, Services and nodes are told apart by their addresses alone, so that no range may reach into another."""
    pods, services = parse_cidrs("--pod-cidr", pod_cidr), parse_cidrs("--service-cidr", service_cidr)
    for pod, service in itertools.product(pods, services):
        if pod.version == service.version and pod.overlaps(service):
            raise ClusterError(f"--service-cidr: {service} and the pods' range {pod} overlap; choose another")
    taken = [FABRIC_ADDRESS, *(node.address for node in nodes)]
    for flag, network in [*(("--pod-cidr", each) for each in pods), *(("--service-cidr", each) for each in services)]:
        for address in map(ipaddress.ip_address, taken):
            if address in network:
                raise ClusterError(f"{flag}: {network} holds {address}, which is a node's or the API server's")


def plan_nodes(
    count: int, pod_cidr: str, addresses: Sequence[str] = (), names: Sequence[str] = ()
) -> tuple[NodeAddress, ...]:
    """Names, addresses and pod ranges of `count` nodes. Each node gets an equal part of every pod range."""
    networks = parse_cidrs("--pod-cidr", pod_cidr)
    check_node_names("--node-names", names)
    if len(names) > count or len(addresses) > count:
        raise ClusterError(f"--node-names and --node-addresses: more given than nodes (--nodes {count})")
    places = node_addresses(count, addresses)
    labels = [*names, *places[len(names) :]]
    parts = [_split(network, max(count, 2)) for network in networks]
    return tuple(
        NodeAddress(label, place, tuple(str(part[index]) for part in parts))
        for index, (label, place) in enumerate(zip(labels, places, strict=True))
    )


def _split(network: Network, count: int) -> list[Network]:
    """`network` cut into at least `count` equal parts, /24 or /64 where there is room (node-ipam's sizes)."""
    usual = 24 if network.version == 4 else 64
    needed = network.prefixlen + (count - 1).bit_length()
    prefix = max(needed, min(usual, network.max_prefixlen))
    if prefix > network.max_prefixlen - 2:
        raise ClusterError(f"--pod-cidr: {network} is too small for {count} nodes")
    subnets: Iterator[Network] = network.subnets(new_prefix=prefix)
    return list(itertools.islice(subnets, count))


def service_address(service_cidr: str, offset: int) -> str:
    """The address `offset` places into the first Service range; a small range wraps to its last third."""
    network = parse_cidrs("--service-cidr", service_cidr)[0]
    if network.num_addresses < 32:
        raise ClusterError(f"--service-cidr: {network} is too small, give at least 32 addresses")
    inside = offset if offset < network.num_addresses - 1 else (offset % 256) % (network.num_addresses - 1)
    return str(network.network_address + inside)
