"""What is wrong with a PersistentVolume, in the words of the real server."""

from collections.abc import Callable
from typing import Any

import pytest

Refuse = Callable[..., None]

FAULTS = [
    (
        {},
        [
            "spec.accessModes: Required value",
            "spec.capacity: Required value",
            'spec.capacity: Unsupported value: null: supported values: "storage"',
            "spec: Required value: must specify a volume type",
        ],
    ),
    (
        {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}},
        ["spec: Required value: must specify a volume type"],
    ),
    (
        {
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": "0"},
            "hostPath": {"path": "/"},
            "persistentVolumeReclaimPolicy": "Recycle",
        },
        [
            'spec.capacity[storage]: Invalid value: "0": must be greater than zero',
            "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'",
        ],
    ),
    (
        {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1", "cpu": "1"}, "local": {"path": "/x"}},
        [
            'spec.capacity: Unsupported value: {"cpu":"1","storage":"1"}: supported values: "storage"',
            "spec.nodeAffinity: Required value: Local volume requires node affinity",
        ],
    ),
    (
        {"accessModes": ["Odd"], "capacity": {"storage": "1"}, "hostPath": {"path": "../x"}, "local": {"path": "/x"}},
        [
            'spec.accessModes: Unsupported value: "Odd": supported values: "ReadOnlyMany", "ReadWriteMany",',
            "spec.hostPath.path: Invalid value: \"../x\": must not contain '..'",
            "spec.local: Forbidden: may not specify more than 1 volume type",
        ],
    ),
    (
        {
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": "1"},
            "csi": {},
            "persistentVolumeReclaimPolicy": "Odd",
            "volumeMode": "Odd",
            "storageClassName": "Bad_",
        },
        [
            'spec.persistentVolumeReclaimPolicy: Unsupported value: "Odd": supported values: "Delete",',
            "spec.csi.driver: Required value",
            "spec.csi.volumeHandle: Required value",
            'spec.storageClassName: Invalid value: "Bad_": a lowercase RFC 1123 subdomain must consist of',
            'spec.volumeMode: Unsupported value: "Odd": supported values: "Block", "Filesystem"',
        ],
    ),
]


@pytest.mark.parametrize(("spec", "expected"), FAULTS)
def test_faults(refuse: Refuse, spec: dict[str, Any], expected: list[str]) -> None:
    refuse("v1", "PersistentVolume", {"spec": spec}, expected)
