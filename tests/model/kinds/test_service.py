"""Services: addresses, families and node ports from creation over changes."""

from typing import Any

import pytest

from eachpod.model.services.families import settle

PORT = {"port": 80}


@pytest.fixture
def services(of: Any) -> Any:
    return of("v1", "Service")


def settled(services: Any, spec: dict[str, Any], *families: str) -> tuple[dict[str, Any], list[str]]:
    service, errors = settle(services.make(spec), None, families or ("IPv4",))
    return service["spec"], [str(error) for error in errors]


def test_defaults_of_a_headless_service(services: Any) -> None:
    made = services.make({"clusterIP": "None", "selector": {"a": "b"}, "ports": [{"name": "p", "port": 80}]})
    assert made["spec"] == {
        "clusterIP": "None",
        "clusterIPs": ["None"],
        "internalTrafficPolicy": "Cluster",
        "ports": [{"name": "p", "port": 80, "protocol": "TCP", "targetPort": 80}],
        "selector": {"a": "b"},
        "sessionAffinity": "None",
        "type": "ClusterIP",
    }
    assert made["status"] == {"loadBalancer": {}}


@pytest.mark.parametrize(
    ("spec", "families", "expected"),
    [
        ({"clusterIP": "None", "selector": {"a": "b"}}, ("IPv4",), ("SingleStack", ["IPv4"])),
        ({"clusterIP": "None"}, ("IPv4",), ("RequireDualStack", ["IPv4", "IPv6"])),
        ({"clusterIP": "None"}, ("IPv6",), ("RequireDualStack", ["IPv6", "IPv4"])),
        ({"clusterIP": "None", "ipFamilyPolicy": "SingleStack"}, ("IPv4",), ("SingleStack", ["IPv4"])),
        ({"selector": {"a": "b"}}, ("IPv4", "IPv6"), ("SingleStack", ["IPv4"])),
        ({"ipFamilyPolicy": "PreferDualStack"}, ("IPv4",), ("PreferDualStack", ["IPv4"])),
        ({"ipFamilyPolicy": "PreferDualStack"}, ("IPv4", "IPv6"), ("PreferDualStack", ["IPv4", "IPv6"])),
        ({"clusterIP": "10.0.0.1"}, ("IPv4",), ("SingleStack", ["IPv4"])),
    ],
)
def test_families(services: Any, spec: dict[str, Any], families: tuple[str, ...], expected: Any) -> None:
    found, errors = settled(services, {"ports": [PORT], **spec}, *families)
    assert errors == []
    assert (found["ipFamilyPolicy"], found["ipFamilies"]) == expected


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"ipFamilyPolicy": "RequireDualStack"}, "this cluster is not configured for dual-stack services"),
        ({"ipFamilies": ["IPv6"]}, "not configured on this cluster"),
        ({"clusterIP": "2001:db8::1"}, "IPv6 is not configured on this cluster"),
        ({"ipFamilies": ["IPv4", "IPv6"]}, "when multiple IP families are specified"),
        ({"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.2"]}, "first value must match `clusterIP`"),
    ],
)
def test_families_that_do_not_fit(services: Any, spec: dict[str, Any], text: str) -> None:
    _, errors = settled(services, {"ports": [PORT], **spec})
    assert text in errors[0]


@pytest.mark.parametrize(
    ("spec", "texts"),
    [
        ({}, ["spec.ports: Required value"]),
        ({"ports": [PORT, PORT]}, ["ports[0].name: Required value", "ports[1].name: Required", "Duplicate value"]),
        ({"ports": [PORT], "type": "Odd"}, ['spec.type: Unsupported value: "Odd"']),
        ({"type": "ExternalName"}, ["spec.externalName: Required value"]),
        (
            {"type": "ExternalName", "externalName": "x.y", "clusterIP": "None"},
            ["spec.clusterIPs: Forbidden: may not be set for ExternalName services"],
        ),
        (
            {"type": "ExternalName", "externalName": "x.y", "internalTrafficPolicy": "", "ipFamilyPolicy": ""},
            ["spec.ipFamilyPolicy: Forbidden", 'spec.internalTrafficPolicy: Unsupported value: ""'],
        ),
        (
            {"type": "NodePort", "clusterIP": "None", "ports": [PORT]},
            ["spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services"],
        ),
        ({"ports": [{"port": 80, "nodePort": 30000}]}, ["may not be used when `type` is 'ClusterIP'"]),
        ({"ports": [PORT], "externalIPs": ["127.0.0.1"]}, ["may not be in the loopback range"]),
        ({"ports": [PORT], "loadBalancerSourceRanges": ["10.0.0.0/8"]}, ["may only be used when `type` is 'LoadBal"]),
    ],
)
def test_faults(services: Any, spec: dict[str, Any], texts: list[str]) -> None:
    found = services.faults(spec)
    assert len(found) == len(texts), found
    assert all(text in error for text, error in zip(texts, found, strict=True)), found


def stored(services: Any, spec: dict[str, Any]) -> dict[str, Any]:
    service, errors = settle(services.make({"ports": [PORT], **spec}), None, ("IPv4",))
    assert errors == []
    if "clusterIPs" not in service["spec"]:
        service["spec"] |= {"clusterIP": "10.0.0.9", "clusterIPs": ["10.0.0.9"]}
    return service


def test_an_update_without_the_address_keeps_it(services: Any) -> None:
    old = stored(services, {})
    new = services.kind.default({"metadata": old["metadata"], "spec": {"ports": [{"port": 81}]}})
    kept = services.kind.prepare_update(new, old)
    assert kept["spec"]["clusterIPs"] == ["10.0.0.9"]
    headless = stored(services, {"clusterIP": "None"})
    new = services.kind.default({"metadata": old["metadata"], "spec": {"ports": [PORT]}})
    assert services.kind.prepare_update(new, headless)["spec"]["clusterIP"] == "None"


def test_node_ports_follow_their_port_by_name(services: Any) -> None:
    ports = [{"name": "a", "port": 80, "nodePort": 30001}, {"name": "b", "port": 81, "nodePort": 30002}]
    old = stored(services, {"type": "NodePort", "ports": ports})
    wanted = [{"name": "b", "port": 81}, {"name": "a", "port": 80}]
    new = services.kind.default({"metadata": old["metadata"], "spec": {"type": "NodePort", "ports": wanted}})
    kept = services.kind.prepare_update(new, old)
    assert [port["nodePort"] for port in kept["spec"]["ports"]] == [30002, 30001]


def test_going_to_external_name_drops_what_is_not_needed(services: Any) -> None:
    old = stored(services, {})
    body = {**old["spec"], "type": "ExternalName", "externalName": "x.example.com"}
    new = services.kind.prepare_update(services.kind.default({"metadata": old["metadata"], "spec": body}), old)
    assert not {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"} & set(new["spec"])
    assert services.kind.validate_update(new, old) == []


def test_the_address_is_immutable(services: Any) -> None:
    old = stored(services, {})
    new = {**old, "spec": {**old["spec"], "clusterIP": "None", "clusterIPs": ["None"]}}
    assert services.change_faults(old, new) == ['spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set']


@pytest.mark.parametrize(
    ("spec", "cells"),
    [
        ({"clusterIP": "None"}, ["ClusterIP", "None", "<none>", "80/TCP"]),
        (
            {"type": "NodePort", "ports": [{"port": 80, "nodePort": 30001}]},
            ["NodePort", "<none>", "<none>", "80:30001/TCP"],
        ),
        ({"type": "LoadBalancer"}, ["LoadBalancer", "<none>", "<pending>", "80/TCP"]),
        (
            {"type": "ExternalName", "externalName": "x.y", "ports": []},
            ["ExternalName", "<none>", "x.y", "<none>"],
        ),
        ({"externalIPs": ["192.0.2.1", "192.0.2.2"]}, ["ClusterIP", "<none>", "192.0.2.1,192.0.2.2", "80/TCP"]),
    ],
)
def test_row(services: Any, spec: dict[str, Any], cells: list[str]) -> None:
    assert services.kind.row(services.make({"ports": [PORT], **spec}), 0.0)[1:5] == cells


def test_warnings_for_headless_services(services: Any) -> None:
    made = services.make({"clusterIP": "None", "externalIPs": ["192.0.2.1"], "sessionAffinity": "ClientIP"})
    assert services.kind.warnings(made, None) == [
        "spec.externalIPs is ignored for headless services",
        "spec.SessionAffinity is ignored for headless services",
    ]
