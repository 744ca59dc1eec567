"""What is wrong with an Endpoints, in the words of the real server."""

from collections.abc import Callable
from typing import Any

import pytest

Refuse = Callable[..., None]

FAULTS = [
    ({"subsets": [{"addresses": []}]}, ["subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`"]),
    (
        {
            "subsets": [
                {
                    "addresses": [{"ip": "x"}, {"ip": "127.0.0.1", "hostname": "Bad_"}],
                    "ports": [{"port": 0}, {"port": 1, "name": "UPPER_"}, {"port": 2, "protocol": "ICMP"}],
                }
            ]
        },
        [
            'subsets[0].addresses[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or',
            'subsets[0].addresses[0].ip: Invalid value: "x": must be a valid IP address',
            'subsets[0].addresses[1].hostname: Invalid value: "Bad_": a lowercase RFC 1123 label must',
            'subsets[0].addresses[1].ip: Invalid value: "127.0.0.1": may not be in the loopback range',
            "subsets[0].ports[0].name: Required value",
            "subsets[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
            'subsets[0].ports[1].name: Invalid value: "UPPER_": a lowercase RFC 1123 label must consist of',
            "subsets[0].ports[2].name: Required value",
            'subsets[0].ports[2].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
        ],
    ),
]


@pytest.mark.parametrize(("body", "expected"), FAULTS)
def test_faults(refuse: Refuse, body: dict[str, Any], expected: list[str]) -> None:
    refuse("v1", "Endpoints", body, expected)
