"""What is wrong with a ServiceCIDR, in the words of the real server."""

from collections.abc import Callable
from typing import Any

import pytest

Refuse = Callable[..., None]

FAULTS = [
    (
        {"cidrs": ["x", "y"]},
        [
            'spec.cidrs[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or',
            'spec.cidrs[1]: Invalid value: "y": must be a valid CIDR value, (e.g. 10.9.8.0/24 or',
        ],
    ),
    (
        {"cidrs": ["10.0.0.0/24", "10.0.1.1/24"]},
        [
            'spec.cidrs[1]: Invalid value: "10.0.1.1/24": must not have bits set beyond the prefix length',
            'spec.cidrs: Invalid value: ["10.0.0.0/24","10.0.1.1/24"]: may specify no more than one IP for',
        ],
    ),
    ({"cidrs": []}, ["spec.cidrs: Required value: at least one CIDR required"]),
    ({"cidrs": ["x"]}, ['spec.cidrs[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or']),
    (
        {"cidrs": ["10.0.0.0/24", "10.1.0.0/24"]},
        ['spec.cidrs: Invalid value: ["10.0.0.0/24","10.1.0.0/24"]: may specify no more than one IP for'],
    ),
    (
        {"cidrs": ["10.0.0.1/24"]},
        ['spec.cidrs[0]: Invalid value: "10.0.0.1/24": must not have bits set beyond the prefix length'],
    ),
    ({"cidrs": ["10.0.0.0/24", "fd00::/64", "10.2.0.0/24"]}, ["spec.cidrs: Invalid value: "]),
]


@pytest.mark.parametrize(("spec", "expected"), FAULTS)
def test_faults(refuse: Refuse, spec: dict[str, Any], expected: list[str]) -> None:
    refuse("networking.k8s.io/v1", "ServiceCIDR", {"spec": spec}, expected)
