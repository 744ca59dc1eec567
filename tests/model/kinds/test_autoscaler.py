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
]


@pytest.mark.parametrize(("spec", "expected"), FAULTS)
def test_faults(refuse: Refuse, spec: dict[str, Any], expected: list[str]) -> None:
    refuse("autoscaling/v2", "HorizontalPodAutoscaler", {"spec": spec}, expected)


METRICS = [
    (
        [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 0}}}],
        ["spec.metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0"],
    ),
    (
        [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "AverageValue", "averageValue": "0"}}}],
        ['spec.metrics[0].resource.target.averageValue: Invalid value: "0": must be positive'],
    ),
    (
        [{"type": "Resource", "resource": {"name": "cpu", "target": {}}}],
        [
            "spec.metrics[0].resource.target.type: Required value: must specify a metric target type",
            'spec.metrics[0].resource.target.type: Invalid value: "": must be either Utilization, Value, or',
            "spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target",
        ],
    ),
    (
        [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Odd", "averageUtilization": 5, "averageValue": "1"}},
            }
        ],
        [
            'spec.metrics[0].resource.target.type: Invalid value: "Odd": must be either Utilization, Value,',
            "spec.metrics[0].resource.target.averageValue: Forbidden: may not set both a target raw value",
        ],
    ),
    (
        [{"type": "Pods", "pods": {"metric": {"name": ""}, "target": {"type": "AverageValue"}}}],
        [
            "spec.metrics[0].pods.metric.name: Required value: must specify a metric name",
            "spec.metrics[0].pods.target.averageValue: Required value: must specify a positive target",
        ],
    ),
    (
        [{"type": "External", "external": {"metric": {"name": "a/b"}, "target": {"type": "Value"}}}],
        [
            "spec.metrics[0].external.metric.name: Invalid value: \"a/b\": may not contain '/'",
            "spec.metrics[0].external.target.averageValue: Required value: must set either a target value",
        ],
    ),
    (
        [
            {
                "type": "External",
                "external": {"metric": {"name": "a"}, "target": {"type": "Value", "value": "1", "averageValue": "1"}},
            }
        ],
        ["spec.metrics[0].external.target.value: Forbidden: may not set both a target value for metric"],
    ),
    (
        [{"type": "Object", "object": {"describedObject": {}, "metric": {"name": "m"}, "target": {"type": "Value"}}}],
        [
            "spec.metrics[0].object.describedObject.kind: Required value",
            "spec.metrics[0].object.describedObject.name: Required value",
            "spec.metrics[0].object.target.averageValue: Required value: must set either a target value or",
        ],
    ),
    (
        [
            {
                "type": "ContainerResource",
                "containerResource": {"name": "", "container": "", "target": {"type": "Utilization"}},
            }
        ],
        [
            "spec.metrics[0].containerResource.name: Required value: must specify a resource name",
            "spec.metrics[0].containerResource.container: Required value: must specify a container",
            "spec.metrics[0].containerResource.target.averageUtilization: Required value: must set either a",
        ],
    ),
    (
        [{"type": ""}],
        [
            "spec.metrics[0].type: Required value: must specify a metric source type",
            'spec.metrics[0].type: Unsupported value: "": supported values: "ContainerResource", "External",',
        ],
    ),
    (
        [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 1}},
                "pods": {"metric": {"name": "x"}, "target": {"type": "AverageValue", "averageValue": "1"}},
            }
        ],
        ["spec.metrics[0].pods: Forbidden: must populate the given metric source only"],
    ),
    (
        [
            {"type": "Odd"},
            {"type": "Resource"},
            {"type": "Resource", "resource": {"name": "", "target": {"type": "Utilization"}}},
        ],
        [
            'spec.metrics[0].type: Unsupported value: "Odd": supported values: "ContainerResource",',
            "spec.metrics[1].resource: Required value: must populate information for the given metric source",
            "spec.metrics[2].resource.name: Required value: must specify a resource name",
            "spec.metrics[2].resource.target.averageUtilization: Required value: must set either a target",
        ],
    ),
]


@pytest.mark.parametrize(("metrics", "expected"), METRICS)
def test_metrics(refuse: Refuse, metrics: list[dict[str, Any]], expected: list[str]) -> None:
    target = {"kind": "Deployment", "name": "d", "apiVersion": "apps/v1"}
    spec = {"maxReplicas": 3, "scaleTargetRef": target, "metrics": metrics}
    refuse("autoscaling/v2", "HorizontalPodAutoscaler", {"spec": spec}, expected)
