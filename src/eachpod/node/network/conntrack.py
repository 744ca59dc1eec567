"""Forgets connections of UDP Services that still lead to pods which are gone.

The kernel remembers for a UDP flow which endpoint it chose. A client that goes on sending from the same port would be
sent to a dead pod for as long as it does; TCP clients notice and connect anew.
"""

import socket
import struct
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from .services import ServicePort

Place = tuple[str, int]

_UDP = 17
_NETLINK_NETFILTER = 12
_GET, _DELETE = 1 << 8 | 1, 1 << 8 | 2  # of the conntrack subsystem
_REQUEST, _ACK, _DUMP = 0x1, 0x4, 0x300
_ERROR, _DONE = 2, 3
_TUPLE_ORIG, _TUPLE_REPLY, _ZONE = 1, 2, 18
_NESTED = 0x8000
_BUFFER = 1 << 18


@dataclass(frozen=True, slots=True)
class Flow:
    """A UDP flow: where the client sent to, and who answers. `key` is what the kernel knows it by."""

    wanted: Place
    answering: Place
    key: bytes


def datagram_services(ports: Iterable[ServicePort]) -> dict[Place, frozenset[Place]]:
    """The addresses of UDP Services and the endpoints that may answer for them. A node port has "" as its address."""
    found = {}
    for port in ports:
        if port.protocol != "udp" or not port.has_endpoints:
            continue
        ends = frozenset((each.address, each.port) for each in (*port.inside, *port.outside))
        for address in (port.cluster_ip, *port.external_ips, *port.balancer_ips):
            found[address, port.port] = ends
        if port.node_port:
            found["", port.node_port] = ends
    return found


def stale(
    flows: Iterable[Flow], services: Mapping[Place, Collection[Place]], local: Collection[str] = ()
) -> list[Flow]:
    """The flows to a Service whose answering side is none of its endpoints. `local` addresses are not translated."""
    found = []
    for flow in flows:
        ends = services.get(flow.wanted) or services.get(("", flow.wanted[1]))
        if ends is not None and flow.answering not in ends and flow.wanted[0] not in local:
            found.append(flow)
    return found


def flows(v6: bool) -> list[Flow]:
    """The UDP flows of the calling thread's network namespace."""
    family = socket.AF_INET6 if v6 else socket.AF_INET
    with _connection() as netlink:
        netlink.send(_message(_GET, _REQUEST | _DUMP, family, b""))
        found: list[Flow] = []
        while True:
            for kind, body in messages(netlink.recv(_BUFFER)):
                if kind in (_DONE, _ERROR):
                    return found
                flow = read(body)
                if flow:
                    found.append(flow)


def forget(gone: Iterable[Flow], v6: bool) -> None:
    """Deletes flows; one that has ended by itself meanwhile is no matter."""
    family = socket.AF_INET6 if v6 else socket.AF_INET
    with _connection() as netlink:
        for flow in gone:
            netlink.send(_message(_DELETE, _REQUEST | _ACK, family, flow.key))
            netlink.recv(_BUFFER)


def messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The messages of a netlink datagram: type and what follows the header."""
    at = 0
    while at + 16 <= len(data):
        length, kind = struct.unpack_from("=IH", data, at)
        if length < 16:
            return
        yield kind, data[at + 16 : at + length]
        at += length + 3 & ~3


def read(body: bytes) -> Flow | None:
    """A flow out of the kernel's description of it; None where it is not UDP."""
    parts = dict(_attributes(body[4:]))
    if _TUPLE_ORIG not in parts or _TUPLE_REPLY not in parts:
        return None
    original, reply = _tuple(parts[_TUPLE_ORIG]), _tuple(parts[_TUPLE_REPLY])
    if original is None or reply is None:
        return None
    key = _attribute(_TUPLE_ORIG | _NESTED, parts[_TUPLE_ORIG])
    if _ZONE in parts:
        key += _attribute(_ZONE, parts[_ZONE])
    return Flow(wanted=original[1], answering=reply[0], key=key)


def _tuple(data: bytes) -> tuple[Place, Place] | None:
    """Source and destination of one direction."""
    parts = dict(_attributes(data))
    addresses, protocol = dict(_attributes(parts.get(1, b""))), dict(_attributes(parts.get(2, b"")))
    source, destination = addresses.get(1) or addresses.get(3), addresses.get(2) or addresses.get(4)
    if protocol.get(1) != bytes((_UDP,)) or not source or not destination:
        return None
    ports = [int.from_bytes(protocol.get(number, b"\0\0"), "big") for number in (2, 3)]
    return (str(ip_address(source)), ports[0]), (str(ip_address(destination)), ports[1])


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, at)
        if length < 4:
            return
        yield kind & 0x3FFF, data[at + 4 : at + length]
        at += length + 3 & ~3


def _attribute(kind: int, data: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


def _message(kind: int, flags: int, family: int, attributes: bytes) -> bytes:
    body = struct.pack("=BBH", family, 0, 0) + attributes
    return struct.pack("=IHHII", 16 + len(body), kind, flags, 1, 0) + body


def _connection() -> socket.socket:
    netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER)
    netlink.bind((0, 0))
    netlink.settimeout(2)
    return netlink
