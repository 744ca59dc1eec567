"""Run by test_packets.py inside namespaces of its own: two nodes, pods that are namespaces, real packets.

Prints what was seen as one JSON object; what should have been seen is the test's affair.
"""

import contextlib
import json
import os
import socket
import threading
import time
from collections import Counter
from typing import Any

from eachpod.client.cache import Cache
from eachpod.node.network import conntrack, nft
from eachpod.node.network.namespaces import inside
from eachpod.node.network.netns import AddNamespace, Fabric, Ip, Node, namespace_path, plan_fabric, plan_node
from eachpod.node.network.proxy import Proxy, ProxyConfig
from eachpod.node.network.rules import Surroundings
from eachpod.node.network.services import Place
from eachpod.node.network.setup import perform

FABRIC = Fabric(("192.168.0.1/24", "fd00:1::1/64"))
A = Node("a", ("192.168.0.194", "fd00:1::194"), ("10.0.0.0/25", "fd00:2:0::/64"))
B = Node("b", ("192.168.0.21", "fd00:1::21"), ("10.0.0.128/25", "fd00:2:1::/64"))
PODS = {"p0": ("10.0.0.2", "fd00:2::2", A), "p1": ("10.0.0.3", "fd00:2::3", A), "p2": ("10.0.0.130", "fd00:2:1::2", B)}
CLIENT = {"client": ("10.0.0.4", "fd00:2::4", A)}
GATEWAYS = {"a": ("10.0.0.1", "fd00:2::1"), "b": ("10.0.0.129", "fd00:2:1::1")}
AROUND = Surroundings(("10.0.0.0/16", "fd00:2::/32"), ("10.247.0.0/16", "fd00:10::/64"), frozenset({"10.247.3.10"}))


def make_network() -> None:
    perform(plan_fabric(FABRIC))
    for node, other in ((A, B), (B, A)):
        perform(plan_node(FABRIC, node, [other], local=["10.247.3.10"]))
        gateway, gateway6 = GATEWAYS[node.name]
        lines = (
            "link add name cbr0 type bridge",
            f"addr add {gateway}/25 dev cbr0",
            "link set cbr0 up",
            f"-6 addr add {gateway6}/64 dev cbr0 nodad",
        )
        perform([Ip(node.namespace, line) for line in lines])
    for name, (v4, v6, node) in {**PODS, **CLIENT}.items():
        make_pod(name, v4, v6, node)


def make_pod(name: str, v4: str, v6: str, node: Node) -> None:
    outer = (
        f"link add v-{name} type veth peer name eth0 netns {name}",
        f"link set v-{name} master cbr0 up",
        f"link set v-{name} type bridge_slave hairpin on",
    )
    gateway, gateway6 = GATEWAYS[node.name]
    inner = (
        f"addr add {v4}/25 dev eth0",
        "link set eth0 up",
        f"route add default via {gateway}",
        f"-6 addr add {v6}/64 dev eth0 nodad",
        f"-6 route add default via {gateway6}",
    )
    perform([AddNamespace(name), *(Ip(node.namespace, line) for line in outer), *(Ip(name, line) for line in inner)])


def serve(pod: str) -> None:
    """A TCP and a UDP server on port 8080 that say who they are and whom they see."""

    def made() -> tuple[socket.socket, socket.socket]:
        stream, datagram = socket.socket(socket.AF_INET6), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        for each in (stream, datagram):
            each.bind(("::", 8080))
        stream.listen(64)
        return stream, datagram

    stream, datagram = inside(namespace_path(pod), made)

    def streams() -> None:
        while True:
            connection, peer = stream.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(f"{pod} {peer[0].removeprefix('::ffff:')}".encode())

    def datagrams() -> None:
        while True:
            _, peer = datagram.recvfrom(100)
            datagram.sendto(f"{pod} {peer[0].removeprefix('::ffff:')}".encode(), peer)

    for work in (streams, datagrams):
        threading.Thread(target=work, daemon=True).start()


def ask(namespace: str, address: str, port: int, *, udp: bool = False, source: int = 0, wait: float = 20.0) -> str:
    """What the server says, or the name of the failure."""

    def work() -> str:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM) as client:
            client.settimeout(wait)
            try:
                if source:
                    client.bind(("0.0.0.0", source))
                client.connect((address, port))
                if udp:
                    client.send(b"?")
                return client.recv(100).decode()
            except OSError as error:
                return type(error).__name__

    return inside(namespace_path(namespace), work)


def many(namespace: str, address: str, port: int, **how: Any) -> dict[str, int]:
    """Answers by how often they came; one of three endpoints stays away by chance once in 10¹⁷ times."""
    return dict(Counter(ask(namespace, address, port, **how) for _ in range(100)))


def another(first: str) -> bool:
    """Whether the forgetful Service, left alone for longer than it remembers, draws another one: two times in three."""
    time.sleep(1.2)
    return ask("client", "10.247.0.4", 80) != first


def at_once(*whom: Any) -> bool:
    """Whether the refusal comes before the client would ask again, which is after a second: at least once, for this
    process may be kept waiting for longer itself."""
    for _ in range(20):
        start = time.monotonic()
        if ask(*whom, wait=1.0) == "ConnectionRefusedError" and time.monotonic() - start < 1:
            return True
    return False


def service(name: str, number: int, **spec: Any) -> dict[str, Any]:
    status, node_port = spec.pop("status", {}), spec.pop("nodePort", 0)
    ports: list[dict[str, Any]] = [
        {"name": "t", "port": 80, "protocol": "TCP"} | ({"nodePort": node_port} if node_port else {}),
        {"name": "u", "port": 80, "protocol": "UDP"},
    ]
    addresses = [f"10.247.0.{number}", f"fd00:10::{number}"]
    base = {"clusterIP": addresses[0], "clusterIPs": addresses, "ports": ports}
    return {
        "metadata": {"namespace": "ns", "name": name},
        "spec": base | spec,
        "status": status,
    }


def affine(seconds: int) -> dict[str, Any]:
    return {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": seconds}}}


def slices(name: str, pods: tuple[str, ...] = ("p0", "p1", "p2")) -> list[dict[str, Any]]:
    ports = [{"name": "t", "port": 8080, "protocol": "TCP"}, {"name": "u", "port": 8080, "protocol": "UDP"}]
    found = []
    for at, family in enumerate(("IPv4", "IPv6")):
        endpoints = [
            {"addresses": [PODS[pod][at]], "nodeName": PODS[pod][2].name, "conditions": {"ready": True}} for pod in pods
        ]
        labels = {"kubernetes.io/service-name": name}
        about = {"namespace": "ns", "name": f"{name}-{family.lower()}", "labels": labels}
        found.append({"metadata": about, "addressType": family, "ports": ports, "endpoints": endpoints})
    return found


class Cluster:
    """The Services that both nodes' proxies see."""

    def __init__(self) -> None:
        self.services, self.slices, self._revision = Cache(), Cache(), 0
        load, families = nft.loader(), ("ip", "ip6")
        self.proxies = {
            node: Proxy(self.services, self.slices, ProxyConfig(Place(node.name), AROUND, families), load)
            for node in (A, B)
        }

    def show(self, services: list[dict[str, Any]], all_slices: list[dict[str, Any]]) -> None:
        self._revision += 1
        revision = {"resourceVersion": str(self._revision)}
        for cache, objects in ((self.services, services), (self.slices, all_slices)):
            cache.replace(({**obj, "metadata": obj["metadata"] | revision} for obj in objects), str(self._revision))
        for node, proxy in self.proxies.items():
            inside(namespace_path(node.namespace), proxy.sync)


def see() -> dict[str, Any]:
    make_network()
    for pod in PODS:
        serve(pod)
    cluster = Cluster()
    seen: dict[str, Any] = {}
    balanced = {"loadBalancer": {"ingress": [{"ip": "192.168.0.201"}]}}
    services = [
        service("web", 9, type="NodePort", nodePort=30080, externalIPs=["192.168.0.200"]),
        service("local", 8, type="LoadBalancer", externalTrafficPolicy="Local", nodePort=30081, status=balanced),
        service("nobody", 7, type="NodePort", nodePort=30082),
        service("sticky", 6, **affine(10800)),
        service("inner", 5, internalTrafficPolicy="Local"),
        service("forgetful", 4, **affine(1)),
    ]
    ends = [*slices("web"), *slices("local", ("p0",)), *slices("sticky"), *slices("inner", ("p2",))]
    ends += slices("forgetful")
    cluster.show(services, ends)
    perform([Ip("fabric", f"route add 192.168.0.{last}/32 via 192.168.0.194") for last in (200, 201)])
    for family, address in (("v4", "10.247.0.9"), ("v6", "fd00:10::9")):
        ask("client", address, 80)  # the first packet may wait for neighbours to find each other
        seen[f"pod to cluster address {family}"] = many("client", address, 80)
        seen[f"pod to cluster address by UDP {family}"] = many("client", address, 80, udp=True)
        seen[f"pod to itself {family}"] = many("p0", address, 80)
        seen[f"node to cluster address {family}"] = many("node-a", address, 80)
    seen["node port from outside"] = many("fabric", "192.168.0.21", 30080)
    seen["external address"] = many("fabric", "192.168.0.200", 80)
    seen["local node port here"] = many("fabric", "192.168.0.194", 30081)
    seen["local node port elsewhere"] = ask("fabric", "192.168.0.21", 30081, wait=0.3)
    seen["load balancer"] = many("fabric", "192.168.0.201", 80)
    refused = [("client", "10.247.0.7", 80), ("node-a", "10.247.0.7", 80), ("fabric", "192.168.0.194", 30082)]
    refused += [("client", "10.247.0.9", 81), ("client", "10.247.99.99", 80), ("client", "fd00:10::99", 80)]
    seen["refused"] = [ask(*each) for each in refused] + [ask("client", "10.247.0.7", 80, udp=True)]
    seen["refused at once"] = all(at_once(*each) for each in refused)
    seen["inner from the node without"] = ask("client", "10.247.0.5", 80, wait=0.3)
    seen["inner from the node with"] = ask("p2", "10.247.0.5", 80)
    seen["sticky"] = len(many("client", "10.247.0.6", 80))
    first, kept = ask("client", "10.247.0.6", 80), []
    for count in range(1, 4):
        cluster.show(services, [*slices("web", ("p0", "p1", "p2")[:count]), *slices("sticky")])
        kept.append(ask("client", "10.247.0.6", 80) == first)
    seen["sticky over changes"] = kept
    cluster.show(services, ends)
    first = ask("client", "10.247.0.4", 80)
    seen["another after its time"] = any(another(first) for _ in range(30))
    cluster.show(services, slices("web", ("p0",)))
    before = ask("client", "10.247.0.9", 80, udp=True, source=7777)
    cluster.show(services, slices("web", ("p1",)))
    seen["UDP client follows"] = [before, ask("client", "10.247.0.9", 80, udp=True, source=7777)]
    cluster.show([], [])
    seen["Service gone"] = ask("client", "10.247.0.9", 80)
    seen["UDP flows left"] = sum(
        flow.wanted[0] == "10.247.0.9" and flow.answering[0] == PODS["p0"][0]
        for flow in inside(namespace_path(A.namespace), lambda: conntrack.flows(False))
    )
    return seen


if __name__ == "__main__":
    print(json.dumps(see()), flush=True)
    os._exit(0)
