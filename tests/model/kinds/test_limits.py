"""What is wrong with a LimitRange and a ResourceQuota, in the words of the real server."""

from collections.abc import Callable
from typing import Any

import pytest

Refuse = Callable[..., None]

LIMIT_RANGE = [
    (
        {"limits": [{"type": "Odd/x y"}]},
        [
            'spec.limits[0].type: Invalid value: "Odd/x y": prefix part a lowercase RFC 1123 subdomain must',
            'spec.limits[0].type: Invalid value: "Odd/x y": name part must consist of alphanumeric',
        ],
    ),
    (
        {"limits": [{"type": "Pod", "default": {"cpu": "1"}}]},
        ["spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'"],
    ),
    (
        {"limits": [{"type": "Container", "min": {"cpu": "2"}, "max": {"cpu": "1"}}]},
        [
            'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
            'spec.limits[0].defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than default',
            'spec.limits[0].default[cpu]: Invalid value: "2": min value 2 is greater than default value 1',
        ],
    ),
    (
        {
            "limits": [
                {"type": "Container", "default": {"cpu": "3"}, "max": {"cpu": "2"}},
                {"type": "Container", "defaultRequest": {"cpu": "3"}, "default": {"cpu": "2"}},
            ]
        },
        [
            'spec.limits[0].defaultRequest[cpu]: Invalid value: "3": default request value 3 is greater than',
            'spec.limits[0].default[cpu]: Invalid value: "2": default value 3 is greater than max value 2',
            'spec.limits[1].type: Duplicate value: "Container"',
            'spec.limits[1].defaultRequest[cpu]: Invalid value: "3": default request value 3 is greater than',
        ],
    ),
    (
        {"limits": [{"type": "PersistentVolumeClaim"}]},
        ["spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but"],
    ),
    (
        {"limits": [{"type": "Container", "maxLimitRequestRatio": {"cpu": "500m"}}]},
        ['spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1'],
    ),
]


RESOURCE_QUOTA = [
    (
        {"hard": {"foo": "1"}},
        [
            'spec.hard[foo]: Invalid value: "foo": must be a standard resource type or fully qualified',
            'spec.hard[foo]: Invalid value: "foo": must be a standard resource for quota',
        ],
    ),
    ({"hard": {"count/x": "1500m"}}, ['spec.hard[count/x]: Invalid value: "1500m": must be an integer']),
    (
        {"hard": {"requests.foo": "1"}},
        [
            'spec.hard[requests.foo]: Invalid value: "requests.foo": must be a standard resource type or',
            'spec.hard[requests.foo]: Invalid value: "requests.foo": must be a standard resource for quota',
        ],
    ),
    (
        {"hard": {"services": "1"}, "scopes": ["Terminating"]},
        ['spec.scopes: Invalid value: ["Terminating"]: unsupported scope applied to resource'],
    ),
    (
        {"hard": {"services": "1"}, "scopes": ["PriorityClass"]},
        ['spec.scopes: Invalid value: ["PriorityClass"]: unsupported scope applied to resource'],
    ),
    (
        {"hard": {"pods": "1"}, "scopes": ["BestEffort", "Odd"]},
        ['spec.scopes: Invalid value: ["BestEffort","Odd"]: unsupported scope'],
    ),
    (
        {
            "hard": {"pods": "1"},
            "scopeSelector": {
                "matchExpressions": [
                    {"scopeName": "Odd", "operator": "Exists"},
                    {"scopeName": "PriorityClass", "operator": "Odd"},
                    {"scopeName": "PriorityClass", "operator": "Exists", "values": ["x"]},
                ]
            },
        },
        [
            'spec.scopeSelector.matchExpressions.scopeName: Invalid value: "Odd": unsupported scope',
            'spec.scopeSelector.matchExpressions.operator: Invalid value: "Odd": not a valid selector',
            'spec.scopeSelector.matchExpressions.values: Invalid value: ["x"]: must be no value when',
        ],
    ),
    (
        {"hard": {"bad name": "1"}},
        [
            'spec.hard[bad name]: Invalid value: "bad name": name part must consist of alphanumeric',
            'spec.hard[bad name]: Invalid value: "bad name": must be a standard resource for quota',
        ],
    ),
    ({"hard": {"cpu": "-1"}}, ['spec.hard[cpu]: Invalid value: "-1": must be greater than or equal to 0']),
    ({"hard": {"pods": "1500m"}}, ['spec.hard[pods]: Invalid value: "1500m": must be an integer']),
    ({"hard": {"cpu": "1"}, "scopes": ["Odd"]}, ['spec.scopes: Invalid value: ["Odd"]: unsupported scope']),
    (
        {"hard": {"cpu": "1"}, "scopes": ["BestEffort"]},
        ['spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource'],
    ),
    (
        {"hard": {"pods": "1"}, "scopes": ["BestEffort", "NotBestEffort"]},
        ['spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes'],
    ),
    (
        {
            "hard": {"pods": "1"},
            "scopeSelector": {
                "matchExpressions": [
                    {"scopeName": "PriorityClass", "operator": "In"},
                    {"scopeName": "Terminating", "operator": "In", "values": ["x"]},
                ]
            },
        },
        [
            "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when",
            "spec.scopeSelector.matchExpressions.operator: Invalid value: \"In\": must be 'Exists' when scope",
        ],
    ),
]


@pytest.mark.parametrize(("spec", "expected"), LIMIT_RANGE)
def test_limit_range(refuse: Refuse, spec: dict[str, Any], expected: list[str]) -> None:
    refuse("v1", "LimitRange", {"spec": spec}, expected)


@pytest.mark.parametrize(("spec", "expected"), RESOURCE_QUOTA)
def test_resource_quota(refuse: Refuse, spec: dict[str, Any], expected: list[str]) -> None:
    refuse("v1", "ResourceQuota", {"spec": spec}, expected)
