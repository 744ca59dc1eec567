"""Which pods stand behind each port of each Service, as seen from one node.

Endpoints come from EndpointSlices, whose ports are the pods' own: a Service's port is found in them by its name.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from eachpod.model import objects
from eachpod.model.objects import Object, dig
from eachpod.model.wellknown import SERVICE_NAME

_AFFINITY_SECONDS = 10800
_PROTOCOLS = frozenset(("TCP", "UDP", "SCTP"))
_SAFE = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """A pod's address and port. `local`: it is on this node."""

    address: str
    port: int
    local: bool = False


@dataclass(frozen=True, slots=True)
class ServicePort:
    """One port of a Service for one address family. `inside` are the endpoints for traffic to its cluster address,
    `outside` those for traffic to all its other addresses; `..._local_only` tells that the Service asked for the node's
    own, so that traffic is dropped, not refused, where `has_endpoints` says that there are others."""

    namespace: str
    name: str
    port_name: str
    protocol: str
    port: int
    cluster_ip: str = ""
    external_ips: tuple[str, ...] = ()
    balancer_ips: tuple[str, ...] = ()
    source_ranges: tuple[str, ...] = ()
    node_port: int = 0
    affinity_seconds: int = 0
    inside: tuple[Endpoint, ...] = ()
    outside: tuple[Endpoint, ...] = ()
    inside_local_only: bool = False
    outside_local_only: bool = False
    has_endpoints: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where the proxy runs: its node's name and zone."""

    node: str
    zone: str = ""


def service_ports(services: Iterable[Object], slices: Iterable[Object], place: Place, v6: bool) -> list[ServicePort]:
    """All ports of all Services that have an address of the family, in a stable order. An entry that makes no sense
    (the API refuses it, but it may be of another server) is left out, not the rest with it."""
    by_service: dict[tuple[str, str], list[Object]] = {}
    wanted = "IPv6" if v6 else "IPv4"
    for each in slices:
        owner = objects.labels(each).get(SERVICE_NAME)
        if owner and each.get("addressType") == wanted:
            by_service.setdefault((objects.namespace(each), owner), []).append(each)
    found: list[ServicePort] = []
    for service in services:
        own = by_service.get((objects.namespace(service), objects.name(service)), [])
        found += _ports(service, own, place, v6)
    return sorted(found, key=lambda port: (port.namespace, port.name, port.protocol, port.port))


def _ports(service: Object, slices: list[Object], place: Place, v6: bool) -> Iterable[ServicePort]:
    spec = service.get("spec") or {}
    addresses = [ip for ip in spec.get("clusterIPs") or [spec.get("clusterIP")] if _of_family(ip, v6)]
    if spec.get("type") == "ExternalName" or not addresses or not _named(service):
        return
    for port in spec.get("ports") or []:
        protocol = port.get("protocol") or "TCP"
        if protocol not in _PROTOCOLS or not _valid_port(port.get("port")):
            continue
        all_endpoints = _endpoints(slices, port.get("name") or "", protocol, v6)
        inside_local = spec.get("internalTrafficPolicy") == "Local"
        outside_local = spec.get("externalTrafficPolicy") == "Local"
        everywhere = _usable(all_endpoints, place)
        local = _usable([each for each in all_endpoints if each.node == place.node], place)
        yield ServicePort(
            namespace=objects.namespace(service),
            name=objects.name(service),
            port_name=port.get("name") or "",
            protocol=protocol.lower(),
            port=port["port"],
            cluster_ip=addresses[0],
            external_ips=tuple(ip for ip in spec.get("externalIPs") or () if _of_family(ip, v6)),
            balancer_ips=_balancer_ips(service, v6),
            source_ranges=tuple(cidr for cidr in spec.get("loadBalancerSourceRanges") or () if (":" in cidr) == v6),
            node_port=port.get("nodePort") or 0,
            affinity_seconds=_affinity(spec),
            inside=local if inside_local else everywhere,
            outside=local if outside_local else everywhere,
            inside_local_only=inside_local,
            outside_local_only=outside_local,
            has_endpoints=bool(everywhere),
        )


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An endpoint with what decides whether it gets traffic."""

    address: str
    port: int
    node: str
    ready: bool
    serving: bool
    terminating: bool
    nodes: tuple[str, ...]
    zones: tuple[str, ...]


def _endpoints(slices: Iterable[Object], port_name: str, protocol: str, v6: bool) -> list[_Candidate]:
    found: dict[tuple[str, int], _Candidate] = {}
    for each in slices:
        numbers = [
            port["port"]
            for port in each.get("ports") or []
            if (port.get("name") or "") == port_name
            and (port.get("protocol") or "TCP") == protocol
            and _valid_port(port.get("port"))
        ]
        for endpoint in each.get("endpoints") or [] if numbers else []:
            for address in endpoint.get("addresses") or []:
                if _of_family(address, v6):
                    for number in numbers:
                        found.setdefault((address, number), _candidate(endpoint, address, number))
    return list(found.values())


def _candidate(endpoint: Mapping[str, Any], address: str, port: int) -> _Candidate:
    conditions = endpoint.get("conditions") or {}
    ready = conditions.get("ready")
    serving = conditions.get("serving")
    return _Candidate(
        address,
        port,
        endpoint.get("nodeName") or "",
        ready is not False,
        ready is not False if serving is None else bool(serving),
        bool(conditions.get("terminating")),
        tuple(hint.get("name", "") for hint in dig(endpoint, "hints", "forNodes", default=())),
        tuple(hint.get("name", "") for hint in dig(endpoint, "hints", "forZones", default=())),
    )


def _usable(candidates: list[_Candidate], place: Place) -> tuple[Endpoint, ...]:
    """The ready ones; where none is, those that end but still serve (KEP-1669). Among them those that the hints keep
    for this node or its zone, if every one has such hints."""
    chosen = [each for each in candidates if each.ready]
    if not chosen:
        chosen = [each for each in candidates if each.serving and each.terminating]
    hinted = ([each for each in chosen if place.node in each.nodes] if all(each.nodes for each in chosen) else []) or (
        [each for each in chosen if place.zone in each.zones] if all(each.zones for each in chosen) else []
    )
    return tuple(sorted(Endpoint(each.address, each.port, each.node == place.node) for each in hinted or chosen))


def _affinity(spec: Mapping[str, Any]) -> int:
    if spec.get("sessionAffinity") != "ClientIP":
        return 0
    return int(dig(spec, "sessionAffinityConfig", "clientIP", "timeoutSeconds", default=_AFFINITY_SECONDS))


def _balancer_ips(service: Object, v6: bool) -> tuple[str, ...]:
    """The addresses of a load balancer that delivers packets as they are (ipMode VIP, the default)."""
    ingress = dig(service, "status", "loadBalancer", "ingress", default=[])
    return tuple(
        each["ip"] for each in ingress if _of_family(each.get("ip"), v6) and each.get("ipMode", "VIP") == "VIP"
    )


def _of_family(text: Any, v6: bool) -> bool:
    try:
        return ip_address(text).version == (6 if v6 else 4)
    except ValueError:
        return False


def _valid_port(port: Any) -> bool:
    return isinstance(port, int) and 0 < port < 65536


def _named(service: Object) -> bool:
    """Names go into names of chains, so they must be what the API lets them be."""
    return all(_SAFE.fullmatch(text) for text in (objects.namespace(service), objects.name(service)))
