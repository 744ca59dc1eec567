"""What DNS needs of Services and EndpointSlices, read from API objects that may hold anything.

A field that cannot be used is left out, never the whole object, and one bad object never touches another: names of
other pods must go on working.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from eachpod.model import objects
from eachpod.model.objects import Object
from eachpod.model.wellknown import SERVICE_NAME

from . import name


class Port(NamedTuple):
    """`protocol` in small letters; `name` is "" for the unnamed one."""

    name: str
    protocol: str
    number: int


class Endpoint(NamedTuple):
    """One address under one label; `hostname` tells whether the label was given or made from the address."""

    label: str
    address: bytes
    hostname: bool


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """`external` is set for ExternalName only; a headless Service has no addresses of its own."""

    namespace: str
    name: str
    headless: bool
    external: str
    addresses: tuple[bytes, ...]
    ports: tuple[Port, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """The ready part of an EndpointSlice."""

    namespace: str
    name: str
    service: str
    ports: frozenset[Port]
    endpoints: frozenset[Endpoint]


def service(obj: Object) -> ServiceSpec | None:
    """None where the Service cannot have a name (its own name is no label)."""
    own, namespace = objects.name(obj), objects.namespace(obj)
    spec = _mapping(obj.get("spec"))
    if not name.is_label(own) or not name.is_label(namespace):
        return None
    if spec.get("type") == "ExternalName":
        external = spec.get("externalName")
        return ServiceSpec(namespace, own, False, external if isinstance(external, str) else "", (), ())
    given = [spec.get("clusterIP"), *_list(spec.get("clusterIPs"))]
    packed = dict.fromkeys(address for text in given if (address := name.pack(text)) is not None)
    headless = "None" in given
    ports = tuple(_ports(_list(spec.get("ports"))))
    return ServiceSpec(namespace, own, headless, "", () if headless else tuple(packed), ports)


def endpoint_slice(obj: Object) -> Slice | None:
    """None where it belongs to no Service, or holds names instead of addresses (deprecated)."""
    owner = _mapping(objects.labels(obj)).get(SERVICE_NAME)
    namespace = objects.namespace(obj)
    if not name.is_label(owner) or not name.is_label(namespace) or obj.get("addressType") == "FQDN":
        return None
    endpoints = frozenset(point for entry in _list(obj.get("endpoints")) for point in _endpoints(entry))
    ports = frozenset(_ports(_list(obj.get("ports"))))
    return Slice(namespace, objects.name(obj), str(owner), ports, endpoints)


def _ports(entries: Iterable[Any]) -> Iterable[Port]:
    for entry in entries:
        if not isinstance(entry, dict):
            continue
        number, title = entry.get("port"), entry.get("name") or ""
        protocol = entry.get("protocol") or "TCP"
        if not isinstance(number, int) or not 0 < number < 65536 or not isinstance(protocol, str):
            continue
        if title and not name.is_label(title):
            continue
        yield Port(title, protocol.lower(), number)


def _endpoints(entry: Any) -> Iterable[Endpoint]:
    if not isinstance(entry, dict):
        return
    # Absent counts as ready (discovery/v1). publishNotReadyAddresses has been seen to when the slice was written.
    if _mapping(entry.get("conditions")).get("ready") is False:
        return
    given = entry.get("hostname")
    for text in _list(entry.get("addresses")):
        address = name.pack(text)
        if address is None:
            continue
        if name.is_label(given):
            yield Endpoint(str(given), address, True)
        else:
            yield Endpoint(name.dashed(address), address, False)


def pod_address(obj: Object) -> bytes | None:
    return name.pack(objects.dig(obj, "status", "podIP"))


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
