"""What is wrong with a ServiceCIDR and an IPAddress, in the words of the real server."""

from collections.abc import Callable
from typing import Any

import pytest

Refuse = Callable[..., None]

SERVICECIDR = [
    ({"cidrs": []}, ["spec.cidrs: Required value: at least one CIDR required"]),
    ({"cidrs": ["x"]}, ['spec.cidrs[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or']),
    (
        {"cidrs": ["10.0.0.0/24", "10.1.0.0/24"]},
        ['spec: Invalid value: ["10.0.0.0/24","10.1.0.0/24"]: may only hold up to 2 values, one for each'],
    ),
    (
        {"cidrs": ["10.0.0.1/24"]},
        ['spec.cidrs[0]: Invalid value: "10.0.0.1/24": must not have bits set beyond the prefix length'],
    ),
    (
        {"cidrs": ["10.0.0.0/24", "fd00::/64", "10.2.0.0/24"]},
        ['spec: Invalid value: ["10.0.0.0/24","fd00::/64","10.2.0.0/24"]: may only hold up to 2 values,'],
    ),
]


IP_ADDRESS = [
    ({}, ["spec.parentRef: Required value"]),
]


@pytest.mark.parametrize(("spec", "expected"), SERVICECIDR)
def test_servicecidr(refuse: Refuse, spec: dict[str, Any], expected: list[str]) -> None:
    refuse("networking.k8s.io/v1", "ServiceCIDR", {"spec": spec}, expected)


@pytest.mark.parametrize(("body", "expected"), IP_ADDRESS)
def test_ip_address(refuse: Refuse, body: dict[str, Any], expected: list[str]) -> None:
    refuse("networking.k8s.io/v1", "IPAddress", body, expected)
