"""Variables, expansion and the downward API."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.node.downward import FieldFault, Place, field_value, resource_value
from eachpod.node.env import EnvironmentFault, Sources, environment, needed
from eachpod.node.expansion import expand
from eachpod.node.serviceenv import service_variables

POD: dict[str, Any] = {
    "metadata": {"name": "p", "namespace": "ns", "uid": "u", "labels": {"b": 'say "x"', "a": "1"}},
    "spec": {"nodeName": "n", "serviceAccountName": "sa"},
}
PLACE = Place(("192.168.0.5",), ("10.0.0.2", "fd00::2"), {"cpu": "4", "memory": "8Gi"})
NOTHING = Sources({}, {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$(A)", "x"), ("$$(A)", "$(A)"), ("$$$(A)", "$x"), ("$(B)", "$(B)"), ("$A", "$A"), ("$", "$"),
        ("a$$b", "a$b"), ("$(A", "$(A"), ("$(A)$(A)", "xx"), ("$()", "$()"),
    ],
)  # fmt: skip
def test_expansion(text: str, expected: str) -> None:
    assert expand(text, {"A": "x"}) == expected


@given(st.text(alphabet="abc()=", max_size=20))
def test_text_without_a_dollar_stays(text: str) -> None:
    assert expand(text, {"a": "x"}) == text


def test_the_order_of_variables() -> None:
    sources = Sources(
        {"m": {"data": {"A": "map", "B": "map"}}}, {"s": {"data": {"B": base64.b64encode(b"secret").decode()}}}
    )
    container = {
        "envFrom": [{"configMapRef": {"name": "m"}}, {"prefix": "P_", "secretRef": {"name": "s"}}],
        "env": [
            {"name": "A", "value": "own"},
            {"name": "C", "value": "$(A)-$(P_B)-$(SVC)-$(D)"},
            {"name": "D", "value": "later"},
            {"name": "N", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        ],
    }
    found = environment(POD, container, sources, {"SVC": "s", "A": "hidden"}, PLACE)
    assert found == {
        "A": "own", "B": "map", "P_B": "secret", "C": "own-secret-s-$(D)", "D": "later", "N": "p", "SVC": "s",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"configMapKeyRef": {"name": "m", "key": "z"}}, "couldn't find key z in ConfigMap ns/m"),
        ({"secretKeyRef": {"name": "gone", "key": "z"}}, 'secret "gone" not found'),
        ({"fieldRef": {"fieldPath": "spec.nope"}}, "unsupported fieldPath: spec.nope"),
    ],
)
def test_what_is_missing_is_named(source: dict[str, Any], message: str) -> None:
    container = {"env": [{"name": "A", "valueFrom": source}]}
    with pytest.raises(EnvironmentFault, match=message):
        environment(POD, container, Sources({"m": {"data": {}}}, {"gone": None}), {}, PLACE)


def test_what_is_optional_may_be_missing() -> None:
    container = {
        "envFrom": [{"configMapRef": {"name": "gone", "optional": True}}],
        "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "gone", "key": "k", "optional": True}}}],
    }
    assert environment(POD, container, Sources({"gone": None}, {"gone": None}), {}, PLACE) == {}
    assert needed(container) == ({"gone"}, {"gone"})


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("metadata.labels['a']", "1"), ("metadata.labels", 'a="1"\nb="say \\"x\\""'), ("metadata.annotations", ""),
        ("status.podIP", "10.0.0.2"), ("status.podIPs", "10.0.0.2,fd00::2"), ("status.hostIP", "192.168.0.5"),
        ("spec.nodeName", "n"), ("metadata.annotations['none']", ""),
    ],
)  # fmt: skip
def test_fields(path: str, expected: str) -> None:
    assert field_value(POD, path, PLACE) == expected


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        ({"resource": "limits.cpu"}, "2"),
        ({"resource": "requests.cpu", "divisor": "1m"}, "250"),
        ({"resource": "requests.cpu"}, "1"),
        ({"resource": "limits.memory", "divisor": "1Mi"}, "8192"),
        ({"resource": "requests.memory"}, "0"),
    ],
)
def test_resources_are_divided_and_rounded_up(ref: dict[str, Any], expected: str) -> None:
    container = {"name": "c", "resources": {"limits": {"cpu": "1500m"}, "requests": {"cpu": "250m"}}}
    assert resource_value(POD, container, ref, PLACE) == expected


def test_an_unknown_resource_is_refused() -> None:
    with pytest.raises(FieldFault):
        resource_value(POD, {"name": "c"}, {"resource": "cpu"}, PLACE)


def service(name: str, namespace: str, address: str) -> dict[str, Any]:
    ports = [{"name": "web", "port": 80, "protocol": "TCP"}]
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {"clusterIP": address, "ports": ports}}


SERVICES = [
    service("kubernetes", "default", "10.247.0.1"), service("my-db", "ns", "10.247.0.9"),
    service("headless", "ns", "None"), service("other", "elsewhere", "10.247.0.8"),
]  # fmt: skip


def test_variables_of_services() -> None:
    found = service_variables(SERVICES, "ns", links=True)
    assert found["MY_DB_SERVICE_HOST"] == "10.247.0.9"
    assert found["MY_DB_SERVICE_PORT_WEB"] == "80"
    assert found["MY_DB_PORT"] == found["MY_DB_PORT_80_TCP"] == "tcp://10.247.0.9:80"
    assert found["KUBERNETES_SERVICE_HOST"] == "10.247.0.1"
    assert not any(name.startswith(("HEADLESS", "OTHER")) for name in found)


def test_without_links_only_kubernetes_remains() -> None:
    found = service_variables(SERVICES, "ns", links=False)
    assert {name.split("_")[0] for name in found} == {"KUBERNETES"}
