"""Device claims: as much of them as drivers and kube-scheduler need to be there."""

from collections.abc import Callable
from typing import Any

import pytest


def test_a_request_without_a_mode_asks_for_one_device(of: Callable[..., Any]) -> None:
    choice = {"name": "some", "firstAvailable": [{"name": "all", "deviceClassName": "gpu", "allocationMode": "All"}]}
    claim = of("resource.k8s.io/v1", "ResourceClaim").make({"devices": {"requests": [*_copied(), choice]}})
    one, first = claim["spec"]["devices"]["requests"]
    assert one["exactly"] == {"deviceClassName": "gpu", "allocationMode": "ExactCount", "count": 1}
    assert first["firstAvailable"] == [{"name": "all", "deviceClassName": "gpu", "allocationMode": "All"}]
    assert claim["status"] == {}


def test_a_request_names_a_class_and_stays_as_it_is(of: Callable[..., Any]) -> None:
    bench = of("resource.k8s.io/v1", "ResourceClaim")
    assert bench.faults({"devices": {"requests": [{"name": "gpu", "exactly": {}}]}}) == [
        "spec.devices.requests[0].exactly.deviceClassName: Required value"
    ]
    held = bench.make({"devices": {"requests": _copied()}})
    assert "field is immutable" in bench.change_faults(held, {**held, "spec": {}})[0]


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        ({}, "pending"),
        ({"status": {"allocation": {"devices": {}}}}, "allocated"),
        ({"status": {"allocation": {"devices": {}}, "reservedFor": [{"name": "web-0"}]}}, "allocated,reserved"),
        ({"metadata": {"name": "x", "deletionTimestamp": "2026-01-01T00:00:00Z"}}, "deleted"),
    ],
)
def test_a_claim_shows_how_far_it_is(of: Callable[..., Any], more: dict[str, Any], shown: str) -> None:
    bench = of("resource.k8s.io/v1", "ResourceClaim")
    assert bench.kind.row({**bench.make({}), **more}, 0.0)[1] == shown


def _copied() -> list[dict[str, Any]]:
    return [{"name": "gpu", "exactly": {"deviceClassName": "gpu"}}]
