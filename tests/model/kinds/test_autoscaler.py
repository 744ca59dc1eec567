"""What is wrong with a HorizontalPodAutoscaler, in the words of the real server."""

from collections.abc import Callable
from typing import Any

import pytest

Refuse = Callable[..., None]

FAULTS = [
    (
        {
            "minReplicas": -1,
            "maxReplicas": -2,
            "scaleTargetRef": {"kind": "ReplicationController", "name": "r", "apiVersion": "v1"},
        },
        [
            "spec.maxReplicas: Invalid value: -2: must be greater than or equal to `minReplicas`",
            "spec.minReplicas: Invalid value: -1: must be greater than or equal to 0",
            "spec.maxReplicas: Invalid value: -2: must be greater than or equal to 1",
        ],
    ),
    (
        {"maxReplicas": 0, "scaleTargetRef": {}},
        [
            "spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`",
            "spec.scaleTargetRef.kind: Required value",
            "spec.scaleTargetRef.name: Required value",
            'spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group',
            "spec.maxReplicas: Required value",
        ],
    ),
    (
        {"minReplicas": 5, "maxReplicas": 3, "scaleTargetRef": {"kind": "A/B", "name": "Bad/", "apiVersion": "a/b/c"}},
        [
            "spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`",
            "spec.scaleTargetRef.kind: Invalid value: \"A/B\": may not contain '/'",
            "spec.scaleTargetRef.name: Invalid value: \"Bad/\": may not contain '/'",
            'spec.scaleTargetRef.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
        ],
    ),
    (
        {
            "maxReplicas": 3,
            "scaleTargetRef": {"kind": "Deployment", "name": "d", "apiVersion": "apps/v1"},
            "metrics": [
                {"type": "Odd"},
                {"type": "Resource"},
                {"type": "Resource", "resource": {"name": "", "target": {"type": "Utilization"}}},
            ],
        },
        ["spec.metrics[1].resource: Required value: must populate information for the given metric source"],
    ),
]


@pytest.mark.parametrize(("spec", "expected"), FAULTS)
def test_faults(refuse: Refuse, spec: dict[str, Any], expected: list[str]) -> None:
    refuse("autoscaling/v2", "HorizontalPodAutoscaler", {"spec": spec}, expected)
