"""What is wrong with an EndpointSlice, in the words of the real server."""

from collections.abc import Callable
from typing import Any

import pytest

Refuse = Callable[..., None]

FAULTS = [
    ({}, ["addressType: Required value"]),
    ({"addressType": "Odd"}, ['addressType: Unsupported value: "Odd": supported values: "FQDN", "IPv4", "IPv6"']),
    (
        {
            "addressType": "IPv4",
            "endpoints": [
                {"addresses": []},
                {"addresses": ["x", "fd00::1"], "hostname": "Bad_"},
                {"addresses": ["127.0.0.1"], "nodeName": "Bad_"},
            ],
            "ports": [{"name": "UPPER_"}, {"name": "a", "protocol": "ICMP"}, {"name": "a"}],
        },
        [
            'ports[0].name: Invalid value: "UPPER_": a lowercase RFC 1123 label must consist of lower case',
            'ports[1].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
            'ports[2].name: Duplicate value: "a"',
            'endpoints[1].addresses[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or',
            'endpoints[1].addresses: Invalid value: "fd00::1": must be an IPv4 address',
            'endpoints[1].hostname: Invalid value: "Bad_": a lowercase RFC 1123 label must consist of lower',
            'endpoints[2].addresses[0]: Invalid value: "127.0.0.1": may not be in the loopback range',
            'endpoints[2].nodeName: Invalid value: "Bad_": a lowercase RFC 1123 subdomain must consist of',
            "endpoints[0].addresses: Required value",
        ],
    ),
]


@pytest.mark.parametrize(("body", "expected"), FAULTS)
def test_faults(refuse: Refuse, body: dict[str, Any], expected: list[str]) -> None:
    refuse("discovery.k8s.io/v1", "EndpointSlice", body, expected)
