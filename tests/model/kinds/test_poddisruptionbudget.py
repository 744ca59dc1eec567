"""What is wrong with a PodDisruptionBudget, in the words of the real server."""

from collections.abc import Callable
from typing import Any

import pytest

Refuse = Callable[..., None]

FAULTS = [
    ({"minAvailable": 1, "maxUnavailable": 1}, ["spec: Invalid value: "]),
    ({"minAvailable": -1}, ["spec.minAvailable: Invalid value: -1: must be greater than or equal to 0"]),
    (
        {"maxUnavailable": "x"},
        ['spec.maxUnavailable: Invalid value: "x": a valid percent string must be a numeric string'],
    ),
    ({"maxUnavailable": "101%"}, ['spec.maxUnavailable: Invalid value: "101%": must not be greater than 100%']),
    (
        {"selector": {"matchLabels": {"a b": "c"}}},
        ['spec.selector.matchLabels: Invalid value: "a b": name part must consist of alphanumeric'],
    ),
    (
        {"unhealthyPodEvictionPolicy": "Odd"},
        ['spec.unhealthyPodEvictionPolicy: Unsupported value: "Odd": supported values: "AlwaysAllow",'],
    ),
]


@pytest.mark.parametrize(("spec", "expected"), FAULTS)
def test_faults(refuse: Refuse, spec: dict[str, Any], expected: list[str]) -> None:
    refuse("policy/v1", "PodDisruptionBudget", {"spec": spec}, expected)
