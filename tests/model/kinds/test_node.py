"""The older fields of a Node, and what an update of one is checked for."""

from typing import Any

import pytest


@pytest.fixture
def nodes(of: Any) -> Any:
    return of("v1", "Node").kind


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"podCIDR": "10.0.0.0/24"}, ["10.0.0.0/24"]),
        ({"podCIDR": "10.0.0.0/24", "podCIDRs": ["10.0.1.0/24", "fd00::/64"]}, ["10.0.0.0/24"]),
        ({"podCIDR": "10.0.0.0/24", "podCIDRs": ["10.0.0.0/24", "fd00::/64"]}, ["10.0.0.0/24", "fd00::/64"]),
        ({"podCIDRs": ["10.0.1.0/24"]}, ["10.0.1.0/24"]),
    ],
)
def test_the_older_field_wins(nodes: Any, sent: dict[str, Any], kept: list[str]) -> None:
    spec = nodes.prepare_create({"spec": sent})["spec"]
    assert (spec["podCIDRs"], spec["podCIDR"]) == (kept, kept[0])


def test_the_external_id_is_of_the_past(nodes: Any) -> None:
    assert nodes.warnings({"spec": {"externalID": "x"}}, None) == [
        "spec.externalID: this field is deprecated, and is unused by Kubernetes"
    ]
    found = nodes.validate_update({"spec": {"externalID": "x"}}, {"spec": {}})
    assert [str(fault) for fault in found] == ["spec.externalID: Forbidden: may not be updated"]


def test_ranges_are_looked_at_in_updates_too(nodes: Any) -> None:
    (fault,) = nodes.validate_update({"spec": {"podCIDRs": ["ok"]}}, {"spec": {}})
    assert str(fault).startswith('spec.podCIDRs[0]: Invalid value: "ok": must be a valid CIDR value')
