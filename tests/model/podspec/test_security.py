"""What is wrong with security contexts, in the words of the real server."""

from collections.abc import Callable
from typing import Any

import pytest

Refuse = Callable[..., None]

# What a pod has beside its one container, and how each fault begins.
FAULTS = [
    (
        {"containers": [{"name": "c", "image": "i", "securityContext": {"runAsUser": -1, "runAsGroup": -1}}]},
        [
            "spec.containers[0].securityContext.runAsUser: Invalid value: -1: must be between 0 and",
            "spec.containers[0].securityContext.runAsGroup: Invalid value: -1: must be between 0 and",
        ],
    ),
    (
        {
            "containers": [
                {
                    "name": "c",
                    "image": "i",
                    "securityContext": {"capabilities": {"add": ["CAP_SYS_ADMIN"]}, "allowPrivilegeEscalation": False},
                }
            ]
        },
        ["spec.containers[0].securityContext: Invalid value: "],
    ),
    (
        {"containers": [{"name": "c", "image": "i", "securityContext": {"seccompProfile": {"type": "Odd"}}}]},
        ['spec.containers[0].securityContext.seccompProfile.type: Unsupported value: "Odd": supported'],
    ),
    (
        {"containers": [{"name": "c", "image": "i", "securityContext": {"seccompProfile": {"type": "Localhost"}}}]},
        ["spec.containers[0].securityContext.seccompProfile.localhostProfile: Required value: must be set"],
    ),
    (
        {
            "containers": [
                {
                    "name": "c",
                    "image": "i",
                    "securityContext": {"seccompProfile": {"type": "RuntimeDefault", "localhostProfile": "x"}},
                }
            ]
        },
        ["spec.containers[0].securityContext.seccompProfile.localhostProfile: Invalid value: "],
    ),
    (
        {"containers": [{"name": "c", "image": "i", "securityContext": {"appArmorProfile": {"type": "Localhost"}}}]},
        ["spec.containers[0].securityContext.appArmorProfile.localhostProfile: Required value: must be"],
    ),
    (
        {"containers": [{"name": "c", "image": "i", "securityContext": {"procMount": "Odd"}}]},
        ['spec.containers[0].securityContext.procMount: Unsupported value: "Odd": supported values:'],
    ),
    (
        {"containers": [{"name": "c", "image": "i", "securityContext": {"procMount": "Unmasked"}}]},
        ['spec.containers[0].securityContext.procMount: Invalid value: "Unmasked": `hostUsers` must be'],
    ),
    (
        {"securityContext": {"fsGroup": -1, "supplementalGroups": [-1]}},
        [
            "spec.securityContext.fsGroup: Invalid value: -1: must be between 0 and 2147483647, inclusive",
            "spec.securityContext.supplementalGroups[0]: Invalid value: -1: must be between 0 and",
        ],
    ),
    (
        {
            "securityContext": {
                "sysctls": [
                    {"name": "", "value": ""},
                    {"name": "Bad Name", "value": "1"},
                    {"name": "a.b", "value": "1"},
                    {"name": "a.b", "value": "2"},
                ]
            }
        },
        [
            "spec.securityContext.sysctls[0].name: Required value",
            'spec.securityContext.sysctls[1].name: Invalid value: "Bad Name": must have at most 253',
            'spec.securityContext.sysctls[3].name: Duplicate value: "a.b"',
        ],
    ),
    (
        {"securityContext": {"fsGroupChangePolicy": "Never"}},
        ['spec.securityContext.fsGroupChangePolicy: Unsupported value: "Never": supported values:'],
    ),
    (
        {"hostNetwork": True, "securityContext": {"sysctls": [{"name": "net.x", "value": "1"}]}},
        ['spec.securityContext.sysctls[0].name: Invalid value: "net.x": may not be specified when'],
    ),
    (
        {"shareProcessNamespace": True, "hostPID": True},
        ["spec.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both"],
    ),
    (
        {"securityContext": {"supplementalGroupsPolicy": "Odd"}},
        ['spec.securityContext.supplementalGroupsPolicy: Unsupported value: "Odd": supported values:'],
    ),
]


@pytest.mark.parametrize(("spec", "expected"), FAULTS)
def test_faults(refuse: Refuse, spec: dict[str, Any], expected: list[str]) -> None:
    refuse("v1", "Pod", {"spec": {"containers": [{"name": "c", "image": "i"}], **spec}}, expected)
