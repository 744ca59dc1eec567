"""What is wrong with a Lease, in the words of the real server."""

from collections.abc import Callable
from typing import Any

import pytest

Refuse = Callable[..., None]

FAULTS = [
    (
        {"spec": {"leaseDurationSeconds": 0, "leaseTransitions": -1, "holderIdentity": ""}},
        [
            "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
            "spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0",
        ],
    ),
]


@pytest.mark.parametrize(("body", "expected"), FAULTS)
def test_faults(refuse: Refuse, body: dict[str, Any], expected: list[str]) -> None:
    refuse("coordination.k8s.io/v1", "Lease", body, expected)
