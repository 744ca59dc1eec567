"""What is wrong with where a pod may run, in the words of the real server."""

from collections.abc import Callable
from typing import Any

import pytest

Refuse = Callable[..., None]

# What a pod has beside its one container, and how each fault begins.
FAULTS = [
    (
        {"nodeSelector": {"a/b/c": "x y"}},
        [
            'spec.nodeSelector: Invalid value: "a/b/c": a valid label key must consist of alphanumeric',
            'spec.nodeSelector: Invalid value: "x y": a valid label must be an empty string or consist of',
        ],
    ),
    (
        {"nodeName": "Bad_Name"},
        ['spec.nodeName: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain must consist of lower'],
    ),
    (
        {
            "tolerations": [
                {"key": "a", "operator": "Exists", "value": "x"},
                {"operator": "Equal"},
                {"key": "a", "operator": "Odd"},
                {"key": "a", "effect": "Odd"},
                {"key": "a", "tolerationSeconds": 3},
            ]
        },
        [
            'spec.tolerations[0].operator: Invalid value: "x": value must be empty when `operator` is',
            'spec.tolerations[1].operator: Invalid value: "Equal": operator must be Exists when `key` is',
            'spec.tolerations[2].operator: Unsupported value: "Odd": supported values: "Equal", "Exists"',
            'spec.tolerations[3].effect: Unsupported value: "Odd": supported values: "NoSchedule",',
            "spec.tolerations[4].effect: Invalid value: \"\": effect must be 'NoExecute' when",
        ],
    ),
    (
        {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}}},
        ["spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms:"],
    ),
    (
        {
            "affinity": {
                "nodeAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": {
                        "nodeSelectorTerms": [
                            {
                                "matchExpressions": [
                                    {"key": "a", "operator": "In"},
                                    {"key": "a", "operator": "Exists", "values": ["x"]},
                                    {"key": "a", "operator": "Gt", "values": ["x"]},
                                    {"key": "a", "operator": "Odd"},
                                    {"key": "!", "operator": "Exists"},
                                ]
                            }
                        ]
                    }
                }
            }
        },
        [
            "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].m",
            "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].m",
            "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].m",
            "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].m",
        ],
    ),
    (
        {
            "affinity": {
                "nodeAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": {
                        "nodeSelectorTerms": [
                            {
                                "matchFields": [
                                    {"key": "metadata.name", "operator": "In", "values": ["a", "b"]},
                                    {"key": "spec.x", "operator": "Exists"},
                                ]
                            }
                        ]
                    },
                    "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 0, "preference": {}}],
                }
            }
        },
        [
            "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].m",
            "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].m",
            "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].m",
            "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid",
        ],
    ),
    (
        {
            "affinity": {
                "podAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": [
                        {
                            "topologyKey": "",
                            "labelSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]},
                            "namespaces": ["Bad_"],
                        }
                    ],
                    "preferredDuringSchedulingIgnoredDuringExecution": [
                        {"weight": 101, "podAffinityTerm": {"topologyKey": "z"}}
                    ],
                }
            }
        },
        [
            "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector.matchE",
            "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].namespace: Invalid",
            "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey:",
            "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey:",
            "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey:",
            "spec.affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid",
        ],
    ),
    (
        {
            "topologySpreadConstraints": [
                {"maxSkew": 0, "topologyKey": "", "whenUnsatisfiable": "Odd", "labelSelector": {}},
                {
                    "maxSkew": 1,
                    "topologyKey": "z",
                    "whenUnsatisfiable": "ScheduleAnyway",
                    "minDomains": 0,
                    "labelSelector": {},
                },
                {
                    "maxSkew": 1,
                    "topologyKey": "z",
                    "whenUnsatisfiable": "DoNotSchedule",
                    "minDomains": 2,
                    "labelSelector": {},
                    "nodeTaintsPolicy": "Odd",
                },
                {
                    "maxSkew": 1,
                    "topologyKey": "z",
                    "whenUnsatisfiable": "DoNotSchedule",
                    "matchLabelKeys": ["a"],
                    "labelSelector": {},
                },
            ]
        },
        [
            "spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero",
            "spec.topologySpreadConstraints[0].topologyKey: Required value: can not be empty",
            'spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "Odd": supported',
            "spec.topologySpreadConstraints[1].minDomains: Invalid value: 0: must be greater than zero",
            "spec.topologySpreadConstraints[1].minDomains: Invalid value: 0: can only use minDomains if",
            'spec.topologySpreadConstraints[2].{topologyKey, whenUnsatisfiable}: Duplicate value: "{z,',
            'spec.topologySpreadConstraints[2].nodeTaintsPolicy: Unsupported value: "Odd": supported values:',
        ],
    ),
    (
        {"schedulingGates": [{"name": ""}, {"name": "a"}, {"name": "a"}]},
        [
            'spec.schedulingGates[0]: Invalid value: "": name part must be non-empty',
            'spec.schedulingGates[0]: Invalid value: "": name part must consist of alphanumeric characters,',
            'spec.schedulingGates[2]: Duplicate value: "a"',
        ],
    ),
]


@pytest.mark.parametrize(("spec", "expected"), FAULTS)
def test_faults(refuse: Refuse, spec: dict[str, Any], expected: list[str]) -> None:
    refuse("v1", "Pod", {"spec": {"containers": [{"name": "c", "image": "i"}], **spec}}, expected)
