"""What is wrong with resources of a pod as a whole, in the words of the real server."""

from collections.abc import Callable
from typing import Any

import pytest

Refuse = Callable[..., None]

# What a pod has beside its one container, and how each fault begins.
FAULTS = [
    (
        {"resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}},
        ['spec.resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1'],
    ),
    (
        {"resources": {"requests": {"ephemeral-storage": "1"}}},
        ['spec.resources.requests[ephemeral-storage]: Unsupported value: "ephemeral-storage": supported'],
    ),
    (
        {"resources": {"claims": [{"name": ""}, {"name": "a"}], "limits": {"cpu": "1"}}},
        [
            "spec.resources.claims: Forbidden: claims may not be set for Resources at pod-level",
            "spec.resources.claims[0]: Required value",
            'spec.resources.claims[1]: Not found: "a": must be one of the names in pod.spec.resourceClaims',
        ],
    ),
    (
        {
            "resources": {"requests": {"cpu": "1"}, "limits": {"cpu": "1"}},
            "containers": [
                {"name": "c", "image": "i", "resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "2"}}}
            ],
        },
        [
            'spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate',
            'spec.resources.containers[0][cpu].limits: Invalid value: "2": must be less than or equal to pod',
        ],
    ),
    (
        {"os": {"name": "windows"}, "resources": {"limits": {"cpu": "1"}}},
        ["spec.resources: Forbidden: may not be set for a windows pod"],
    ),
]


@pytest.mark.parametrize(("spec", "expected"), FAULTS)
def test_faults(refuse: Refuse, spec: dict[str, Any], expected: list[str]) -> None:
    refuse("v1", "Pod", {"spec": {"containers": [{"name": "c", "image": "i"}], **spec}}, expected)
