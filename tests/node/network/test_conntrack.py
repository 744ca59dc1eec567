"""Flows as the kernel tells them, and which of them lead nowhere any more."""

import struct

from eachpod.node.network import conntrack
from eachpod.node.network.conntrack import Flow
from eachpod.node.network.services import Endpoint, ServicePort


def attribute(kind: int, data: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


def direction(kind: int, source: str, sport: int, destination: str, dport: int, protocol: int = 17) -> bytes:
    def packed(address: str) -> bytes:
        return bytes(map(int, address.split(".")))

    ip = attribute(0x8001, attribute(1, packed(source)) + attribute(2, packed(destination)))
    ports = attribute(2, sport.to_bytes(2, "big")) + attribute(3, dport.to_bytes(2, "big"))
    return attribute(0x8000 | kind, ip + attribute(0x8002, attribute(1, bytes((protocol,))) + ports))


ORIGINAL = direction(1, "10.0.0.4", 5000, "10.247.0.9", 53)
REPLY = direction(2, "10.0.0.2", 8053, "10.0.0.4", 5000)


def test_a_flow_is_read_and_its_key_is_what_the_kernel_gave() -> None:
    flow = conntrack.read(b"\x02\0\0\0" + ORIGINAL + REPLY + attribute(7, b"\0\0\0\x1e"))
    assert flow == Flow(("10.247.0.9", 53), ("10.0.0.2", 8053), ORIGINAL)


def test_what_is_not_udp_is_none() -> None:
    tcp = direction(1, "10.0.0.4", 5000, "10.247.0.9", 53, protocol=6)
    assert conntrack.read(b"\x02\0\0\0" + tcp + REPLY) is None
    assert conntrack.read(b"\x02\0\0\0") is None
    assert conntrack.read(b"") is None


def test_a_datagram_of_the_kernel_has_several_messages() -> None:
    one = struct.pack("=IHHII", 19, 7, 0, 0, 0) + b"abc" + b"\0"
    assert list(conntrack.messages(one * 2)) == [(7, b"abc"), (7, b"abc")]
    assert list(conntrack.messages(bytes(20))) == []


def test_flows_whose_answering_side_is_no_endpoint_are_stale() -> None:
    pods = (Endpoint("10.0.0.2", 8053),)
    port = ServicePort(
        "ns", "dns", "", "udp", 53, "10.247.0.9", node_port=30053, inside=pods, outside=pods, has_endpoints=True
    )
    silent = ServicePort("ns", "none", "", "udp", 53, "10.247.0.8")
    services = conntrack.datagram_services([port, silent])
    good = Flow(("10.247.0.9", 53), ("10.0.0.2", 8053), b"1")
    dead = Flow(("10.247.0.9", 53), ("10.0.0.3", 8053), b"2")
    untranslated = Flow(("10.247.0.9", 53), ("10.247.0.9", 53), b"3")
    node_port = Flow(("192.168.0.5", 30053), ("10.0.0.3", 8053), b"4")
    other = Flow(("1.1.1.1", 53), ("1.1.1.1", 53), b"5")
    refused = Flow(("10.247.0.8", 53), ("10.247.0.8", 53), b"6")
    flows = [good, dead, untranslated, node_port, other, refused]
    assert conntrack.stale(flows, services) == [dead, untranslated, node_port]
    assert conntrack.stale(flows, services, local={"10.247.0.9"}) == [node_port]
