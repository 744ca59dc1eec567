"""A made-up cluster with one Service of every kind that DNS has a rule for, a way to ask it, and what others reply."""

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from eachpod.dns.answer import respond
from eachpod.dns.forward import Ask
from eachpod.dns.reply import Transport
from eachpod.dns.zone import Index, ZoneOptions
from eachpod.model.resources import ENDPOINTSLICE, NAMESPACE, SERVICE

ZONE = "cluster.local."
SPACE = "default.svc.cluster.local."
NOW = 1_700_000_000.0

HEADLESS: dict[str, tuple[dict[str, int], list[Any]]] = {
    "nginx-headless": ({"web": 80}, [("10.244.1.10", "web-0"), ("10.244.2.11", "web-1"), ("10.244.1.12", "web-2")]),
    "plain-headless": ({"http": 8080}, [("10.244.1.20", None), ("10.244.2.21", None)]),
    "unnamed-headless": ({"": 9000}, [("10.244.1.30", "u-0")]),
    "noport-headless": ({}, [("10.244.1.31", "np-0")]),
    "multi-headless": ({"http": 80, "dns/UDP": 53}, [("10.244.1.40", "m-0"), ("10.244.1.41", "m-1")]),
    "notready-headless": (
        {"web": 80},
        [("10.244.1.50", "nr-0"), ("10.244.1.51", "nr-1", {"ready": False}), ("10.244.1.52", "nr-2", {}),
         ("10.244.1.53", "nr-3", {"ready": False, "serving": True, "terminating": True})],
    ),
    "publish-headless": (
        {"web": 80},
        [("10.244.1.60", "pn-0"), ("10.244.1.61", "pn-1"),
         ("10.244.1.62", "pn-2", {"ready": True, "terminating": True})],
    ),
    "empty-headless": ({"web": 80}, []),
    "allnotready-headless": ({"web": 80}, [("10.244.1.55", "an-0", {"ready": False})]),
    "manual-headless": ({"mysql": 3306}, [("192.0.2.10", "ext-a"), ("192.0.2.11", None)]),
    "twin-headless": ({"web": 80}, [("10.244.1.95", "twin"), ("10.244.1.96", "twin")]),
    "busybox-subdomain": ({}, [("10.244.2.110", "busybox-1"), ("10.244.2.111", None)]),
    "v6-headless": ({"web": 80}, [("fd00:244::80", None), ("fd00:244:0:1::", None)]),
}  # fmt: skip

CLUSTER_IP: dict[str, tuple[list[str], dict[str, int]]] = {
    "kubernetes": (["10.96.0.1"], {"https": 443}),
    "svc1": (["10.96.10.1"], {"http": 80}),
    "svc-noep": (["10.96.10.2"], {"http": 80}),
    "svc-dual": (["10.96.10.3", "fd00:96::3"], {"http": 80}),
    "svc-multi": (["10.96.10.4"], {"http": 80, "https": 443}),
    "svc-unnamed": (["10.96.10.5"], {"": 80}),
    "lb": (["10.96.10.6"], {"http": 80}),
}

EXTERNAL = {
    "ext": "www.example.com",
    "ext-internal": "svc1.default.svc.cluster.local",
    "ext-headless": "nginx-headless.default.svc.cluster.local",
    "ext-dangling": "nothere.default.svc.cluster.local",
    "ext-ip": "192.0.2.99",
    "ext-loop": "ext-loop.default.svc.cluster.local",
    "ext-twice": "ext-internal.default.svc.cluster.local",
}


def ports(given: dict[str, int]) -> list[dict[str, Any]]:
    made = []
    for title, number in given.items():
        name, _, protocol = title.partition("/")
        made.append({"name": name, "port": number, "protocol": protocol or "TCP"})
    return made


def service(name: str, namespace: str = "default", **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace}, "spec": spec}


def endpoint_slice(
    name: str, owner: str | None, given: dict[str, int], points: Iterable[Any], namespace: str = "default"
) -> dict[str, Any]:
    endpoints = []
    for address, hostname, *conditions in points:
        entry: dict[str, Any] = {"addresses": [address], "conditions": conditions[0] if conditions else {"ready": True}}
        if hostname is not None:
            entry["hostname"] = hostname
        endpoints.append(entry)
    labels = {} if owner is None else {"kubernetes.io/service-name": owner}
    family = "IPv6" if any(":" in entry["addresses"][0] for entry in endpoints) else "IPv4"
    return {
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "addressType": family,
        "endpoints": endpoints,
        "ports": ports(given),
    }


def everything() -> list[tuple[Any, dict[str, Any]]]:
    """Every object of the cluster with its resource."""
    made: list[tuple[Any, dict[str, Any]]] = [
        (NAMESPACE, {"metadata": {"name": name}}) for name in ("default", "kube-system", "prod")
    ]
    for name, (given, points) in HEADLESS.items():
        made.append((SERVICE, service(name, clusterIP="None", clusterIPs=["None"], ports=ports(given))))
        made.append((ENDPOINTSLICE, endpoint_slice(f"{name}-1", name, given, points)))
    for name, (addresses, given) in CLUSTER_IP.items():
        made.append((SERVICE, service(name, clusterIP=addresses[0], clusterIPs=addresses, ports=ports(given))))
    for name, target in EXTERNAL.items():
        made.append((SERVICE, service(name, type="ExternalName", externalName=target)))
    web = {"web": 80}
    made += [
        (SERVICE, service("coredns", "kube-system", clusterIP="10.96.0.10", ports=ports({"dns/UDP": 53}))),
        (ENDPOINTSLICE, endpoint_slice("svc1-1", "svc1", {"http": 80}, [("10.244.1.100", None)])),
        (SERVICE, service("dual-headless", clusterIP="None", ports=ports(web))),
        (
            ENDPOINTSLICE,
            endpoint_slice("dual-4", "dual-headless", web, [("10.244.1.70", "d-0"), ("10.244.1.71", "d-1")]),
        ),
        (
            ENDPOINTSLICE,
            endpoint_slice("dual-6", "dual-headless", web, [("fd00:244::70", "d-0"), ("fd00:244::71", "d-1")]),
        ),
        (SERVICE, service("big-headless", clusterIP="None", ports=ports(web))),
        *(
            (
                ENDPOINTSLICE,
                endpoint_slice(f"big-{lo}", "big-headless", web, [(f"10.245.0.{n}", f"b-{n}") for n in range(lo, hi)]),
            )
            for lo, hi in ((0, 100), (100, 150))
        ),
        (SERVICE, service("slices-headless", clusterIP="None", ports=ports({"http": 80}))),
        (
            ENDPOINTSLICE,
            endpoint_slice("sl-a", "slices-headless", {"http": 8080}, [("10.244.1.91", "s-0"), ("10.244.1.92", "s-1")]),
        ),
        (
            ENDPOINTSLICE,
            endpoint_slice("sl-b", "slices-headless", {"http": 9090}, [("10.244.1.92", "s-1"), ("10.244.1.93", "s-2")]),
        ),
        (SERVICE, service("db", "prod", clusterIP="None", ports=ports({"pg": 5432}))),
        (SERVICE, service("db-read", "prod", clusterIP="None", ports=ports({"pg": 5432}))),
        (ENDPOINTSLICE, endpoint_slice("db-1", "db", {"pg": 5432}, [("10.244.2.90", "db-0")], "prod")),
        (ENDPOINTSLICE, endpoint_slice("db-r", "db-read", {"pg": 5432}, [("10.244.2.90", None)], "prod")),
        (SERVICE, service("ghosted", "ghost", clusterIP="10.96.77.1", ports=ports(web))),
        (ENDPOINTSLICE, endpoint_slice("stray", None, web, [("10.244.9.9", "stray")])),
    ]
    return made


def build(options: ZoneOptions | None = None) -> Index:
    index = Index(options or ZoneOptions(addresses=("10.96.0.10",)))
    for resource, obj in everything():
        index.put(resource, obj, NOW)
    index.synced = True
    return index


@pytest.fixture(scope="session")
def objects() -> list[tuple[Any, dict[str, Any]]]:
    return everything()


@pytest.fixture
def cluster() -> Index:
    return build()


@pytest.fixture(scope="session")
def builder() -> Callable[..., Index]:
    return build


class Asker:
    """Asks an index as a client would; names without a final dot are below `default.svc.cluster.local.`."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)

    def wire(
        self, index: Index, name: str, type_: str, transport: Transport = Transport.UDP, **more: Any
    ) -> bytes | Ask | None:
        full = name if name.endswith(".") else f"{name}.{SPACE}"
        query = dns.message.make_query(full, type_, id=next(self._ids) & 0xFFFF, **more).to_wire()
        return respond(index, query, NOW, transport)

    def __call__(self, index: Index, name: str, type_: str = "A", **more: Any) -> dns.message.Message:
        reply = self.wire(index, name, type_, **more)
        assert isinstance(reply, bytes)
        return dns.message.from_wire(reply)

    def rdata(self, index: Index, name: str, type_: str = "A", **more: Any) -> list[str]:
        """The records of the answer section in order of owner and text; CNAME as `CNAME target`."""
        message = self(index, name, type_, **more)
        assert message.rcode() == dns.rcode.NOERROR, dns.rcode.to_text(message.rcode())
        made = []
        for rrset in message.answer:
            prefix = "CNAME " if rrset.rdtype == dns.rdatatype.CNAME and type_ != "CNAME" else ""
            made += [prefix + item.to_text().strip('"') for item in rrset]
        return sorted(made)

    def verdict(self, index: Index, name: str, type_: str = "A") -> str:
        """`NX` or `ND`, each with the SOA that it must have; `OK` for an answer."""
        message = self(index, name, type_)
        assert message.flags & dns.flags.AA
        if message.answer:
            return "OK"
        assert [rrset.rdtype for rrset in message.authority] == [dns.rdatatype.SOA]
        assert message.authority[0][0].minimum == index.options.ttl
        return {dns.rcode.NXDOMAIN: "NX", dns.rcode.NOERROR: "ND"}[message.rcode()]


@pytest.fixture
def ask() -> Asker:
    return Asker()


@pytest.fixture(scope="session")
def reply_to() -> Callable[..., bytes]:
    """What another resolver answers: `reply_to(QUERY, "OWNER TYPE VALUE", ..., truncated=False, ttl=60)`."""

    def reply(query: bytes, *records: str, truncated: bool = False, ttl: int = 60) -> bytes:
        made = dns.message.make_response(dns.message.from_wire(query))
        for text in records:
            owner, type_, value = text.split()
            made.answer.append(dns.rrset.from_text(owner, ttl, "IN", type_, value))
        if truncated:
            made.flags |= dns.flags.TC
        return made.to_wire()

    return reply
