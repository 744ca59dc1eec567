"""What is wrong with a pod's spec as a whole, in the words of the real server."""

from collections.abc import Callable
from typing import Any

import pytest

Refuse = Callable[..., None]

# What a pod has beside its one container, and how each fault begins.
FAULTS = [
    (
        {"restartPolicy": "Sometimes"},
        ['spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure",'],
    ),
    ({"dnsPolicy": "Odd"}, ['spec.dnsPolicy: Unsupported value: "Odd": supported values: "ClusterFirstWithHostNet",']),
    ({"dnsPolicy": "None"}, ["spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"]),
    (
        {
            "dnsConfig": {
                "nameservers": ["x", "1.1.1.1", "1.1.1.2", "1.1.1.3"],
                "searches": [
                    "bad_.",
                    "a.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
                ],
                "options": [{"name": ""}],
            }
        },
        [
            'spec.dnsConfig.nameservers: Invalid value: ["x","1.1.1.1","1.1.1.2","1.1.1.3"]: must not have',
            'spec.dnsConfig.nameservers[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7',
            'spec.dnsConfig.searches[0]: Invalid value: "bad_": a lowercase RFC 1123 subdomain must consist',
            "spec.dnsConfig.searches[1]: Invalid value:",
            "spec.dnsConfig.options[0]: Required value: must not be empty",
        ],
    ),
    (
        {"activeDeadlineSeconds": 0},
        ["spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive"],
    ),
    (
        {"hostname": "Bad_", "subdomain": "-"},
        [
            'spec.hostname: Invalid value: "Bad_": a lowercase RFC 1123 label must consist of lower case',
            'spec.subdomain: Invalid value: "-": a lowercase RFC 1123 label must consist of lower case',
        ],
    ),
    (
        {"hostAliases": [{"ip": "x", "hostnames": ["bad_"]}]},
        [
            'spec.hostAliases[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or',
            'spec.hostAliases[0].hostnames[0]: Invalid value: "bad_": a lowercase RFC 1123 subdomain must',
        ],
    ),
    (
        {"readinessGates": [{"conditionType": "bad key!"}]},
        ['spec.readinessGates[0].conditionType: Invalid value: "bad key!": name part must consist of'],
    ),
    ({"hostUsers": False, "hostNetwork": True}, ["spec.hostNetwork: Forbidden: when `hostUsers` is false"]),
    (
        {"overhead": {"cpu": "-1"}},
        ['spec.overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0'],
    ),
    (
        {"overhead": {"foo": "1"}},
        [
            'spec.overhead.limits[foo]: Invalid value: "foo": must be a standard resource type or fully',
            'spec.overhead.limits[foo]: Invalid value: "foo": must be a standard resource for containers',
        ],
    ),
    ({"os": {"name": "beos"}}, ['spec.os: Unsupported value: "beos": supported values: "linux", "windows"']),
    (
        {
            "hostNetwork": True,
            "containers": [{"name": "c", "image": "i", "ports": [{"containerPort": 80, "hostPort": 81}]}],
        },
        ["spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when"],
    ),
    (
        {
            "resourceClaims": [
                {"name": ""},
                {"name": "a"},
                {"name": "b", "resourceClaimName": "x", "resourceClaimTemplateName": "y"},
            ]
        },
        [
            "spec.resourceClaims[0].name: Required value",
            "spec.resourceClaims[0]: Invalid value: ",
            "spec.resourceClaims[1]: Invalid value: ",
            "spec.resourceClaims[2]: Invalid value: ",
        ],
    ),
    (
        {"ephemeralContainers": [{"name": "c", "image": "i"}]},
        [
            'spec.ephemeralContainers[0].name: Duplicate value: "c"',
            "spec.ephemeralContainers: Forbidden: cannot be set on create",
        ],
    ),
]


@pytest.mark.parametrize(("spec", "expected"), FAULTS)
def test_faults(refuse: Refuse, spec: dict[str, Any], expected: list[str]) -> None:
    refuse("v1", "Pod", {"spec": {"containers": [{"name": "c", "image": "i"}], **spec}}, expected)


# At the real server admission finds these first, in words of its own.
@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"serviceAccountName": "Bad_"}, 'spec.serviceAccountName: Invalid value: "Bad_": a lowercase RFC 1123'),
        ({"priorityClassName": "Bad_"}, 'spec.priorityClassName: Invalid value: "Bad_": a lowercase RFC 1123'),
        ({"runtimeClassName": "Bad_"}, 'spec.runtimeClassName: Invalid value: "Bad_": a lowercase RFC 1123'),
        ({"preemptionPolicy": "Odd"}, 'spec.preemptionPolicy: Unsupported value: "Odd": supported values: "Preempt'),
    ],
)
def test_names_of_other_objects(of: Any, spec: dict[str, Any], told: str) -> None:
    (found,) = of("v1", "Pod").faults({"containers": [{"name": "c", "image": "i"}], **spec})
    assert found.startswith(told)
