"""What must hold for any objects and any bytes."""

from collections.abc import Callable
from typing import Any

import dns.exception
import dns.message
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eachpod.dns import message
from eachpod.dns.answer import respond
from eachpod.dns.node import Node
from eachpod.dns.reply import Transport
from eachpod.dns.zone import Index, ZoneOptions
from eachpod.model.resource import Resource
from eachpod.model.resources import ENDPOINTSLICE, NAMESPACE, SERVICE

NOW = 1_700_000_000.0
TYPES = (message.A, message.AAAA, message.SRV, message.PTR, message.CNAME, message.TXT)

SPACES = st.sampled_from(["a", "b"])
NAMES = st.sampled_from(["x", "y"])
POINTS = st.builds(
    lambda address, hostname, ready: {
        "addresses": [address],
        **({"hostname": hostname} if hostname else {}),
        "conditions": {"ready": ready},
    },
    st.sampled_from(["10.0.0.1", "10.0.0.2", "10.0.0.3", "fd00::1"]),
    st.sampled_from([None, "h-0", "H-0", "h-1"]),
    st.sampled_from([True, True, False, None]),
)
PORTS = st.lists(
    st.sampled_from(
        [{"name": "web", "port": 80}, {"name": "", "port": 81}, {"name": "dns", "port": 53, "protocol": "UDP"}]
    ),
    max_size=2,
)


def _slice(title: str, space: str, owner: str | None, points: list, ports: list) -> tuple:
    labels = {"kubernetes.io/service-name": owner} if owner else {}
    metadata = {"name": title, "namespace": space, "labels": labels}
    return ENDPOINTSLICE, {"metadata": metadata, "addressType": "IPv4", "endpoints": points, "ports": ports}


def _service(name: str, space: str, spec: dict) -> tuple:
    return SERVICE, {"metadata": {"name": name, "namespace": space}, "spec": spec}


SPECS = st.one_of(
    st.builds(lambda ports: {"clusterIP": "None", "ports": ports}, PORTS),
    st.builds(
        lambda ip, ports: {"clusterIP": ip, "ports": ports}, st.sampled_from(["10.9.0.1", "10.0.0.1", ""]), PORTS
    ),
    st.builds(
        lambda to: {"type": "ExternalName", "externalName": to},
        st.sampled_from(["x.a.svc.cluster.local", "e.org", "1.2.3.4"]),
    ),
)
OBJECTS = st.one_of(
    st.builds(lambda space: (NAMESPACE, {"metadata": {"name": space}}), SPACES),
    st.builds(_service, NAMES, SPACES, SPECS),
    st.builds(
        _slice,
        st.sampled_from(["s1", "s2", "s3"]),
        SPACES,
        st.sampled_from(["x", "y", None]),
        st.lists(POINTS, max_size=4),
        PORTS,
    ),
)
EVENTS = st.lists(st.tuples(st.sampled_from(["put", "put", "put", "remove"]), OBJECTS), max_size=25)


def content(index: Index) -> dict[bytes, list]:
    """Everything that an index answers, order aside."""

    def of(node: Node) -> list:
        made = []
        for type_ in TYPES:
            answer = node.answer(type_, 40)
            made.append((sorted(answer.records), sorted(answer.more)))
        return made

    return {name: of(node) for name, node in index.names.items()}


def place(resource: Resource, obj: dict[str, Any]) -> tuple[str, str, str]:
    return resource.plural, obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


@settings(max_examples=150)
@given(EVENTS, st.booleans())
def test_changes_lead_to_what_building_anew_gives(events: list[Any], ask_between: bool) -> None:
    index = Index(ZoneOptions())
    held: dict[tuple, tuple] = {}
    for verb, (resource, obj) in events:
        if verb == "put":
            index.put(resource, obj, NOW)
            held[place(resource, obj)] = (resource, obj)
        else:
            index.remove(resource, obj["metadata"].get("namespace", ""), obj["metadata"]["name"], NOW)
            held.pop(place(resource, obj), None)
        if ask_between:  # answers that were made must not outlive the change
            for node in index.names.values():
                node.keep(message.A, 40)
    fresh = Index(ZoneOptions())
    for resource, obj in held.values():
        fresh.put(resource, obj, NOW)
    assert content(index) == content(fresh)
    kept = {
        name: node.answers[b"\0\1\0\1"].records for name, node in index.names.items() if b"\0\1\0\1" in node.answers
    }
    assert all(set(records) == set(index.names[name].answer(message.A, 40).records) for name, records in kept.items())


@settings(max_examples=100)
@given(EVENTS)
def test_nothing_is_left_when_everything_is_deleted(events: list[Any]) -> None:
    index = Index(ZoneOptions())
    for _, (resource, obj) in events:
        index.put(resource, obj, NOW)
    for _, (resource, obj) in events:
        index.remove(resource, obj["metadata"].get("namespace", ""), obj["metadata"]["name"], NOW)
    assert set(index.names) == index.statics


ANYTHING = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-5, 70000), st.text(max_size=5), st.sampled_from(["10.0.0.9", "a" * 64])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["addresses", "hostname", "conditions", "ready", "name", "port", "protocol"]),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=8,
)


@settings(max_examples=150)
@given(ANYTHING, ANYTHING, ANYTHING)
def test_a_broken_object_takes_no_other_along(endpoints: Any, ports: Any, spec: Any) -> None:
    index = Index(ZoneOptions())
    index.synced = True
    index.put(NAMESPACE, {"metadata": {"name": "a"}}, NOW)
    good = [{"addresses": ["10.0.0.1"], "hostname": "h-0"}]
    for resource, obj in (
        _service("x", "a", {"clusterIP": "None"}),
        _slice("good", "a", "x", good, [{"name": "web", "port": 80}]),
        _slice("broken", "a", "x", endpoints, ports),
        _service("y", "a", spec if isinstance(spec, dict) else {}),
        (SERVICE, {"metadata": {"name": "z", "namespace": "a"}, "spec": spec}),
    ):
        index.put(resource, obj, NOW)
    query = dns.message.make_query("h-0.x.a.svc.cluster.local.", "A").to_wire()
    reply = dns.message.from_wire(respond(index, query, NOW, Transport.UDP))
    assert "10.0.0.1" in reply.answer[0].to_text()


@pytest.fixture(scope="module")
def shared(builder: Callable[..., Index]) -> Index:
    return builder()


MUTATIONS = st.lists(st.tuples(st.integers(0, 80), st.integers(0, 255)), max_size=4)
QUESTIONS = st.tuples(
    st.sampled_from(["nginx-headless", "_web._tcp.big-headless", "big-headless", "ext-loop", "nothere", "svc1"]),
    st.sampled_from(["A", "AAAA", "SRV", "ANY", "TXT"]),
    st.sampled_from([-1, 0]),
    st.integers(0, 65535),
)


@settings(max_examples=400)
@given(question=QUESTIONS, changes=MUTATIONS, cut=st.integers(0, 90))
def test_no_bytes_make_it_fail_or_say_too_much(
    shared: Index, question: tuple[str, str, int, int], changes: list[tuple[int, int]], cut: int
) -> None:
    name, type_, edns, payload = question
    made = dns.message.make_query(f"{name}.default.svc.cluster.local.", type_, use_edns=edns, payload=payload)
    wire = bytearray(made.to_wire())
    for at, value in changes:
        wire[at % len(wire)] = value
    query = bytes(wire[: len(wire) - cut if cut < 20 else len(wire)])
    for transport, most in ((Transport.UDP, message.UDP_MAX), (Transport.TCP, message.TCP_MAX)):
        reply = respond(shared, query, NOW, transport)
        if reply is None:
            assert len(query) < 12 or query[2] & 0x80
            continue
        assert isinstance(reply, bytes)
        asked = message.read(query)
        if isinstance(asked, message.Question):
            limit = message.UDP_MIN if asked.edns is None else min(max(asked.edns.size, 512), message.UDP_MAX)
            assert len(reply) <= (limit if transport is Transport.UDP else most)
            assert reply[12 : 12 + len(asked.raw)] == asked.raw
        assert reply[:2] == query[:2]
        dns.message.from_wire(reply, one_rr_per_rrset=True)


@settings(max_examples=300)
@given(st.binary(max_size=600))
def test_any_bytes_can_be_read(data: bytes) -> None:
    message.read(data)
    if len(data) >= message.HEADER:
        message.answers_of(data)
        message.least_ttl(data)
        message.name_at(data, message.HEADER)
