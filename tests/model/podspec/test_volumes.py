"""What is wrong with volumes and their mounts, in the words of the real server."""

from collections.abc import Callable
from typing import Any

import pytest

Refuse = Callable[..., None]

# What a pod has beside its one container, and how each fault begins.
FAULTS = [
    (
        {"volumes": [{"name": "v", "emptyDir": {}, "hostPath": {"path": "/x"}}]},
        ["spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type"],
    ),
    ({"volumes": [{"name": "v", "hostPath": {}}]}, ["spec.volumes[0].hostPath.path: Required value"]),
    (
        {"volumes": [{"name": "v", "hostPath": {"path": "/a/../b"}}]},
        ["spec.volumes[0].hostPath.path: Invalid value: \"/a/../b\": must not contain '..'"],
    ),
    (
        {"volumes": [{"name": "v", "hostPath": {"path": "/a", "type": "Door"}}]},
        ['spec.volumes[0].hostPath.type: Unsupported value: "Door": supported values: "", "BlockDevice",'],
    ),
    (
        {"volumes": [{"name": "v", "emptyDir": {"sizeLimit": "-1"}}]},
        ["spec.volumes[0].emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity"],
    ),
    ({"volumes": [{"name": "v", "configMap": {}}]}, ["spec.volumes[0].configMap.name: Required value"]),
    (
        {"volumes": [{"name": "v", "configMap": {"name": "m", "defaultMode": 512}}]},
        ["spec.volumes[0].configMap.defaultMode: Invalid value: 512: must be a number between 0 and 0777"],
    ),
    (
        {"volumes": [{"name": "v", "configMap": {"name": "m", "items": [{"key": "", "path": "../x"}]}}]},
        [
            "spec.volumes[0].configMap.items[0].key: Required value",
            "spec.volumes[0].configMap.items[0].path: Invalid value: \"../x\": must not contain '..'",
        ],
    ),
    ({"volumes": [{"name": "v", "secret": {"secretName": ""}}]}, ["spec.volumes[0].secret.secretName: Required value"]),
    (
        {"volumes": [{"name": "v", "secret": {"secretName": "s", "items": [{"key": "k", "path": "/abs"}]}}]},
        ['spec.volumes[0].secret.items[0].path: Invalid value: "/abs": must be a relative path'],
    ),
    (
        {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": ""}}]},
        ["spec.volumes[0].persistentVolumeClaim.claimName: Required value"],
    ),
    (
        {"volumes": [{"name": "v", "downwardAPI": {"items": [{"path": "p"}]}}]},
        ["spec.volumes[0].downwardAPI: Required value: one of fieldRef and resourceFieldRef is required"],
    ),
    (
        {
            "volumes": [
                {
                    "name": "v",
                    "downwardAPI": {
                        "items": [{"path": "p", "fieldRef": {"apiVersion": "v1", "fieldPath": "spec.hostname"}}]
                    },
                }
            ]
        },
        ['spec.volumes[0].downwardAPI.fieldRef.fieldPath: Invalid value: "spec.hostname": error'],
    ),
    (
        {
            "volumes": [
                {
                    "name": "v",
                    "downwardAPI": {
                        "items": [
                            {
                                "path": "p",
                                "fieldRef": {"fieldPath": "metadata.name"},
                                "resourceFieldRef": {"resource": "limits.cpu", "containerName": "c"},
                            }
                        ]
                    },
                }
            ]
        },
        ['spec.volumes[0].downwardAPI: Invalid value: "resource": fieldRef and resourceFieldRef can not'],
    ),
    (
        {
            "serviceAccountName": "default",
            "volumes": [
                {"name": "v", "projected": {"sources": [{"serviceAccountToken": {"path": "", "expirationSeconds": 5}}]}}
            ],
        },
        [
            "spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 5:",
            "spec.volumes[0].projected.path: Required value",
        ],
    ),
    (
        {
            "volumes": [
                {
                    "name": "v",
                    "projected": {
                        "sources": [
                            {"secret": {"name": ""}},
                            {"configMap": {"name": "m", "items": [{"key": "k", "path": "x"}]}},
                            {"secret": {"name": "s", "items": [{"key": "k", "path": "x"}]}},
                        ]
                    },
                }
            ]
        },
        [
            "spec.volumes[0].projected.sources[0].secret.name: Required value",
            'spec.volumes[0].projected: Invalid value: "s": conflicting duplicate paths',
        ],
    ),
    (
        {
            "containers": [
                {
                    "name": "c",
                    "image": "i",
                    "volumeMounts": [
                        {"name": "gone", "mountPath": "/a"},
                        {"name": "v", "mountPath": ""},
                        {"name": "v", "mountPath": "/b", "subPath": "/x"},
                        {"name": "v", "mountPath": "/b", "subPath": "y", "subPathExpr": "z"},
                    ],
                }
            ],
            "volumes": [{"name": "v", "emptyDir": {}}, {"name": "v", "emptyDir": {}}],
        },
        [
            'spec.volumes[1].name: Duplicate value: "v"',
            'spec.containers[0].volumeMounts[0].name: Not found: "gone"',
            "spec.containers[0].volumeMounts[1].mountPath: Required value",
            'spec.containers[0].volumeMounts.subPath: Invalid value: "/x": must be a relative path',
            'spec.containers[0].volumeMounts[3].mountPath: Invalid value: "/b": must be unique',
            'spec.containers[0].volumeMounts[3].subPathExpr: Invalid value: "z": subPathExpr and subPath are',
        ],
    ),
    (
        {"volumes": [{"name": "v", "nfs": {"server": "", "path": "rel"}}]},
        [
            "spec.volumes[0].nfs.server: Required value",
            'spec.volumes[0].nfs.path: Invalid value: "rel": must be an absolute path',
        ],
    ),
    ({"volumes": [{"name": "v", "csi": {}}]}, ["spec.volumes[0].csi.driver: Required value"]),
    ({"volumes": [{"name": "v", "ephemeral": {}}]}, ["spec.volumes[0].ephemeral.volumeClaimTemplate: Required value"]),
    ({"volumes": [{"name": "v", "image": {}}]}, ["spec.volumes[0].image.reference: Required value"]),
]


@pytest.mark.parametrize(("spec", "expected"), FAULTS)
def test_faults(refuse: Refuse, spec: dict[str, Any], expected: list[str]) -> None:
    refuse("v1", "Pod", {"spec": {"containers": [{"name": "c", "image": "i"}], **spec}}, expected)
