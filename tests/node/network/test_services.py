"""Which endpoints stand behind a port, as one node sees them."""

from typing import Any

import pytest

from eachpod.model.objects import Object
from eachpod.node.network.services import Endpoint, Place, service_ports

HERE = Place("here", "zone-a")


def service(**spec: Any) -> Object:
    status = spec.pop("status", {})
    base = {"clusterIP": "10.247.0.1", "ports": [{"name": "web", "port": 443, "targetPort": 8443}]}
    return {"metadata": {"namespace": "ns", "name": "svc"}, "spec": base | spec, "status": status}


def endpoint(address: str, node: str = "other", **more: Any) -> Object:
    return {"addresses": [address], "nodeName": node, "conditions": {"ready": True}, **more}


def slice_of(*endpoints: Object, kind: str = "IPv4", port: Any = 8443, name: str = "web") -> Object:
    return {
        "metadata": {"namespace": "ns", "name": "svc-1", "labels": {"kubernetes.io/service-name": "svc"}},
        "addressType": kind,
        "ports": [{"name": name, "port": port, "protocol": "TCP"}],
        "endpoints": list(endpoints),
    }


def chosen(svc: Object, *slices: Object) -> tuple[list[str], list[str]]:
    [port] = service_ports([svc], slices, HERE, v6=False)
    return [each.address for each in port.inside], [each.address for each in port.outside]


def test_a_ports_endpoints_are_found_by_its_name_and_have_the_pods_port() -> None:
    [port] = service_ports([service()], [slice_of(endpoint("10.0.0.1", "here"))], HERE, v6=False)
    assert (port.port, port.inside) == (443, (Endpoint("10.0.0.1", 8443, True),))
    assert chosen(service(), slice_of(endpoint("10.0.0.1"), name="other")) == ([], [])


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([(True, True, False), (False, True, True)], ["10.0.0.0"]),
        ([(False, True, True), (False, False, True)], ["10.0.0.0"]),
        ([(False, True, False)], []),
        ([(None, None, None)], ["10.0.0.0"]),
    ],
)
def test_ready_ones_first_then_those_that_end_and_still_serve(states: list[Any], expected: list[str]) -> None:
    endpoints = [
        endpoint(f"10.0.0.{at}") | {"conditions": {"ready": ready, "serving": serving, "terminating": ending}}
        for at, (ready, serving, ending) in enumerate(states)
    ]
    assert chosen(service(), slice_of(*endpoints))[0] == expected


def test_a_local_policy_keeps_traffic_on_the_node() -> None:
    both = slice_of(endpoint("10.0.0.1", "here"), endpoint("10.0.0.2"))
    assert chosen(service(internalTrafficPolicy="Local"), both) == (["10.0.0.1"], ["10.0.0.1", "10.0.0.2"])
    assert chosen(service(externalTrafficPolicy="Local"), both) == (["10.0.0.1", "10.0.0.2"], ["10.0.0.1"])
    [port] = service_ports([service(internalTrafficPolicy="Local")], [slice_of(endpoint("10.0.0.2"))], HERE, v6=False)
    assert (port.inside, port.has_endpoints, port.inside_local_only) == ((), True, True)


def test_hints_count_only_when_every_endpoint_has_them() -> None:
    here = endpoint("10.0.0.1", hints={"forZones": [{"name": "zone-a"}]})
    there = endpoint("10.0.0.2", hints={"forZones": [{"name": "zone-b"}]})
    assert chosen(service(), slice_of(here, there))[0] == ["10.0.0.1"]
    assert chosen(service(), slice_of(here, endpoint("10.0.0.3")))[0] == ["10.0.0.1", "10.0.0.3"]
    assert chosen(service(), slice_of(there))[0] == ["10.0.0.2"]
    node = endpoint("10.0.0.4", hints={"forNodes": [{"name": "here"}]})
    other = endpoint("10.0.0.5", hints={"forNodes": [{"name": "other"}]})
    assert chosen(service(), slice_of(node, other))[0] == ["10.0.0.4"]


@pytest.mark.parametrize(
    "odd",
    [
        service(clusterIP="None"),
        service(clusterIP=""),
        service(type="ExternalName"),
        service(ports=[{"port": 80, "protocol": "ICMP"}]),
        service(ports=[{"port": 0}]),
        {"metadata": {"namespace": "ns", "name": "a b; flush"}, "spec": service()["spec"]},
    ],
)
def test_what_cannot_be_served_is_left_out_and_the_rest_stays(odd: Object) -> None:
    good = service() | {"metadata": {"namespace": "ns", "name": "good"}}
    assert [port.name for port in service_ports([odd, good], [], HERE, v6=False)] == ["good"]


def test_one_bad_address_or_port_does_not_take_the_others_along() -> None:
    slices = (
        slice_of(endpoint("10.0.0.1"), endpoint("None"), endpoint("fd00::1")),
        slice_of(endpoint("10.0.0.9"), port=None),
    )
    assert chosen(service(), *slices)[0] == ["10.0.0.1"]


def test_families_are_apart() -> None:
    dual = service(clusterIPs=["10.247.0.1", "fd00::1"], externalIPs=["1.2.3.4", "fd00::9"])
    slices = [slice_of(endpoint("10.0.0.1")), slice_of(endpoint("fd00:2::1"), kind="IPv6")]
    [v4] = service_ports([dual], slices, HERE, v6=False)
    [v6] = service_ports([dual], slices, HERE, v6=True)
    assert (v4.cluster_ip, v4.external_ips, v4.inside[0].address) == ("10.247.0.1", ("1.2.3.4",), "10.0.0.1")
    assert (v6.cluster_ip, v6.external_ips, v6.inside[0].address) == ("fd00::1", ("fd00::9",), "fd00:2::1")


def test_balancer_addresses_and_affinity() -> None:
    ingress = [{"ip": "1.1.1.1"}, {"ip": "2.2.2.2", "ipMode": "Proxy"}, {"hostname": "x"}]
    svc = service(
        sessionAffinity="ClientIP",
        sessionAffinityConfig={"clientIP": {"timeoutSeconds": 7}},
        status={"loadBalancer": {"ingress": ingress}},
    )
    [port] = service_ports([svc], [], HERE, v6=False)
    assert (port.balancer_ips, port.affinity_seconds) == (("1.1.1.1",), 7)
    [default] = service_ports([service(sessionAffinity="ClientIP")], [], HERE, v6=False)
    assert default.affinity_seconds == 10800
