"""What an apply configuration may not hold, in the words of the real server."""

from typing import Any

import pytest

from eachpod.model.patch.typed import faults


def service(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "labels": {"a": None}}, "spec": spec}


def test_what_fits() -> None:
    ports = [{"port": 80, "targetPort": "web"}, {"port": 80, "protocol": "UDP", "targetPort": 1}, {"port": 81.0}]
    assert faults(service(ports=ports, selector={"a": "b"}, externalIPs=["1.2.3.4"]), "core/v1.Service") == []


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (
            {"ports": [{"port": "x"}], "zz": 1, "selector": [1], "type": 5},
            [
                '.spec.ports[port="x",protocol="TCP"].port: expected numeric (int or float), got string',
                ".spec.selector: expected map, got &{[1]}",
                ".spec.type: expected string, got &value.valueUnstructured{Value:5}",
                ".spec.zz: field not declared in schema",
            ],
        ),
        ({"ports": 5}, [".spec.ports: expected list, got &{5}"]),
        ({"ports": [7]}, [".spec.ports: element 0: associative list with keys may not have non-map elements"]),
        (
            {"ports": [{"port": 80, "name": "a"}, {"port": 80, "name": "b"}]},
            ['.spec.ports: duplicate entries for key [port=80,protocol="TCP"]'],
        ),
        (
            {"publishNotReadyAddresses": "x", "externalIPs": [1.5]},
            [
                ".spec.externalIPs[0]: expected string, got &value.valueUnstructured{Value:1.5}",
                ".spec.publishNotReadyAddresses: expected boolean, got &{x}",
            ],
        ),
        (
            {"selector": {"a": True}},
            [".spec.selector.a: expected string, got &value.valueUnstructured{Value:true}"],
        ),
    ],
)
def test_what_does_not_fit(spec: dict[str, Any], told: list[str]) -> None:
    assert faults(service(**spec), "core/v1.Service") == told


def test_an_item_of_a_set_that_is_there_twice() -> None:
    told = '.metadata.finalizers: duplicate entries for key [="a"]'
    assert faults({"metadata": {"finalizers": ["a", "b", "a"]}}, "core/v1.Service") == [told]


def test_a_struct_that_is_none() -> None:
    assert faults({"spec": 7}, "core/v1.Service") == [".spec: expected map, got &{7}"]
