"""What is wrong with a container's environment, in the words of the real server."""

from collections.abc import Callable
from typing import Any

import pytest

Refuse = Callable[..., None]

# What a pod has beside its one container, and how each fault begins.
FAULTS = [
    (
        {"containers": [{"name": "c", "image": "i", "env": [{"name": ""}]}]},
        ["spec.containers[0].env[0].name: Required value"],
    ),
    (
        {"containers": [{"name": "c", "image": "i", "env": [{"name": "a=b"}]}]},
        ['spec.containers[0].env[0].name: Invalid value: "a=b": a valid environment variable name must'],
    ),
    (
        {
            "containers": [
                {
                    "name": "c",
                    "image": "i",
                    "env": [{"name": "A", "value": "x", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
                }
            ]
        },
        ['spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is'],
    ),
    (
        {"containers": [{"name": "c", "image": "i", "env": [{"name": "A", "valueFrom": {}}]}]},
        ['spec.containers[0].env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`,'],
    ),
    (
        {
            "containers": [
                {"name": "c", "image": "i", "env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": ""}}}]}
            ]
        },
        ["spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Required value"],
    ),
    (
        {
            "containers": [
                {
                    "name": "c",
                    "image": "i",
                    "env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.dns"}}}],
                }
            ]
        },
        ['spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.dns": error'],
    ),
    (
        {
            "containers": [
                {
                    "name": "c",
                    "image": "i",
                    "env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['Bad Key!']"}}}],
                }
            ]
        },
        ['spec.containers[0].env[0].valueFrom.fieldRef: Invalid value: "Bad Key!": name part must consist'],
    ),
    (
        {
            "containers": [
                {
                    "name": "c",
                    "image": "i",
                    "env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels"}}}],
                }
            ]
        },
        ['spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels":'],
    ),
    (
        {
            "containers": [
                {
                    "name": "c",
                    "image": "i",
                    "env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "", "key": "/"}}}],
                }
            ]
        },
        [
            'spec.containers[0].env[0].valueFrom.configMapKeyRef.name: Invalid value: "": a lowercase RFC',
            'spec.containers[0].env[0].valueFrom.configMapKeyRef.key: Invalid value: "/": a valid config key',
        ],
    ),
    (
        {
            "containers": [
                {
                    "name": "c",
                    "image": "i",
                    "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": ""}}}],
                }
            ]
        },
        ["spec.containers[0].env[0].valueFrom.secretKeyRef.key: Required value"],
    ),
    (
        {
            "containers": [
                {
                    "name": "c",
                    "image": "i",
                    "env": [{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.gpu"}}}],
                }
            ]
        },
        ['spec.containers[0].env[0].valueFrom.resourceFieldRef.resource: Unsupported value: "limits.gpu":'],
    ),
    (
        {
            "containers": [
                {
                    "name": "c",
                    "image": "i",
                    "env": [
                        {"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "3"}}}
                    ],
                }
            ]
        },
        ['spec.containers[0].env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only'],
    ),
    (
        {"containers": [{"name": "c", "image": "i", "envFrom": [{}]}]},
        ['spec.containers[0].envFrom: Invalid value: "": must specify one of: `configMapRef` or'],
    ),
    (
        {
            "containers": [
                {"name": "c", "image": "i", "envFrom": [{"configMapRef": {"name": "m"}, "secretRef": {"name": "s"}}]}
            ]
        },
        ['spec.containers[0].envFrom: Invalid value: "": may not have more than one field specified at a'],
    ),
    (
        {"containers": [{"name": "c", "image": "i", "envFrom": [{"prefix": "a=", "configMapRef": {"name": ""}}]}]},
        [
            'spec.containers[0].envFrom[0].prefix: Invalid value: "a=": a valid environment variable name',
            "spec.containers[0].envFrom[0].configMapRef.name: Required value",
        ],
    ),
]


@pytest.mark.parametrize(("spec", "expected"), FAULTS)
def test_faults(refuse: Refuse, spec: dict[str, Any], expected: list[str]) -> None:
    refuse("v1", "Pod", {"spec": {"containers": [{"name": "c", "image": "i"}], **spec}}, expected)
