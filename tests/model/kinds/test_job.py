"""What is wrong with a Job, in the words of the real server."""

from collections.abc import Callable
from typing import Any

import pytest

Refuse = Callable[..., None]

TEMPLATE: dict[str, Any] = {
    "metadata": {"labels": {"a": "b"}},
    "spec": {"containers": [{"name": "c", "image": "i"}], "restartPolicy": "Never"},
}

FAULTS = [
    (
        {
            "template": {
                "metadata": {"labels": {"a": "b"}},
                "spec": {"containers": [{"name": "c", "image": "i"}], "restartPolicy": "Always"},
            }
        },
        ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
    ),
    (
        {
            "template": TEMPLATE,
            "parallelism": -1,
            "completions": -1,
            "backoffLimit": -1,
            "activeDeadlineSeconds": -1,
            "ttlSecondsAfterFinished": -1,
        },
        [
            "spec.parallelism: Invalid value: -1: must be greater than or equal to 0",
            "spec.completions: Invalid value: -1: must be greater than or equal to 0",
            "spec.activeDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0",
            "spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0",
            "spec.ttlSecondsAfterFinished: Invalid value: -1: must be greater than or equal to 0",
        ],
    ),
    (
        {"template": TEMPLATE, "completionMode": "Odd"},
        ['spec.completionMode: Unsupported value: "Odd": supported values: "NonIndexed", "Indexed"'],
    ),
    (
        {
            "template": TEMPLATE,
            "completionMode": "Indexed",
            "completions": 3,
            "backoffLimitPerIndex": 1,
            "maxFailedIndexes": 9,
        },
        ["spec.maxFailedIndexes: Invalid value: 9: must be less than or equal to completions"],
    ),
    (
        {"template": TEMPLATE, "backoffLimitPerIndex": 1},
        ["spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode"],
    ),
    (
        {"template": TEMPLATE, "podReplacementPolicy": "Odd"},
        ['spec.podReplacementPolicy: Unsupported value: "Odd": supported values: "Failed",'],
    ),
    (
        {"template": TEMPLATE, "manualSelector": True},
        [
            "spec.selector: Required value",
            'spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template',
        ],
    ),
    (
        {"template": TEMPLATE, "managedBy": "bad"},
        ['spec.managedBy: Invalid value: "bad": must be a domain-prefixed path (such as "acme.io/foo")'],
    ),
]


@pytest.mark.parametrize(("spec", "expected"), FAULTS)
def test_faults(refuse: Refuse, spec: dict[str, Any], expected: list[str]) -> None:
    refuse("batch/v1", "Job", {"spec": spec}, expected)
