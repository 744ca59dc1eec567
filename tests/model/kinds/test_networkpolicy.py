"""What is wrong with a NetworkPolicy, in the words of the real server."""

from collections.abc import Callable
from typing import Any

import pytest

Refuse = Callable[..., None]

FAULTS = [
    (
        {"podSelector": {"matchLabels": {"a b": "c"}}},
        ['spec.podSelector.matchLabels: Invalid value: "a b": name part must consist of alphanumeric'],
    ),
    (
        {"podSelector": {}, "policyTypes": ["Odd"]},
        ['spec.policyTypes[0]: Unsupported value: "Odd": supported values: "Ingress", "Egress"'],
    ),
    (
        {"podSelector": {}, "policyTypes": ["Ingress", "Egress", "Ingress"]},
        ['spec.policyTypes: Invalid value: ["Ingress","Egress","Ingress"]: may not specify more than two'],
    ),
    (
        {
            "podSelector": {},
            "ingress": [
                {
                    "ports": [
                        {"port": 0},
                        {"port": "UPPER"},
                        {"port": 1, "endPort": 0},
                        {"port": "x", "endPort": 9},
                        {"endPort": 9},
                        {"port": 9, "endPort": 8},
                        {"port": 1, "protocol": "ICMP"},
                    ]
                }
            ],
        },
        [
            "spec.ingress[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
            'spec.ingress[0].ports[1].port: Invalid value: "UPPER": must contain only alpha-numeric',
            'spec.ingress[0].ports[1].port: Invalid value: "UPPER": must contain at least one letter (a-z)',
            "spec.ingress[0].ports[2].endPort: Invalid value: 0: must be greater than or equal to `port`",
            "spec.ingress[0].ports[2].endPort: Invalid value: 0: must be between 1 and 65535, inclusive",
            "spec.ingress[0].ports[3].endPort: Invalid value: 9: may not be specified when `port` is",
            "spec.ingress[0].ports[4].endPort: Invalid value: 9: may not be specified when `port` is not",
            "spec.ingress[0].ports[5].endPort: Invalid value: 8: must be greater than or equal to `port`",
            'spec.ingress[0].ports[6].protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP",',
        ],
    ),
    (
        {"podSelector": {}, "ingress": [{"from": [{}]}]},
        ["spec.ingress[0].from[0]: Required value: must specify a peer"],
    ),
    (
        {"podSelector": {}, "egress": [{"to": [{"ipBlock": {"cidr": "x"}, "podSelector": {}}]}]},
        [
            'spec.egress[0].to[0].ipBlock.cidr: Invalid value: "x": must be a valid CIDR value, (e.g.',
            "spec.egress[0].to[0]: Forbidden: may not specify both ipBlock and another peer",
        ],
    ),
    (
        {
            "podSelector": {},
            "egress": [
                {
                    "to": [
                        {"ipBlock": {"cidr": ""}},
                        {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/7", "11.0.0.0/9"]}},
                        {"namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "Odd"}]}},
                    ]
                }
            ],
        },
        [
            'spec.egress[0].to[1].ipBlock.except[0]: Invalid value: "10.0.0.0/7": must be a strict subset of',
            'spec.egress[0].to[1].ipBlock.except[1]: Invalid value: "11.0.0.0/9": must be a strict subset of',
            'spec.egress[0].to[2].namespaceSelector.matchExpressions[0].operator: Invalid value: "Odd": not',
            "spec.egress[0].to[0].ipBlock.cidr: Required value",
        ],
    ),
]


@pytest.mark.parametrize(("spec", "expected"), FAULTS)
def test_faults(refuse: Refuse, spec: dict[str, Any], expected: list[str]) -> None:
    refuse("networking.k8s.io/v1", "NetworkPolicy", {"spec": spec}, expected)
