"""Hints in proportion to the CPU of the zones: who gives, who gets, what stays, and what is told."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.controllers.endpointslice import CONTROLLER, topology
from eachpod.controllers.endpointslice.packing import Slices
from eachpod.controllers.plan import Create, Emit, Plan, Update
from eachpod.controllers.view import Key, View
from eachpod.model.objects import Object, put
from eachpod.model.resources import ENDPOINTSLICE, NODE, SERVICE

MakeView = Callable[..., View]
KEY = Key("d", "web")
AUTO = {"service.kubernetes.io/topology-mode": "Auto"}


def node(name: str, zone: str, *, ready: bool = True, cpu: str = "4") -> Object:
    status = {"allocatable": {"cpu": cpu}, "conditions": [{"type": "Ready", "status": str(ready)}]}
    return {"metadata": {"name": name, "labels": {"topology.kubernetes.io/zone": zone}}, "status": status}


def service(annotations: dict[str, str], *families: str) -> Object:
    spec = {"clusterIP": "None", "ipFamilies": list(families or ("IPv4",)), "selector": {"app": "web"}}
    return {"metadata": {"name": "web", "namespace": "d", "uid": "V", "annotations": annotations}, "spec": spec}


def pod(number: int, on: str) -> Object:
    meta = {"name": f"web-{number}", "namespace": "d", "uid": f"p{number}", "labels": {"app": "web"}}
    addresses = [{"ip": f"10.0.{number // 250}.{number % 250}"}, {"ip": f"fd00::{number:x}"}]
    status = {"phase": "Running", "podIPs": addresses, "conditions": [{"type": "Ready", "status": "True"}]}
    return {"metadata": meta, "spec": {"nodeName": on}, "status": status}


def endpoint(zone: str, hint: str = "") -> Object:
    hints = {"hints": {"forZones": [{"name": hint}]}} if hint else {}
    return {"conditions": {"ready": True}, "zone": zone, **hints}


def hinted(slices: Iterable[Object]) -> Counter[str]:
    return Counter(e["hints"]["forZones"][0]["name"] for s in slices for e in s["endpoints"])


@pytest.mark.parametrize(
    ("cpu", "own", "expected"),
    [
        ({"a": 1, "b": 1}, {"a": 2, "b": 2}, {"a": 2, "b": 2}),
        ({"a": 1, "b": 1}, {"a": 4}, {"a": 2, "b": 2}),
        ({"a": 1, "b": 1}, {"a": 5, "b": 4}, {"a": 5, "b": 4}),  # by half of one nothing becomes fairer
        ({"a": 10, "b": 10, "c": 1}, {"a": 6, "b": 4}, {"a": 5, "b": 4, "c": 1}),  # the small zone gets its least
        ({"a": 1, "b": 3}, {"a": 3, "b": 5, "gone": 2}, {"a": 3, "b": 5, "gone": 2}),  # a zone without nodes
        ({"a": 5, "b": 5, "c": 2}, {"a": 6, "b": 7}, {"a": 5, "b": 6, "c": 2}),
        (
            {"a": 13, "b": 13, "c": 10},
            {"a": 7, "b": 7, "c": 4},
            {"a": 6, "b": 7, "c": 5},
        ),  # half of one for a whole one
    ],
)
def test_zones_get_their_share(cpu: dict[str, float], own: dict[str, int], expected: dict[str, int]) -> None:
    slices = Slices(create=[{"endpoints": [endpoint(zone) for zone in Counter(own).elements()]}])
    topology.spread(slices, cpu)
    assert hinted(slices.create) == expected


def labelled(made: Object, **labels: str) -> Object:
    return put(made, ("metadata", "labels"), {**made["metadata"]["labels"], **labels})


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ([node("n1", "a"), node("n2", "b", cpu="500m"), node("n3", "a", cpu="1")], {"a": 5.0, "b": 0.5}),
        ([node("n1", "a"), node("n2", "b", ready=False)], {"a": 4.0}),
        ([node("n1", "a"), {"metadata": {"name": "n2"}}], {"a": 4.0}),  # nobody says that it is Ready
        ([node("n1", "a"), node("n2", "")], {}),
        ([node("n1", "a"), node("n2", "b", cpu="0")], {}),
        ([node("n1", "a"), labelled(node("n2", ""), **{"node-role.kubernetes.io/control-plane": ""})], {"a": 4.0}),
        ([node("n1", "a"), labelled(node("n2", ""), **{"node-role.kubernetes.io/master": ""})], {"a": 4.0}),
        ([], {}),
    ],
)
def test_cpu_by_zone(nodes: list[Object], expected: dict[str, float]) -> None:
    assert topology.cpu_by_zone(nodes) == expected


@pytest.mark.parametrize(
    ("zones", "own", "why"),
    [
        ({}, ["a", "b"], topology.TOO_LITTLE_KNOWN),
        ({"a": 1.0}, ["a", "b"], topology.TOO_LITTLE_KNOWN),
        ({"a": 1.0, "b": 1.0}, ["a"], f"{topology.TOO_FEW} (1 endpoints, 2 zones)"),
        ({"a": 1.0, "b": 1.0}, ["a", "a", "b"], f"{topology.UNFAIR} (3 endpoints, 2 zones)"),
        ({"a": 1.0, "b": 1.0}, ["a", ""], topology.NO_ZONE),
        ({"a": 1.0, "b": 1.0}, ["a", "b"], ""),
    ],
)
def test_refusals(zones: dict[str, float], own: list[str], why: str) -> None:
    unready = {"conditions": {"ready": False}}
    slices = Slices(create=[{"endpoints": [unready, *map(endpoint, own)]}])
    assert topology.refusal(slices, zones) == why


@pytest.mark.parametrize(
    ("count", "zones", "shares"),
    [
        (12, {"a": 1.0, "b": 1.0}, {"a": (5, 7, 6.0), "b": (5, 7, 6.0)}),
        (12, {"a": 3.0, "b": 1.0}, {"a": (8, 9, 9.0), "b": (3, 4, 3.0)}),
        (20, {"a": 39.0, "b": 1.0}, {"a": (17, 19, 19.5), "b": (1, 3, 1.0)}),
    ],
)
def test_shares(count: int, zones: dict[str, float], shares: dict[str, tuple[int, int, float]]) -> None:
    found = topology.shares(count, zones)
    assert {zone: (share.least, share.most, share.desired) for zone, share in found.items()} == shares


def test_endpoints_that_are_not_ready_have_no_hints() -> None:
    unready = {"conditions": {"ready": False}, "hints": {"forZones": [{"name": "a"}]}}
    slices = Slices(update=[{"endpoints": [endpoint("a"), unready, endpoint("b")]}])
    topology.spread(slices, {"a": 1.0, "b": 1.0})
    assert ["hints" in one for one in slices.update[0]["endpoints"]] == [True, False, True]


ZONES = st.dictionaries(st.sampled_from("abcd"), st.integers(1, 64).map(float), min_size=2)


@given(ZONES, st.lists(st.sampled_from("abcd"), min_size=8, max_size=60))
def test_what_is_given_is_got_and_makes_it_fairer(cpu: dict[str, float], own: list[str]) -> None:
    shares, counts = topology.shares(len(own), cpu), Counter(own)
    giving, receiving = topology.transfers(shares, counts)
    assert giving.total() == receiving.total()
    assert not giving.keys() & receiving.keys()
    after = counts - giving + receiving
    for zone, share in shares.items():
        assert share.least <= share.desired
        assert abs(after[zone] - share.desired) <= max(abs(counts[zone] - share.desired), 0.5)


@given(ZONES, st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=9), min_size=1, max_size=6))
def test_spreading_settles(cpu: dict[str, float], zones: list[list[str]]) -> None:
    """What was given hints once is right the next time: no slice is written for ever."""
    slices = Slices(create=[{"endpoints": [endpoint(zone) for zone in each]} for each in zones])
    if topology.refusal(slices, cpu):
        return
    topology.spread(slices, cpu)
    again = Slices(unchanged=list(slices.create))
    topology.spread(again, cpu)
    assert again.update == []
    assert len(again.unchanged) == len(slices.create)


def test_slices_that_nothing_else_changes_keep_their_hints() -> None:
    kept = {"endpoints": [endpoint("a", "b"), endpoint("a", "a")]}
    slices = Slices(unchanged=[kept], update=[{"endpoints": [endpoint("b"), endpoint("a")]}])
    topology.spread(slices, {"a": 1, "b": 1})
    assert slices.unchanged == [kept]
    assert hinted(slices.update) == {"a": 1, "b": 1}


@pytest.mark.parametrize("hint", ["", "gone"])
def test_slices_without_a_hint_or_for_a_zone_that_is_gone_are_written(hint: str) -> None:
    slices = Slices(unchanged=[{"endpoints": [endpoint("a", hint), endpoint("b", "b")]}])
    topology.spread(slices, {"a": 1, "b": 1})
    assert slices.unchanged == []
    assert hinted(slices.update) == {"a": 1, "b": 1}


@pytest.mark.parametrize(("held", "stays"), [(7, True), (8, False)])
def test_a_zone_may_have_its_most(held: int, stays: bool) -> None:
    full = {"endpoints": [endpoint("a", "a") for _ in range(held)]}
    slices = Slices(unchanged=[full], update=[{"endpoints": [endpoint("b") for _ in range(12 - held)]}])
    topology.spread(slices, {"a": 1, "b": 1})
    assert (slices.unchanged == [full]) is stays


def test_a_zone_with_more_than_its_most_loses_some() -> None:
    full, other = ({"endpoints": [endpoint(zone, "a") for zone in zones]} for zones in ("aa", "bb"))
    slices = Slices(unchanged=[full, other])
    topology.spread(slices, {"a": 1, "b": 1})
    assert hinted(slices.all()) == {"a": 2, "b": 2}
    assert slices.unchanged == [full]


NODES = [node("n1", "z1"), node("n2", "z2")]


def carried_out(view: View, now: float = 0.0) -> Plan:
    """The next plan, after which the caches show what it wrote."""
    plan = CONTROLLER.reconcile(view, KEY, now)
    view.remember(KEY, plan.remember)
    for number, change in enumerate(plan.changes):
        if isinstance(change, Create | Update):
            name = change.object["metadata"].get("name") or f"new-{number}-{len(plan.changes)}"
            view.cache(ENDPOINTSLICE).put(put(change.object, ("metadata", "name"), name))
    return plan


def told(plan: Plan) -> list[str]:
    return [change.note.message for change in plan.changes if isinstance(change, Emit)]


def test_it_is_told_when_hints_begin_and_end(view_of: MakeView) -> None:
    pods = [pod(number, "n1") for number in range(4)]
    view = view_of(CONTROLLER, services=[service(AUTO, "IPv4", "IPv6")], pods=pods, nodes=NODES)
    assert told(carried_out(view)) == ["Topology Aware Hints has been enabled, addressType: IPv4"]
    assert carried_out(view).changes == ()
    view.cache(SERVICE).put(service({}, "IPv4", "IPv6"))
    plan = carried_out(view)
    assert told(plan) == ["Topology Aware Hints has been disabled, addressType: IPv4"]
    assert not any("hints" in e for c in plan.changes if isinstance(c, Update) for e in c.object["endpoints"])
    assert carried_out(view).changes == ()


def test_a_refusal_is_told_once_for_each_change(view_of: MakeView) -> None:
    view = view_of(CONTROLLER, services=[service(AUTO)], pods=[pod(0, "n1")], nodes=NODES)
    few = "Insufficient number of endpoints (1 endpoints, 2 zones), addressType: IPv4"
    assert told(carried_out(view)) == [few]
    assert carried_out(view).changes == ()  # its own write came back
    view.cache(SERVICE).put(service({**AUTO, "touched": "yes"}))
    assert told(carried_out(view)) == [few]


@pytest.mark.parametrize(
    ("old", "new", "concerned"),
    [
        (None, NODES[0], True),
        (NODES[0], None, True),
        (NODES[0], node("n1", "z9"), True),
        (NODES[0], node("n1", "z1", ready=False), True),
        (NODES[0], node("n1", "z1", cpu="8"), False),
    ],
)
def test_nodes_concern_services_that_have_hints_by_cpu(view_of: MakeView, old: Any, new: Any, concerned: bool) -> None:
    (keys,) = (watch.keys for watch in CONTROLLER.watches if watch.resource is NODE)
    pods = [pod(number, "n1") for number in range(4)]
    view = view_of(CONTROLLER, services=[service(AUTO)], pods=pods, nodes=NODES)
    assert keys(view, old, new) == ([] if concerned else ())  # no hints were given yet
    carried_out(view)
    assert list(keys(view, old, new)) == ([KEY] if concerned else [])
    view.cache(SERVICE).put(service({}))
    assert not keys(view, old, new)


def test_hints_go_when_a_zone_is_left_without_nodes(view_of: MakeView) -> None:
    view = view_of(CONTROLLER, services=[service(AUTO)], pods=[pod(n, "n1") for n in range(4)], nodes=NODES)
    carried_out(view)
    view.cache(NODE).put({"apiVersion": "v1", "kind": "Node", **node("n2", "z2", ready=False)})
    assert told(carried_out(view)) == [f"{topology.TOO_LITTLE_KNOWN}, addressType: IPv4"]


def test_a_node_that_is_missing_is_told_and_looked_for_with_growing_pauses(view_of: MakeView) -> None:
    view = view_of(CONTROLLER, services=[service({})], pods=[pod(0, "n1"), pod(1, "lost")], nodes=NODES)
    skipped = "skipping Pod web-1 for Service d/web: Node lost Not Found"
    failed = f"Error updating Endpoint Slices for Service d/web: {skipped}"
    plan = carried_out(view, 10.0)
    assert (told(plan), plan.requeue_after) == ([failed], 1.0)
    plan = carried_out(view, 10.25)  # its own write came back
    assert (told(plan), plan.requeue_after) == ([], 0.75)
    plan = carried_out(view, 11.0)
    assert (told(plan), plan.requeue_after) == ([failed], 2.0)
    view.cache(NODE).put({"apiVersion": "v1", "kind": "Node", **node("lost", "z1")})
    plan = carried_out(view, 13.0)
    assert (told(plan), plan.requeue_after) == ([], None)
    view.cache(NODE).remove({"apiVersion": "v1", "kind": "Node", **node("lost", "z1")})
    assert carried_out(view, 20.0).requeue_after == 1.0  # begins anew


def test_several_pods_without_node_are_told_at_once(view_of: MakeView) -> None:
    pods = [pod(number, f"lost-{number}") for number in range(2)]
    (text,) = told(carried_out(view_of(CONTROLLER, services=[service({})], pods=pods, nodes=[])))
    cause = "skipping Pod web-{0} for Service d/web: Node lost-{0} Not Found"
    assert text.endswith(f"d/web: [{cause.format(0)}, {cause.format(1)}]")
