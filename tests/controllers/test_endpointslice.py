"""EndpointSlices, Endpoints and mirroring: what is published for which pods."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.controllers import endpoints, endpointslicemirroring
from eachpod.controllers.config import ControllersConfig
from eachpod.controllers.endpointslice import CONTROLLER, packing, tracked
from eachpod.controllers.endpointslice.packing import pack
from eachpod.controllers.plan import Create, Delete, Emit, Plan, Update
from eachpod.controllers.view import Key, View
from eachpod.model import objects
from eachpod.model.objects import Object, put
from eachpod.model.resources import ENDPOINTS, ENDPOINTSLICE, POD

MakeView = Callable[..., View]
KEY = Key("d", "web")
NODE = {"metadata": {"name": "n1", "labels": {"topology.kubernetes.io/zone": "z1"}}}


def service(**spec: Any) -> Object:
    meta = {"name": "web", "namespace": "d", "uid": "V", "creationTimestamp": "T0", **spec.pop("meta", {})}
    base = {
        "clusterIP": "None",
        "ipFamilies": ["IPv4"],
        "selector": {"app": "web"},
        "ports": [{"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"}],
    }
    return {"metadata": meta, "spec": {**base, **spec}}


def pod(number: int, *, ready: bool = True, leaving: bool = False, **more: Any) -> Object:
    address = more.pop("address", f"10.0.{number // 250}.{number % 250 + 1}")
    name = f"web-{number}"
    meta: Object = {"name": name, "namespace": "d", "uid": f"p{number}", "labels": {"app": "web"}}
    if leaving:
        meta["deletionTimestamp"] = "x"
    condition = {"type": "Ready", "status": str(ready), "lastTransitionTime": more.pop("since", "T1")}
    return {
        "metadata": meta,
        "spec": {"nodeName": "n1", "hostname": name, "subdomain": "web", "containers": [], **more.pop("spec", {})},
        "status": {
            "phase": more.pop("phase", "Running"),
            "podIP": address,
            "podIPs": [{"ip": address}, {"ip": f"fd00::{number + 1}"}] if address else [],
            "conditions": [condition],
        },
    }


def run(view_of: MakeView, svc: Object, pods: Iterable[Object], slices: Iterable[Object] = (), **more: Any) -> Plan:
    view = view_of(
        CONTROLLER,
        services=[svc],
        pods=list(pods),
        endpointslices=list(slices),
        nodes=more.pop("nodes", [NODE]),
        **more,
    )
    return CONTROLLER.reconcile(view, KEY, 0.0)


def slices_after(plan: Plan, before: Iterable[Object] = ()) -> dict[str, Object]:
    """The slices once the plan has been carried out, by name."""
    result = {s["metadata"]["name"]: s for s in before}
    for number, change in enumerate(plan.changes):
        match change:
            case Create(_, obj):
                name = f"new-{number}"
                result[name] = put(put(obj, ("metadata", "name"), name), ("metadata", "uid"), name)
            case Update(_, obj):
                result[obj["metadata"]["name"]] = obj
            case Delete(_, _, name):
                del result[name]
    return result


def only(plan: Plan) -> Object:
    (slice_,) = slices_after(plan).values()
    return slice_


def test_shape_of_a_slice(view_of: MakeView) -> None:
    svc = service(meta={"labels": {"team": "x", "kubernetes.io/service-name": "forged"}})
    slice_ = only(run(view_of, svc, [pod(0)]))
    assert slice_["metadata"]["labels"] == {
        "team": "x",
        "kubernetes.io/service-name": "web",
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        "service.kubernetes.io/headless": "",
    }
    assert slice_["metadata"]["generateName"] == "web-"
    assert slice_["metadata"]["annotations"] == {"endpoints.kubernetes.io/last-change-trigger-time": "T0"}
    assert slice_["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]
    assert slice_["endpoints"] == [
        {
            "addresses": ["10.0.0.1"],
            "conditions": {"ready": True, "serving": True, "terminating": False},
            "targetRef": {"kind": "Pod", "namespace": "d", "name": "web-0", "uid": "p0"},
            "hostname": "web-0",
            "nodeName": "n1",
            "zone": "z1",
        }
    ]


@pytest.mark.parametrize(
    ("published", "state", "expected"),
    [
        (False, {}, (True, True, False)),
        (False, {"ready": False}, (False, False, False)),
        (False, {"leaving": True}, (False, True, True)),
        (True, {"ready": False}, (True, False, False)),
        (True, {"ready": False, "leaving": True}, (True, False, True)),
        (False, {"phase": "Failed"}, None),
        (False, {"phase": "Succeeded"}, None),
        (False, {"address": ""}, None),
    ],
)
def test_conditions(view_of: MakeView, published: bool, state: Any, expected: tuple[bool, ...] | None) -> None:
    slice_ = only(run(view_of, service(publishNotReadyAddresses=published), [pod(0, **state)]))
    got = [tuple(endpoint["conditions"].values()) for endpoint in slice_["endpoints"]]
    assert got == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("spec", "hostname"),
    [({}, "web-0"), ({"subdomain": "other"}, None), ({"hostname": ""}, None), ({"hostname": "x"}, "x")],
)
def test_hostname_only_with_the_subdomain(view_of: MakeView, spec: Any, hostname: str | None) -> None:
    assert only(run(view_of, service(), [pod(0, spec=spec)]))["endpoints"][0].get("hostname") == hostname


def test_families_have_slices_of_their_own(view_of: MakeView) -> None:
    made = slices_after(run(view_of, service(ipFamilies=["IPv4", "IPv6"]), [pod(0)])).values()
    assert {s["addressType"]: s["endpoints"][0]["addresses"] for s in made} == {
        "IPv4": ["10.0.0.1"],
        "IPv6": ["fd00::1"],
    }


def test_named_ports_that_differ_make_slices_that_differ(view_of: MakeView) -> None:
    def with_port(number: int, port: int) -> Object:
        ports = [{"name": "web", "containerPort": port, "protocol": "TCP"}]
        return pod(number, spec={"containers": [{"ports": ports}]})

    svc = service(ports=[{"name": "http", "port": 80, "targetPort": "web", "protocol": "TCP"}])
    made = slices_after(run(view_of, svc, [with_port(0, 80), with_port(1, 81), with_port(2, 80)])).values()
    assert {s["ports"][0]["port"]: len(s["endpoints"]) for s in made} == {80: 2, 81: 1}


def test_no_pods_leave_a_placeholder_and_it_stays(view_of: MakeView) -> None:
    before = slices_after(run(view_of, service(), []))
    (slice_,) = before.values()
    assert (slice_["endpoints"], slice_["ports"]) == ([], [])
    assert run(view_of, service(), [], before.values()).changes == ()
    (update,) = run(view_of, service(), [pod(0)], before.values()).changes
    assert isinstance(update, Update)


def test_no_selector_and_external_names_are_left_alone(view_of: MakeView) -> None:
    assert not run(view_of, service(selector=None), [pod(0)])
    assert not run(view_of, service(type="ExternalName"), [pod(0)])


def test_pod_of_an_unknown_node_waits_unless_published_anyway(view_of: MakeView) -> None:
    plan = run(view_of, service(), [pod(0)], nodes=[])
    assert only(plan)["endpoints"] == []
    assert plan.requeue_after is not None
    assert len(only(run(view_of, service(publishNotReadyAddresses=True), [pod(0)], nodes=[]))["endpoints"]) == 1


def test_one_changed_pod_of_many_costs_one_slice(view_of: MakeView) -> None:
    pods = [pod(n) for n in range(450)]
    before = slices_after(run(view_of, service(), pods))
    assert [len(s["endpoints"]) for s in before.values()] == [100, 100, 100, 100, 50]
    pods[217] = pod(217, ready=False)
    (change,) = run(view_of, service(), pods, before.values()).changes
    assert isinstance(change, Update)
    assert len(slices_after(run(view_of, service(), pods[:299], before.values()), before.values())) == 3


def test_the_second_look_looks_only_at_what_changed(view_of: MakeView, monkeypatch: pytest.MonkeyPatch) -> None:
    pods = [pod(n) for n in range(250)]
    svc = service()
    before = slices_after(run(view_of, svc, pods))
    view = view_of(CONTROLLER, services=[svc], pods=pods, endpointslices=list(before.values()), nodes=[NODE])
    view.remember(KEY, CONTROLLER.reconcile(view, KEY, 0.0).remember)
    looked = []
    original = tracked._entry
    monkeypatch.setattr(tracked, "_entry", lambda *a: looked.append(a[1]) or original(*a))
    view.cache(CONTROLLER.watches[0].resource).put(pod(7, ready=False, since="T9"))
    (change,) = CONTROLLER.reconcile(view, KEY, 0.0).changes
    assert [one["metadata"]["name"] for one in looked] == ["web-7"]
    assert isinstance(change, Update)
    assert change.object["metadata"]["annotations"]["endpoints.kubernetes.io/last-change-trigger-time"] == "T9"


def test_a_change_among_five_thousand_touches_one_slice(view_of: MakeView, monkeypatch: pytest.MonkeyPatch) -> None:
    svc, pods = service(), [pod(n) for n in range(5000)]
    before = slices_after(run(view_of, svc, pods))
    view = view_of(CONTROLLER, services=[svc], pods=pods, endpointslices=list(before.values()), nodes=[NODE])
    view.remember(KEY, CONTROLLER.reconcile(view, KEY, 0.0).remember)
    cache, looked = view.cache(POD), []
    sort_in = packing._sort_in
    monkeypatch.setattr(packing, "_sort_in", lambda *a: looked.append(objects.name(a[0])) or sort_in(*a))
    for change in (
        lambda: cache.put(pod(2517, ready=False)),
        lambda: cache.put(pod(17, leaving=True)),
        lambda: cache.put(pod(4711, address="10.9.9.9")),
        lambda: cache.remove(pod(1234)),
    ):
        change()
        plan = CONTROLLER.reconcile(view, KEY, 0.0)
        (update,) = plan.changes
        assert isinstance(update, Update)
        assert looked == [objects.name(update.object)]
        view.cache(ENDPOINTSLICE).put(update.object)
        view.remember(KEY, plan.remember)
        quiet = CONTROLLER.reconcile(view, KEY, 0.0)  # its own write comes back
        assert quiet.changes == ()
        assert looked == [objects.name(update.object)] * 2
        view.remember(KEY, quiet.remember)
        looked.clear()


def test_relabelled_service_relabels_its_slices(view_of: MakeView) -> None:
    before = slices_after(run(view_of, service(), [pod(0)]))
    (change,) = run(view_of, service(meta={"labels": {"a": "b"}}), [pod(0)], before.values()).changes
    assert isinstance(change, Update)
    assert change.object["metadata"]["labels"]["a"] == "b"


def test_slices_of_an_earlier_service_go(view_of: MakeView) -> None:
    before = slices_after(run(view_of, service(), [pod(0)]))
    plan = run(view_of, service(meta={"uid": "V2"}), [pod(0)], before.values())
    assert [type(change) for change in plan.changes] == [Create, Delete]


@pytest.mark.parametrize(
    ("distribution", "hints"),
    [
        ("PreferSameZone", {"forZones": [{"name": "z1"}]}),
        ("PreferClose", {"forZones": [{"name": "z1"}]}),
        ("PreferSameNode", {"forZones": [{"name": "z1"}], "forNodes": [{"name": "n1"}]}),
        (None, None),
    ],
)
def test_traffic_distribution(view_of: MakeView, distribution: str | None, hints: Any) -> None:
    first = run(view_of, service(trafficDistribution=distribution), [pod(0), pod(1, ready=False)])
    assert [endpoint.get("hints") for endpoint in only(first)["endpoints"]] == [hints, None]
    before = slices_after(first)
    again = run(view_of, service(trafficDistribution=distribution), [pod(0), pod(1, ready=False)], before.values())
    assert again.changes == ()
    if hints:
        (change,) = run(view_of, service(), [pod(0), pod(1, ready=False)], before.values()).changes
        assert isinstance(change, Update)
        assert "hints" not in change.object["endpoints"][0]


def test_topology_mode_spreads_by_cpu_and_says_when_it_cannot(view_of: MakeView) -> None:
    def node(name: str, zone: str) -> Object:
        status = {"allocatable": {"cpu": "4"}, "conditions": [{"type": "Ready", "status": "True"}]}
        return {"metadata": {"name": name, "labels": {"topology.kubernetes.io/zone": zone}}, "status": status}

    nodes = [node("n1", "z1"), node("n2", "z2")]
    svc = service(meta={"annotations": {"service.kubernetes.io/topology-mode": "Auto"}})
    plan = run(view_of, svc, [pod(n) for n in range(4)], nodes=nodes)
    zones = [e["hints"]["forZones"][0]["name"] for e in slices_after(plan).popitem()[1]["endpoints"]]
    assert sorted(zones) == ["z1", "z1", "z2", "z2"]
    (told,) = (change for change in plan.changes if isinstance(change, Emit))
    assert told.note.message == "Topology Aware Hints has been enabled, addressType: IPv4"
    (told,) = (c for c in run(view_of, svc, [pod(0)], nodes=nodes).changes if isinstance(c, Emit))
    assert told.note.message == "Insufficient number of endpoints (1 endpoints, 2 zones), addressType: IPv4"


@given(st.sets(st.integers(0, 80)), st.sets(st.integers(0, 80)), st.integers(1, 20))
def test_packing_holds_exactly_what_is_wanted_and_touches_little(old: set[int], new: set[int], limit: int) -> None:
    template: Object = {"metadata": {"labels": {}}, "endpoints": []}

    def desired(numbers: set[int]) -> dict[tuple[str, ...], Object]:
        made = ({"addresses": [f"10.0.0.{n}"]} for n in numbers)
        return {("", "", "", endpoint["addresses"][0]): endpoint for endpoint in made}

    first = pack([], desired(old), template, limit)
    before = [{**s, "metadata": {"name": f"s{i}", "labels": {}}} for i, s in enumerate(first.create)]
    result = pack(before, desired(new), template, limit)
    after = [*result.create, *result.update, *result.unchanged]
    held = sorted(endpoint["addresses"][0] for s in after for endpoint in s["endpoints"])
    assert held == sorted(f"10.0.0.{n}" for n in new)
    assert all(len(s["endpoints"]) <= limit for s in after)
    assert len(result.update) + len(result.create) + len(result.delete) <= len(old ^ new)
    if old == new:
        assert len(result.unchanged) == len(before)


def legacy(view_of: MakeView, svc: Object, pods: Iterable[Object], current: Iterable[Object] = ()) -> Plan:
    view = view_of(endpoints.CONTROLLER, services=[svc], pods=list(pods), endpoints=list(current))
    return endpoints.CONTROLLER.reconcile(view, KEY, 0.0)


def test_endpoints_split_ready_from_not_ready(view_of: MakeView) -> None:
    (create,) = legacy(view_of, service(), [pod(1), pod(0, ready=False), pod(2, leaving=True)]).changes
    assert isinstance(create, Create)
    made = create.object
    assert made["metadata"]["labels"] == {
        "service.kubernetes.io/headless": "",
        "endpoints.kubernetes.io/managed-by": "endpoint-controller",
    }
    (subset,) = made["subsets"]
    assert [a["hostname"] for a in subset["addresses"]] == ["web-1"]
    assert [a["ip"] for a in subset["notReadyAddresses"]] == ["10.0.0.1"]
    assert not legacy(view_of, service(), [pod(1), pod(0, ready=False), pod(2, leaving=True)], [made]).changes


def test_endpoints_are_cut_at_a_thousand_ready_ones_first(view_of: MakeView) -> None:
    pods = [pod(n, ready=n >= 300) for n in range(1200)]
    (create,) = legacy(view_of, service(), pods).changes
    assert isinstance(create, Create)
    made = create.object
    assert made["metadata"]["annotations"]["endpoints.kubernetes.io/over-capacity"] == "truncated"
    (subset,) = made["subsets"]
    assert (len(subset["addresses"]), len(subset["notReadyAddresses"])) == (900, 100)


def test_endpoints_of_a_gone_service_go_if_they_are_ours(view_of: MakeView) -> None:
    def after(labels: Any) -> int:
        view = view_of(
            endpoints.CONTROLLER, endpoints=[{"metadata": {"name": "web", "namespace": "d", "labels": labels}}]
        )
        return len(endpoints.CONTROLLER.reconcile(view, KEY, 0.0).changes)

    assert after({"endpoints.kubernetes.io/managed-by": "endpoint-controller"}) == 1
    assert after({}) == 0


ADDRESSES = st.lists(st.tuples(st.integers(1, 9), st.booleans(), st.integers(80, 83)), max_size=12)


@given(ADDRESSES)
def test_repacking_is_stable_and_loses_nothing(addresses: list[tuple[int, bool, int]]) -> None:
    subsets = [
        {"addresses" if ready else "notReadyAddresses": [{"ip": f"10.0.0.{n}"}], "ports": [{"port": port}]}
        for n, ready, port in addresses
    ]
    packed = endpoints.repack(subsets)
    assert endpoints.repack(packed) == packed
    pairs = {
        (a["ip"], p["port"])
        for s in packed
        for a in (*s.get("addresses", ()), *s.get("notReadyAddresses", ()))
        for p in s["ports"]
    }
    assert pairs == {(f"10.0.0.{n}", port) for n, _, port in addresses}
    unready = {(f"10.0.0.{n}", port) for n, ready, port in addresses if not ready}
    for s in packed:
        assert not unready & {(a["ip"], p["port"]) for a in s.get("addresses", ()) for p in s["ports"]}


HAND_MADE = {
    "metadata": {"name": "web", "namespace": "d", "uid": "E", "labels": {"a": "b"}, "annotations": {"c": "d"}},
    "subsets": [
        {
            "addresses": [{"ip": "192.0.2.1", "hostname": "x"}, {"ip": "2001:db8::1"}],
            "notReadyAddresses": [{"ip": "192.0.2.2"}, {"ip": "nonsense"}],
            "ports": [{"name": "http", "port": 80, "protocol": "TCP"}],
        }
    ],
}


def mirrored(view_of: MakeView, svc: Object | None, hand_made: Object | None, slices: Iterable[Object] = ()) -> Plan:
    view = view_of(
        endpointslicemirroring.CONTROLLER,
        services=[svc] if svc else [],
        endpoints=[hand_made] if hand_made else [],
        endpointslices=list(slices),
    )
    return endpointslicemirroring.CONTROLLER.reconcile(view, KEY, 0.0)


def test_hand_made_endpoints_are_mirrored_by_family(view_of: MakeView) -> None:
    plan = mirrored(view_of, service(selector=None), HAND_MADE)
    made = {s["addressType"]: s for s in slices_after(plan).values()}
    assert [e["conditions"]["ready"] for e in made["IPv4"]["endpoints"]] == [True, False]
    assert made["IPv4"]["endpoints"][0]["hostname"] == "x"
    assert made["IPv6"]["metadata"]["labels"] == {
        "a": "b",
        "kubernetes.io/service-name": "web",
        "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io",
    }
    assert made["IPv6"]["metadata"]["annotations"] == {"c": "d"}
    (told,) = (change for change in plan.changes if isinstance(change, Emit))
    assert told.note.message == "Skipped 1 invalid IP addresses when mirroring to EndpointSlices"
    again = mirrored(view_of, service(selector=None), HAND_MADE, slices_after(plan).values())
    assert [type(change) for change in again.changes] == [Emit]


@pytest.mark.parametrize(
    ("svc", "hand_made"),
    [
        (None, HAND_MADE),
        (service(), HAND_MADE),
        (service(selector=None), None),
        (
            service(selector=None),
            put(HAND_MADE, ("metadata", "labels"), {"endpointslice.kubernetes.io/skip-mirror": "true"}),
        ),
        (
            service(selector=None),
            put(HAND_MADE, ("metadata", "annotations"), {"control-plane.alpha.kubernetes.io/leader": ""}),
        ),
    ],
)
def test_mirrors_go_with_what_they_mirror(view_of: MakeView, svc: Object | None, hand_made: Object | None) -> None:
    before = slices_after(mirrored(view_of, service(selector=None), HAND_MADE))
    plan = mirrored(view_of, svc, hand_made, before.values())
    assert [type(change) for change in plan.changes] == [Delete, Delete]


def test_a_changed_port_is_an_update_of_the_mirror(view_of: MakeView) -> None:
    before = slices_after(mirrored(view_of, service(selector=None), HAND_MADE))
    changed = {**HAND_MADE, "subsets": [{**HAND_MADE["subsets"][0], "ports": [{"name": "http", "port": 81}]}]}
    plan = mirrored(view_of, service(selector=None), changed, before.values())
    assert [type(c) for c in plan.changes if not isinstance(c, Emit)] == [Update, Update]


def test_what_is_not_mirrored_is_told_once_for_each_state(view_of: MakeView) -> None:
    controller = endpointslicemirroring.CONTROLLER
    view = view_of(controller, services=[service(selector=None)], endpoints=[HAND_MADE])
    for state, told in ((HAND_MADE, 1), (HAND_MADE, 0), ({**HAND_MADE, "apiVersion": "v1"}, 1)):
        if state is not HAND_MADE:
            view.cache(ENDPOINTS).put({**state, "kind": "Endpoints"})
        plan = controller.reconcile(view, KEY, 0.0)
        view.remember(KEY, plan.remember)
        assert sum(isinstance(change, Emit) for change in plan.changes) == told


MIRROR = "endpointslicemirroring-controller.k8s.io"


@pytest.mark.parametrize(
    ("labels", "values"),
    [
        ({"endpointslice.kubernetes.io/managed-by": MIRROR, "kubernetes.io/service-name": "web"}, ["d/web"]),
        ({"endpointslice.kubernetes.io/managed-by": "other", "kubernetes.io/service-name": "web"}, []),
        ({"endpointslice.kubernetes.io/managed-by": MIRROR, "kubernetes.io/service-name": ""}, []),
        ({"endpointslice.kubernetes.io/managed-by": MIRROR}, []),
        ({"kubernetes.io/service-name": "web"}, []),
        ({}, []),
    ],
)
def test_only_mirrors_of_a_service_concern_the_mirroring(
    view_of: MakeView, labels: dict[str, str], values: list[str]
) -> None:
    slice_ = {"metadata": {"name": "s", "namespace": "d", "labels": labels}}
    assert list(endpointslicemirroring.mirrored_service(slice_)) == values
    controller = endpointslicemirroring.CONTROLLER
    (keys,) = (watch.keys for watch in controller.watches if watch.resource == ENDPOINTSLICE)
    view = view_of(controller)
    bare = {"metadata": {"name": "s", "namespace": "d"}}
    for old, new in ((None, slice_), (slice_, None), (bare, slice_), (slice_, bare)):
        assert [f"{key.namespace}/{key.name}" for key in keys(view, old, new)] == values


def test_slices_are_as_large_as_the_setting_says(view_of: MakeView) -> None:
    view = view_of(
        CONTROLLER,
        ControllersConfig(max_endpoints_per_slice=2),
        services=[service()],
        pods=[pod(n) for n in range(5)],
        nodes=[NODE],
    )
    made = slices_after(CONTROLLER.reconcile(view, KEY, 0.0))
    assert [len(s["endpoints"]) for s in made.values()] == [2, 2, 1]
