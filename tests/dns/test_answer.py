"""Each rule of what is answered, as a table over one made-up cluster."""

import collections
import struct
from collections.abc import Callable
from typing import Any

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from eachpod.dns import message
from eachpod.dns.answer import respond
from eachpod.dns.forward import Ask, finish
from eachpod.dns.reply import Transport
from eachpod.dns.zone import Index, ZoneOptions

NOW = 1_700_000_000.0
NGINX = ["10.244.1.10", "10.244.1.12", "10.244.2.11"]
SUFFIX = ".default.svc.cluster.local."


@pytest.mark.parametrize(
    ("name", "type_", "expected"),
    [
        ("nginx-headless", "A", NGINX),
        ("web-0.nginx-headless", "A", ["10.244.1.10"]),
        ("_web._tcp.nginx-headless", "A", NGINX),
        ("web.tcp.nginx-headless", "A", NGINX),
        ("NGINX-Headless.Default.SVC.Cluster.LOCAL.", "A", NGINX),
        ("plain-headless", "A", ["10.244.1.20", "10.244.2.21"]),
        ("10-244-1-20.plain-headless", "A", ["10.244.1.20"]),
        ("noport-headless", "A", ["10.244.1.31"]),
        ("notready-headless", "A", ["10.244.1.50", "10.244.1.52"]),
        ("publish-headless", "A", ["10.244.1.60", "10.244.1.61", "10.244.1.62"]),
        ("manual-headless", "A", ["192.0.2.10", "192.0.2.11"]),
        ("dual-headless", "A", ["10.244.1.70", "10.244.1.71"]),
        ("dual-headless", "AAAA", ["fd00:244::70", "fd00:244::71"]),
        ("d-0.dual-headless", "AAAA", ["fd00:244::70"]),
        ("fd00-244-0-1--0.v6-headless", "AAAA", ["fd00:244:0:1::"]),
        ("slices-headless", "A", ["10.244.1.91", "10.244.1.92", "10.244.1.93"]),
        ("s-1.slices-headless", "A", ["10.244.1.92"]),
        ("twin.twin-headless", "A", ["10.244.1.95", "10.244.1.96"]),
        ("db-0.db.prod.svc.cluster.local.", "A", ["10.244.2.90"]),
        ("svc1", "A", ["10.96.10.1"]),
        ("10-244-1-100.svc1", "A", ["10.244.1.100"]),
        ("svc-noep", "A", ["10.96.10.2"]),
        ("svc-dual", "AAAA", ["fd00:96::3"]),
        ("lb", "A", ["10.96.10.6"]),
        ("unnamed-headless", "SRV", [f"0 100 9000 u-0.unnamed-headless{SUFFIX}"]),
        ("web-0.nginx-headless", "SRV", [f"0 100 80 web-0.nginx-headless{SUFFIX}"]),
        ("nginx-headless", "SRV", [f"0 33 80 web-{n}.nginx-headless{SUFFIX}" for n in range(3)]),
        ("_web._tcp.nginx-headless", "SRV", [f"0 33 80 web-{n}.nginx-headless{SUFFIX}" for n in range(3)]),
        ("_http._tcp.svc1", "SRV", [f"0 100 80 svc1{SUFFIX}"]),
        ("svc-multi", "SRV", [f"0 50 443 svc-multi{SUFFIX}", f"0 50 80 svc-multi{SUFFIX}"]),
        ("svc-unnamed", "SRV", [f"0 100 80 svc-unnamed{SUFFIX}"]),
        ("ext", "CNAME", ["www.example.com."]),
        ("ext-internal", "A", ["10.96.10.1", f"CNAME svc1{SUFFIX}"]),
        ("ext-headless", "A", [*NGINX, f"CNAME nginx-headless{SUFFIX}"]),
        ("ext-twice", "A", ["10.96.10.1", f"CNAME ext-internal{SUFFIX}", f"CNAME svc1{SUFFIX}"]),
        ("ext-dangling", "CNAME", [f"nothere{SUFFIX}"]),
        ("DNS-Version.Cluster.Local.", "TXT", ["1.1.0"]),
        ("cluster.local.", "NS", ["coredns.kube-system.svc.cluster.local."]),
        ("ns.dns.cluster.local.", "A", ["10.96.0.10"]),
        ("1-2-3-4.default.pod.cluster.local.", "A", ["1.2.3.4"]),
        ("fd00-244--5.default.pod.cluster.local.", "AAAA", ["fd00:244::5"]),
        ("10.1.244.10.in-addr.arpa.", "PTR", [f"web-0.nginx-headless{SUFFIX}"]),
        ("10.0.96.10.in-addr.arpa.", "PTR", ["coredns.kube-system.svc.cluster.local."]),
        ("20.1.244.10.in-addr.arpa.", "PTR", [f"10-244-1-20.plain-headless{SUFFIX}"]),
        ("95.1.244.10.in-addr.arpa.", "PTR", [f"twin.twin-headless{SUFFIX}"]),
        ("11.2.0.192.in-addr.arpa.", "PTR", [f"192-0-2-11.manual-headless{SUFFIX}"]),
    ],
)  # fmt: skip
def test_what_is_answered(cluster: Index, ask: Any, name: str, type_: str, expected: list[str]) -> None:
    assert ask.rdata(cluster, name, type_) == expected
    # The second time it comes from the fast path, which must say the same.
    assert ask.rdata(cluster, name, type_) == expected


@pytest.mark.parametrize(
    ("name", "type_", "expected"),
    [
        *(
            (f"nginx-headless{SUFFIX}", t, "ND")
            for t in ("AAAA", "MX", "TXT", "NS", "SOA", "HTTPS", "CAA", "ANY", "PTR")
        ),
        ("web-1.nginx-headless", "AAAA", "ND"),
        ("10-244-1-10.nginx-headless", "A", "NX"),
        ("_web._udp.nginx-headless", "SRV", "NX"),
        ("_nope._tcp.nginx-headless", "A", "NX"),
        ("_web._tcp.web-0.nginx-headless", "SRV", "NX"),
        ("_._tcp.unnamed-headless", "SRV", "NX"),
        ("app-7d4b9c-x1.plain-headless", "A", "NX"),
        ("noport-headless", "SRV", "ND"),
        ("nr-1.notready-headless", "A", "NX"),
        *((name, t, "NX") for name in ("empty-headless", "allnotready-headless") for t in ("A", "AAAA", "SRV")),
        ("_web._tcp.empty-headless", "SRV", "NX"),
        ("v6-headless", "A", "ND"),
        ("db-0.db-read.prod.svc.cluster.local.", "A", "NX"),
        ("svc1", "AAAA", "ND"),
        ("ext", "SRV", "ND"),
        ("sub.ext", "A", "NX"),
        ("ext-dangling", "A", "ND"),
        ("ext-loop", "A", "ND"),
        ("ext-ip", "A", "NX"),
        ("nothere", "A", "NX"),
        ("nothere", "SOA", "ND"),
        ("svc1.ghost.svc.cluster.local.", "A", "NX"),
        ("ghosted.ghost.svc.cluster.local.", "A", "NX"),
        ("ghost.svc.cluster.local.", "A", "NX"),
        *(
            (f"{name}cluster.local.", "A", "ND")
            for name in ("default.svc.", "default.pod.", "svc.", "pod.", "dns.", "")
        ),
        ("foo.cluster.local.", "A", "NX"),
        ("*.nginx-headless", "A", "NX"),
        ("any.nginx-headless", "A", "NX"),
        ("a.b.c.nginx-headless", "A", "NX"),
        ("1-2-3-4.default.pod.cluster.local.", "AAAA", "ND"),
        ("not-an-ip.default.pod.cluster.local.", "A", "NX"),
        ("10-244-1-10.ghost.pod.cluster.local.", "A", "NX"),
        *((f"{ip}.in-addr.arpa.", "PTR", "NX") for ip in ("51.1.244.10", "112.2.244.10", "99.99.96.10", "9.9.244.10")),
        # What exists, or has names below it, is never NXDOMAIN (RFC 8020).
        ("_tcp.nginx-headless", "A", "ND"),
        ("dns-version.cluster.local.", "A", "ND"),
        ("cluster.local.", "TXT", "ND"),
        ("10.1.244.10.in-addr.arpa.", "A", "ND"),
    ],
)
def test_what_is_denied(cluster: Index, ask: Any, name: str, type_: str, expected: str) -> None:
    assert ask.verdict(cluster, name, type_) == expected
    assert ask.verdict(cluster, name, type_) == expected


def test_the_soa_of_a_denial_is_that_of_its_zone(cluster: Index, ask: Any) -> None:
    reply = ask(cluster, "99.99.96.10.in-addr.arpa.", "PTR")
    assert reply.authority[0].name.to_text() == "in-addr.arpa."
    soa = ask(cluster, "cluster.local.", "SOA").answer[0][0]
    assert (soa.mname.to_text(), soa.rname.to_text()) == ("ns.dns.cluster.local.", "hostmaster.cluster.local.")
    assert (soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum) == (int(NOW), 7200, 1800, 86400, 30)


def test_owners_keep_the_case_of_the_question_and_targets_that_of_the_cluster(cluster: Index, ask: Any) -> None:
    reply = ask(cluster, "Web-0.NGINX-headless.default.SVC.cluster.local.", "A")
    assert reply.question[0].name.to_text() == "Web-0.NGINX-headless.default.SVC.cluster.local."
    assert reply.answer[0].name.to_text() == "Web-0.NGINX-headless.default.SVC.cluster.local."


def test_flags(cluster: Index, ask: Any, builder: Callable[..., Index]) -> None:
    flags = dns.flags.from_text("QR AA")
    assert ask(cluster, "svc1", flags=0).flags == flags
    asked = dns.flags.from_text("RD CD AD")
    assert ask(cluster, "svc1", flags=asked).flags == flags | dns.flags.from_text("RD CD")
    ask(cluster, "svc1", flags=asked)
    forwarding = builder(ZoneOptions(forwarding=True))
    assert ask(forwarding, "svc1", flags=0).flags & dns.flags.RA
    assert ask(forwarding, "nothere", flags=0).flags & dns.flags.RA


def test_ttl(ask: Any, builder: Callable[..., Index]) -> None:
    for ttl in (0, 5, 30):
        index = builder(ZoneOptions(ttl=ttl))
        assert ask(index, "svc1").answer[0].ttl == ttl
        assert ask(index, "nothere").authority[0][0].minimum == ttl
        assert ask(index, "dns-version.cluster.local.", "TXT").answer[0].ttl == 28800


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("_web._tcp.nginx-headless", NGINX),
        ("_web._tcp.dual-headless", ["10.244.1.70", "10.244.1.71", "fd00:244::70", "fd00:244::71"]),
        ("_web._tcp.twin-headless", ["10.244.1.95", "10.244.1.96"]),
        ("_http._tcp.svc1", ["10.96.10.1"]),
    ],
)
def test_srv_brings_the_addresses_of_its_targets(cluster: Index, ask: Any, name: str, more: list[str]) -> None:
    reply = ask(cluster, name, "SRV")
    assert sorted(item.to_text() for rrset in reply.additional for item in rrset) == sorted(more)
    targets = {item.target for rrset in reply.answer for item in rrset}
    assert {rrset.name for rrset in reply.additional} == targets


def test_srv_of_several_ports_and_slices(cluster: Index, ask: Any) -> None:
    reply = ask(cluster, "multi-headless", "SRV")
    assert len(reply.answer[0]) == 4
    assert {item.weight for item in reply.answer[0]} == {25}
    ports = sorted((item.target.labels[0], item.port) for item in ask(cluster, "slices-headless", "SRV").answer[0])
    assert ports == [(b"s-0", 8080), (b"s-1", 8080), (b"s-1", 9090), (b"s-2", 9090)]


def test_the_preferred_name_of_an_address_comes_first(cluster: Index, ask: Any, builder: Callable[..., Index]) -> None:
    hostname, dashed = "db-0.db.prod.svc.cluster.local.", "10-244-2-90.db-read.prod.svc.cluster.local."
    answer = ask(cluster, "90.2.244.10.in-addr.arpa.", "PTR").answer[0]
    assert [item.to_text() for item in answer] == [hostname, dashed]
    only = builder(ZoneOptions(ptr_hostnames_only=True))
    assert ask.rdata(only, "90.2.244.10.in-addr.arpa.", "PTR") == [hostname]
    assert ask.rdata(only, "20.1.244.10.in-addr.arpa.", "PTR") == [f"10-244-1-20.plain-headless{SUFFIX}"]


@pytest.mark.parametrize(
    ("edns", "most"), [(None, 512), (dict(use_edns=0, payload=100), 512), (dict(use_edns=0, payload=1232), 1232)]
)
def test_a_long_answer_is_cut_with_tc(cluster: Index, ask: Any, edns: dict[str, int] | None, most: int) -> None:
    for _ in range(2):
        wire = ask.wire(cluster, "big-headless", "A", **(edns or {}))
        assert len(wire) <= most
        reply = dns.message.from_wire(wire)
        assert reply.flags & dns.flags.TC
        addresses = [item.to_text() for item in reply.answer[0]]
        assert len(addresses) == len(set(addresses)) > 20


def test_a_long_answer_is_whole_where_there_is_room(cluster: Index, ask: Any) -> None:
    for more in (dict(use_edns=0, payload=4096), dict(transport=Transport.TCP)):
        reply = ask(cluster, "big-headless", "A", **more)
        assert not reply.flags & dns.flags.TC
        assert len(reply.answer[0]) == 150
    reply = ask(cluster, "_web._tcp.big-headless", "SRV", transport=Transport.TCP)
    assert len(reply.answer[0]) == len(reply.additional) == 150
    assert {item.weight for item in reply.answer[0]} == {1}


def test_additional_records_are_left_out_without_tc(cluster: Index, ask: Any) -> None:
    reply = ask(cluster, "_web._tcp.dual-headless", "SRV", use_edns=0, payload=512)
    assert not reply.flags & dns.flags.TC
    seven = ask(cluster, "_web._tcp.publish-headless", "SRV")
    assert len(seven.answer[0]) == 3
    assert not seven.flags & dns.flags.TC


def test_edns(cluster: Index, ask: Any) -> None:
    option = dns.edns.GenericOption(65001, b"x")
    for _ in range(2):
        reply = ask(cluster, "nginx-headless", "A", use_edns=0, want_dnssec=True, payload=1400, options=[option])
        assert (reply.edns, reply.options, reply.ednsflags & dns.flags.DO) == (0, (), dns.flags.DO)
        assert reply.rcode() == dns.rcode.NOERROR
    assert ask(cluster, "nginx-headless", "A").edns == -1
    bad = ask(cluster, "nginx-headless", "A", use_edns=1)
    assert bad.rcode() == dns.rcode.BADVERS
    assert not bad.flags & dns.flags.AA
    assert not bad.answer


def changed(wire: bytes, at: int, value: bytes) -> bytes:
    return wire[:at] + value + wire[at + len(value) :]


QUERY = dns.message.make_query("nginx-headless.default.svc.cluster.local.", "A", id=7).to_wire()


@pytest.mark.parametrize(
    ("query", "rcode"),
    [
        *((changed(QUERY, 2, bytes((opcode << 3,))), message.NOTIMP) for opcode in (2, 4, 5, 15)),
        (changed(QUERY, 4, b"\0\0"), message.FORMERR),
        (changed(QUERY, 4, b"\0\2"), message.FORMERR),
        (changed(QUERY, 6, b"\0\2"), message.FORMERR),
        (changed(QUERY, 10, b"\0\3"), message.FORMERR),
        (changed(QUERY, 10, b"\0\1"), message.FORMERR),
        (changed(QUERY, 12, b"\x40"), message.FORMERR),
        (changed(QUERY, 12, b"\xc0\x0c"), message.FORMERR),
        (QUERY[:-1], message.FORMERR),
        (QUERY[:12], message.FORMERR),
        (changed(QUERY, len(QUERY) - 2, b"\0\3"), message.REFUSED),
        (changed(QUERY, len(QUERY) - 4, struct.pack("!H", message.AXFR)), message.REFUSED),
        (changed(QUERY, len(QUERY) - 4, struct.pack("!H", message.IXFR)), message.REFUSED),
        (QUERY + b"trailing", message.NOERROR),
    ],
)
def test_odd_messages(cluster: Index, query: bytes, rcode: int) -> None:
    for transport in Transport:
        reply = respond(cluster, query, NOW, transport)
        assert isinstance(reply, bytes)
        assert (reply[:2], reply[2] & 0x80, reply[3] & 15) == (query[:2], 0x80, rcode)


@pytest.mark.parametrize("query", [b"", b"x", QUERY[:11], changed(QUERY, 2, b"\x80")])
def test_silence(cluster: Index, query: bytes) -> None:
    assert respond(cluster, query, NOW, Transport.UDP) is None


def test_every_order_is_as_likely(cluster: Index, ask: Any) -> None:
    seen = collections.Counter(
        tuple(item.to_text() for item in ask(cluster, "nginx-headless", "A").answer[0]) for _ in range(600)
    )
    assert len(seen) == 6
    assert min(seen.values()) >= 60
    wires = [ask.wire(cluster, "big-headless", "A", use_edns=0, payload=4096) for _ in range(300)]
    first = {wire[12:].split(b"\xc0\x0c")[1] for wire in wires}
    assert len(first) > 80


def test_before_the_first_state_names_are_not_denied(cluster: Index, ask: Any) -> None:
    cluster.synced = False
    for name in ("nginx-headless", "nothere", "10.1.244.99.in-addr.arpa."):
        reply = ask(cluster, name, use_edns=0)
        assert reply.rcode() == dns.rcode.SERVFAIL
        assert [option.code for option in reply.options] == [dns.edns.EDECode.NOT_READY]
    assert ask(cluster, "svc.cluster.local.").rcode() == dns.rcode.NOERROR
    assert ask(cluster, "dns-version.cluster.local.", "TXT").answer
    assert ask(cluster, "cluster.local.", "SOA").answer[0][0].serial == 0


def test_pods(ask: Any, builder: Callable[..., Index], objects: list[Any]) -> None:
    from eachpod.model.resources import POD

    verified = builder(ZoneOptions(pods="verified"))
    name = "10-244-1-10.default.pod.cluster.local."
    assert ask.verdict(verified, name) == "NX"
    pod = {"metadata": {"name": "p", "namespace": "default"}, "status": {"podIP": "10.244.1.10", "phase": "Running"}}
    verified.put(POD, pod, NOW)
    assert ask.rdata(verified, name) == ["10.244.1.10"]
    verified.put(POD, {**pod, "status": {"podIP": "10.244.1.10", "phase": "Failed"}}, NOW)
    assert ask.verdict(verified, name) == "NX"
    assert ask.verdict(builder(ZoneOptions(pods="disabled")), name) == "NX"


def reply_of(query_name: str, type_: str, *records: str, rcode: int = 0) -> bytes:
    made = dns.message.make_response(dns.message.make_query(query_name, type_))
    for text in records:
        owner, rtype, value = text.split()
        made.answer.append(dns.rrset.from_text(owner, 77, "IN", rtype, value))
    made.set_rcode(rcode)
    return made.to_wire()


def test_an_external_name_brings_what_upstream_says(ask: Any, builder: Callable[..., Index]) -> None:
    index = builder(ZoneOptions(forwarding=True))
    asked = ask.wire(index, "ext", "A")
    assert isinstance(asked, Ask)
    assert (asked.name, asked.type) == (b"\x03www\x07example\x03com\x00", message.A)
    upstream = reply_of(
        "www.example.com.", "A", "www.example.com. CNAME cdn.example.com.", "cdn.example.com. A 192.0.2.53"
    )
    reply = dns.message.from_wire(finish(index, asked, upstream, NOW))
    assert [(r.name.to_text(), r.ttl, r[0].to_text()) for r in reply.answer] == [
        (f"ext{SUFFIX}", 5, "www.example.com."),
        ("www.example.com.", 77, "cdn.example.com."),
        ("cdn.example.com.", 77, "192.0.2.53"),
    ]
    missing = dns.message.from_wire(finish(index, asked, reply_of("www.example.com.", "A", rcode=3), NOW))
    assert (missing.rcode(), len(missing.answer)) == (dns.rcode.NOERROR, 1)
    assert dns.message.from_wire(finish(index, asked, None, NOW)).rcode() == dns.rcode.SERVFAIL


def test_other_names_are_passed_on_or_refused(cluster: Index, ask: Any, builder: Callable[..., Index]) -> None:
    assert ask(cluster, "example.com.").rcode() == dns.rcode.REFUSED
    index = builder(ZoneOptions(forwarding=True))
    asked = ask.wire(index, "eXample.com.", "A")
    assert isinstance(asked, Ask)
    reply = dns.message.from_wire(finish(index, asked, reply_of("example.com.", "A", "example.com. A 192.0.2.1"), NOW))
    assert reply.question[0].name.to_text() == "eXample.com."
    assert reply.id == int.from_bytes(asked.question.id)
    assert reply.answer[0][0].to_text() == "192.0.2.1"
    many = reply_of("example.com.", "A", *(f"example.com. A 192.0.2.{n}" for n in range(60)))
    cut = finish(index, asked, many, NOW)
    assert len(cut) <= 512
    assert dns.message.from_wire(cut).flags & dns.flags.TC
    assert dns.message.from_wire(finish(index, asked, None, NOW)).rcode() == dns.rcode.SERVFAIL
    # Reverse names of private addresses never leave the cluster.
    assert ask.verdict(index, "9.9.9.10.in-addr.arpa.", "PTR") == "NX"
    assert isinstance(ask.wire(index, "8.8.8.8.in-addr.arpa.", "PTR"), Ask)


@pytest.mark.e2e
def test_a_service_larger_than_any_message(builder: Callable[..., Index], ask: Any) -> None:
    from eachpod.model.resources import ENDPOINTSLICE, NAMESPACE, SERVICE

    index = builder()
    index.put(NAMESPACE, {"metadata": {"name": "huge"}}, NOW)
    index.put(SERVICE, {"metadata": {"name": "h", "namespace": "huge"}, "spec": {"clusterIP": "None"}}, NOW)
    points = [{"addresses": [f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}"]} for n in range(70_000)]
    labels = {"kubernetes.io/service-name": "h"}
    made = {
        "metadata": {"name": "h-1", "namespace": "huge", "labels": labels},
        "ports": [{"port": 1}],
        "endpoints": points,
    }
    index.put(ENDPOINTSLICE, made, NOW)
    for type_ in ("A", "SRV"):
        for transport, most in ((Transport.UDP, 512), (Transport.TCP, 65535)):
            for _ in range(2):
                wire = ask.wire(index, "h.huge.svc.cluster.local.", type_, transport=transport)
                assert most - 100 < len(wire) <= most
                assert wire[2] & 0x02
                assert wire[3] & 15 == 0
