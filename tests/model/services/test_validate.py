"""What is wrong with a Service, in the words of the real server."""

from collections.abc import Callable
from typing import Any

import pytest

Refuse = Callable[..., None]

FAULTS = [
    ({"ports": []}, ["spec.ports: Required value"]),
    (
        {"ports": [{"port": 0, "targetPort": "UPPER_", "protocol": "ICMP"}]},
        [
            "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
            'spec.ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
            'spec.ports[0].targetPort: Invalid value: "UPPER_": must contain only alpha-numeric characters',
            'spec.ports[0].targetPort: Invalid value: "UPPER_": must contain at least one letter (a-z)',
        ],
    ),
    (
        {"ports": [{"port": 1}, {"port": 2}]},
        ["spec.ports[0].name: Required value", "spec.ports[1].name: Required value"],
    ),
    (
        {"type": "Odd", "ports": [{"port": 1}]},
        ['spec.type: Unsupported value: "Odd": supported values: "ClusterIP", "ExternalName",'],
    ),
    ({"type": "ExternalName"}, ["spec.externalName: Required value"]),
    (
        {"type": "ExternalName", "externalName": "Bad_", "clusterIP": "None", "ports": [{"port": 1}]},
        [
            "spec.clusterIPs: Forbidden: may not be set for ExternalName services",
            'spec.externalName: Invalid value: "Bad_": a lowercase RFC 1123 subdomain must consist of lower',
        ],
    ),
    (
        {"clusterIP": "x", "ports": [{"port": 1}]},
        ['spec.clusterIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or'],
    ),
    (
        {"sessionAffinity": "Odd", "ports": [{"port": 1}]},
        ['spec.sessionAffinity: Unsupported value: "Odd": supported values: "ClientIP", "None"'],
    ),
    (
        {
            "sessionAffinity": "ClientIP",
            "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 0}},
            "ports": [{"port": 1}],
        },
        ["spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 0: must be greater than 0"],
    ),
    (
        {"type": "ClusterIP", "ports": [{"port": 1, "nodePort": 30000}]},
        ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
    ),
    (
        {"type": "NodePort", "externalTrafficPolicy": "Odd", "internalTrafficPolicy": "Odd", "ports": [{"port": 1}]},
        [
            'spec.externalTrafficPolicy: Unsupported value: "Odd": supported values: "Cluster", "Local"',
            'spec.internalTrafficPolicy: Unsupported value: "Odd": supported values: "Cluster", "Local"',
        ],
    ),
    (
        {"externalIPs": ["x", "127.0.0.1", "224.0.0.1"], "ports": [{"port": 1}]},
        [
            'spec.externalIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or',
            'spec.externalIPs[1]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8,',
            'spec.externalIPs[2]: Invalid value: "224.0.0.1": may not be in the link-local multicast range',
        ],
    ),
    (
        {"selector": {"a b": "c"}, "ports": [{"port": 1}]},
        ["spec.selector: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-',"],
    ),
    (
        {"loadBalancerSourceRanges": ["1.2.3.4/33"], "type": "LoadBalancer", "ports": [{"port": 1}]},
        ['spec.LoadBalancerSourceRanges[0]: Invalid value: "1.2.3.4/33": must be a valid CIDR value,'],
    ),
    (
        {"healthCheckNodePort": 3, "ports": [{"port": 1}]},
        ["spec.healthCheckNodePort: Invalid value: 3: may only be set when `type` is 'LoadBalancer' and"],
    ),
    (
        {"trafficDistribution": "Odd", "ports": [{"port": 1}]},
        ['spec.trafficDistribution: Unsupported value: "Odd": supported values: "PreferClose",'],
    ),
    (
        {
            "ports": [
                {"name": "a", "port": 1},
                {"name": "a", "port": 2},
                {"name": "B_", "port": 3},
                {"name": "c", "port": 1},
            ]
        },
        [
            'spec.ports[1].name: Duplicate value: "a"',
            'spec.ports[2].name: Invalid value: "B_": a lowercase RFC 1123 label must consist of lower case',
            "spec.ports[3]: Duplicate value: ",
        ],
    ),
    (
        {"allocateLoadBalancerNodePorts": True, "loadBalancerClass": "a b", "ports": [{"port": 1}]},
        [
            "spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'",
            "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'",
        ],
    ),
]


@pytest.mark.parametrize(("spec", "expected"), FAULTS)
def test_faults(refuse: Refuse, spec: dict[str, Any], expected: list[str]) -> None:
    refuse("v1", "Service", {"spec": spec}, expected)
