"""What is wrong with a PriorityClass and a RuntimeClass, in the words of the real server."""

from collections.abc import Callable
from typing import Any

import pytest

Refuse = Callable[..., None]

PRIORITY_CLASS = [
    ({"value": 2000000000}, ["value: Forbidden: maximum allowed value of a user defined priority is 1000000000"]),
    (
        {"value": 1, "preemptionPolicy": "Odd"},
        ['preemptionPolicy: Unsupported value: "Odd": supported values: "PreemptLowerPriority", "Never"'],
    ),
]


RUNTIME_CLASS = [
    ({"handler": "Bad_"}, ['handler: Invalid value: "Bad_": a lowercase RFC 1123 label must consist of lower case']),
    (
        {"handler": "h", "overhead": {"podFixed": {"cpu": "-1"}}},
        ['overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0'],
    ),
    (
        {"handler": "h", "overhead": {"podFixed": {"foo": "1"}}},
        [
            'overhead.limits[foo]: Invalid value: "foo": must be a standard resource type or fully qualified',
            'overhead.limits[foo]: Invalid value: "foo": must be a standard resource for containers',
        ],
    ),
]


@pytest.mark.parametrize(("body", "expected"), PRIORITY_CLASS)
def test_priority_class(refuse: Refuse, body: dict[str, Any], expected: list[str]) -> None:
    refuse("scheduling.k8s.io/v1", "PriorityClass", body, expected)


@pytest.mark.parametrize(("body", "expected"), RUNTIME_CLASS)
def test_runtime_class(refuse: Refuse, body: dict[str, Any], expected: list[str]) -> None:
    refuse("node.k8s.io/v1", "RuntimeClass", body, expected)
