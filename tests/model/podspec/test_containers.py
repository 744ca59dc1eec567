"""What is wrong with containers, in the words of the real server."""

from collections.abc import Callable
from typing import Any

import pytest

Refuse = Callable[..., None]

# What a pod has beside its one container, and how each fault begins.
FAULTS = [
    ({"containers": []}, ["spec.containers: Required value"]),
    (
        {"containers": [{"name": "C_", "image": ""}, {"name": "c", "image": "i"}, {"name": "c", "image": "i"}]},
        [
            'spec.containers[0].name: Invalid value: "C_": a lowercase RFC 1123 label must consist of lower',
            "spec.containers[0].image: Required value",
            'spec.containers[2].name: Duplicate value: "c"',
        ],
    ),
    (
        {"containers": [{"name": "c", "image": "i", "imagePullPolicy": "Sometimes"}]},
        ['spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always",'],
    ),
    (
        {
            "containers": [
                {
                    "name": "c",
                    "image": "i",
                    "ports": [
                        {"containerPort": 0},
                        {"containerPort": 80, "hostPort": 70000, "protocol": "ICMP"},
                        {"containerPort": 80, "name": "UPPER"},
                        {"containerPort": 81, "name": "a"},
                        {"containerPort": 82, "name": "a"},
                    ],
                }
            ]
        },
        [
            "spec.containers[0].ports[0].containerPort: Required value",
            "spec.containers[0].ports[1].hostPort: Invalid value: 70000: must be between 1 and 65535,",
            'spec.containers[0].ports[1].protocol: Unsupported value: "ICMP": supported values: "SCTP",',
            'spec.containers[0].ports[2].name: Invalid value: "UPPER": must contain only alpha-numeric',
            'spec.containers[0].ports[2].name: Invalid value: "UPPER": must contain at least one letter (a-z)',
            'spec.containers[0].ports[4].name: Duplicate value: "a"',
        ],
    ),
    (
        {"containers": [{"name": "c", "image": "i", "terminationMessagePolicy": "Odd"}]},
        ['spec.containers[0].terminationMessagePolicy: Unsupported value: "Odd": supported values:'],
    ),
    (
        {"containers": [{"name": "c", "image": "i", "resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}}]},
        ['spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu'],
    ),
    (
        {"containers": [{"name": "c", "image": "i", "resources": {"requests": {"foo": "1"}}}]},
        [
            'spec.containers[0].resources.requests[foo]: Invalid value: "foo": must be a standard resource',
            'spec.containers[0].resources.requests[foo]: Invalid value: "foo": must be a standard resource',
        ],
    ),
    (
        {"containers": [{"name": "c", "image": "i", "resources": {"limits": {"memory": "-1"}}}]},
        [
            'spec.containers[0].resources.limits[memory]: Invalid value: "-1": must be greater than or equal',
            'spec.containers[0].resources.requests[memory]: Invalid value: "-1": must be greater than or',
        ],
    ),
    (
        {"containers": [{"name": "c", "image": "i", "resources": {"limits": {"hugepages-2Mi": "1Mi"}}}]},
        [
            'spec.containers[0].resources.limits[hugepages-2Mi]: Invalid value: "1Mi": 1Mi is not positive',
            'spec.containers[0].resources.requests[hugepages-2Mi]: Invalid value: "1Mi": 1Mi is not positive',
            "spec.containers[0].resources: Forbidden: HugePages require cpu or memory",
        ],
    ),
    (
        {"containers": [{"name": "c", "image": "i", "resources": {"claims": [{"name": "x"}, {"name": ""}]}}]},
        [
            'spec.containers[0].resources.claims[0]: Not found: "x": must be one of the names in',
            "spec.containers[0].resources.claims[1]: Required value",
        ],
    ),
    (
        {"containers": [{"name": "c", "image": "i", "volumeDevices": [{"name": "x", "devicePath": ""}]}]},
        [
            'spec.containers[0].volumeDevices[0].name: Not found: "x"',
            "spec.containers[0].volumeDevices[0].devicePath: Required value",
        ],
    ),
    (
        {
            "initContainers": [
                {"name": "c", "image": "i", "lifecycle": {"preStop": {"exec": {"command": ["x"]}}}},
                {"name": "i", "image": "i", "restartPolicy": "Never"},
            ]
        },
        [
            'spec.initContainers[0].name: Duplicate value: "c"',
            "spec.initContainers[0].lifecycle: Forbidden: may not be set for init containers without",
        ],
    ),
    (
        {"initContainers": [{"name": "i", "image": "i", "readinessProbe": {"tcpSocket": {"port": 1}}}]},
        ["spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without"],
    ),
    (
        {"containers": [{"name": "c", "image": "i", "livenessProbe": {"exec": {"command": []}}}]},
        ["spec.containers[0].livenessProbe.exec.command: Required value"],
    ),
    (
        {
            "containers": [
                {"name": "c", "image": "i", "readinessProbe": {"httpGet": {"port": "", "path": "", "scheme": "FTP"}}}
            ]
        },
        [
            'spec.containers[0].readinessProbe.httpGet.port: Invalid value: "": must contain only',
            'spec.containers[0].readinessProbe.httpGet.port: Invalid value: "": must contain at least one',
            'spec.containers[0].readinessProbe.httpGet.scheme: Unsupported value: "FTP": supported values:',
        ],
    ),
    (
        {"containers": [{"name": "c", "image": "i", "startupProbe": {}}]},
        ["spec.containers[0].startupProbe: Required value: must specify a handler type"],
    ),
    (
        {
            "containers": [
                {"name": "c", "image": "i", "livenessProbe": {"tcpSocket": {"port": 99999}, "successThreshold": 2}}
            ]
        },
        [
            "spec.containers[0].livenessProbe.tcpSocket.port: Invalid value: 99999: must be between 1 and",
            "spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1",
        ],
    ),
    (
        {
            "containers": [
                {"name": "c", "image": "i", "readinessProbe": {"grpc": {"port": 0}, "terminationGracePeriodSeconds": 3}}
            ]
        },
        [
            "spec.containers[0].readinessProbe.grpc.port: Invalid value: 0: must be between 1 and 65535,",
            "spec.containers[0].readinessProbe.terminationGracePeriodSeconds: Invalid value: 3: must not be",
        ],
    ),
    (
        {"containers": [{"name": "c", "image": "i", "lifecycle": {"preStop": {}}}]},
        ["spec.containers[0].lifecycle.preStop: Required value: must specify a handler type"],
    ),
    (
        {"containers": [{"name": "c", "image": "i", "lifecycle": {"postStart": {"sleep": {"seconds": -1}}}}]},
        ["spec.containers[0].lifecycle.postStart.sleep: Invalid value: -1: must be non-negative and less"],
    ),
    (
        {
            "containers": [
                {"name": "c", "image": "i", "resizePolicy": [{"resourceName": "disk", "restartPolicy": "Odd"}]}
            ]
        },
        [
            'spec.containers[0].resizePolicy: Unsupported value: "disk": supported values: "cpu", "memory"',
            'spec.containers[0].resizePolicy: Unsupported value: "Odd": supported values: "NotRequired",',
        ],
    ),
]


@pytest.mark.parametrize(("spec", "expected"), FAULTS)
def test_faults(refuse: Refuse, spec: dict[str, Any], expected: list[str]) -> None:
    refuse("v1", "Pod", {"spec": {"containers": [{"name": "c", "image": "i"}], **spec}}, expected)
