"""What is wrong with a StorageClass, in the words of the real server."""

from collections.abc import Callable
from typing import Any

import pytest

Refuse = Callable[..., None]

FAULTS = [
    ({}, ["provisioner: Required value"]),
    (
        {"provisioner": "a b"},
        ["provisioner: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_'"],
    ),
    (
        {"provisioner": "p", "reclaimPolicy": "Odd"},
        ['reclaimPolicy: Unsupported value: "Odd": supported values: "Delete", "Retain"'],
    ),
    (
        {"provisioner": "p", "volumeBindingMode": "Odd"},
        ['volumeBindingMode: Unsupported value: "Odd": supported values: "Immediate",'],
    ),
    ({"provisioner": "p", "parameters": {"": "x"}}, ['parameters: Invalid value: "": field can not be empty.']),
    (
        {
            "provisioner": "p",
            "allowedTopologies": [
                {"matchLabelExpressions": [{"key": "a", "values": []}, {"key": "a", "values": ["x", "x"]}]}
            ],
        },
        [
            "allowedTopologies[0].matchLabelExpressions[0].values: Required value",
            'allowedTopologies[0].matchLabelExpressions[1].values[1]: Duplicate value: "x"',
            'allowedTopologies[0].matchLabelExpressions[1].key: Duplicate value: "a"',
        ],
    ),
    (
        {"provisioner": "p", "allowedTopologies": [{}]},
        ['allowedTopologies[0].matchLabelExpressions: Duplicate value: ""'],
    ),
    (
        {"provisioner": "p", "allowedTopologies": [{"matchLabelExpressions": [{"key": "", "values": ["a"]}]}]},
        [
            'allowedTopologies[0].matchLabelExpressions[0].key: Invalid value: "": name part must be',
            'allowedTopologies[0].matchLabelExpressions[0].key: Invalid value: "": name part must consist of',
        ],
    ),
    (
        {
            "provisioner": "p",
            "allowedTopologies": [
                {"matchLabelExpressions": [{"key": "a", "values": ["y", "x"]}]},
                {"matchLabelExpressions": [{"key": "a", "values": ["x", "y"]}]},
            ],
        },
        ['allowedTopologies[1].matchLabelExpressions: Duplicate value: ""'],
    ),
]


@pytest.mark.parametrize(("body", "expected"), FAULTS)
def test_faults(refuse: Refuse, body: dict[str, Any], expected: list[str]) -> None:
    refuse("storage.k8s.io/v1", "StorageClass", body, expected)
