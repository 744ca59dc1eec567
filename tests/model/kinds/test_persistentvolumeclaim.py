"""What is wrong with a PersistentVolumeClaim, in the words of the real server."""

from collections.abc import Callable
from typing import Any

import pytest

Refuse = Callable[..., None]

FAULTS = [
    (
        {},
        [
            "spec.accessModes: Required value: at least 1 access mode is required",
            "spec.resources[storage]: Required value",
        ],
    ),
    (
        {"accessModes": ["Odd"], "resources": {"requests": {}}},
        [
            'spec.accessModes: Unsupported value: "Odd": supported values: "ReadOnlyMany", "ReadWriteMany",',
            "spec.resources[storage]: Required value",
        ],
    ),
    (
        {"accessModes": ["ReadWriteOnce", "ReadWriteOncePod"], "resources": {"requests": {"storage": "1Gi"}}},
        ["spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes"],
    ),
    (
        {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "0"}}},
        ['spec.resources[storage]: Invalid value: "0": must be greater than zero'],
    ),
    (
        {"accessModes": ["ReadWriteOnce"], "volumeMode": "Odd", "resources": {"requests": {"storage": "1"}}},
        ['spec.volumeMode: Unsupported value: "Odd": supported values: "Block", "Filesystem"'],
    ),
    (
        {"accessModes": ["ReadWriteOnce"], "storageClassName": "Bad_", "resources": {"requests": {"storage": "1"}}},
        ['spec.storageClassName: Invalid value: "Bad_": a lowercase RFC 1123 subdomain must consist of'],
    ),
]


@pytest.mark.parametrize(("spec", "expected"), FAULTS)
def test_faults(refuse: Refuse, spec: dict[str, Any], expected: list[str]) -> None:
    refuse("v1", "PersistentVolumeClaim", {"spec": spec}, expected)
