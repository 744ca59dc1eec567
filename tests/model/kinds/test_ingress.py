"""What is wrong with an Ingress, in the words of the real server."""

from collections.abc import Callable
from typing import Any

import pytest

Refuse = Callable[..., None]

FAULTS = [
    (
        {"rules": [{"host": "Bad_"}]},
        ['spec.rules[0].host: Invalid value: "Bad_": a lowercase RFC 1123 subdomain must consist of lower'],
    ),
    (
        {"rules": [{"host": "*.x.example"}, {"host": "*"}, {"host": "1.2.3.4"}]},
        [
            "spec.rules[1].host: Invalid value: \"*\": a wildcard DNS-1123 subdomain must start with '*.',",
            'spec.rules[2].host: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
        ],
    ),
    ({"rules": [{"host": "h", "http": {"paths": []}}]}, ["spec.rules[0].http.paths: Required value"]),
    (
        {
            "rules": [
                {
                    "host": "h.example",
                    "http": {
                        "paths": [
                            {
                                "path": "x",
                                "pathType": "Prefix",
                                "backend": {"service": {"name": "s", "port": {"number": 80}}},
                            }
                        ]
                    },
                }
            ]
        },
        ['spec.rules[0].http.paths[0].path: Invalid value: "x": must be an absolute path'],
    ),
    (
        {
            "rules": [
                {
                    "host": "h.example",
                    "http": {
                        "paths": [
                            {
                                "path": "/a//b",
                                "pathType": "Exact",
                                "backend": {"service": {"name": "s", "port": {"number": 80}}},
                            }
                        ]
                    },
                }
            ]
        },
        ["spec.rules[0].http.paths[0].path: Invalid value: \"/a//b\": must not contain '//'"],
    ),
    (
        {
            "rules": [
                {
                    "host": "h.example",
                    "http": {"paths": [{"path": "/a", "backend": {"service": {"name": "s", "port": {"number": 80}}}}]},
                }
            ]
        },
        ["spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified"],
    ),
    (
        {
            "rules": [
                {
                    "host": "h.example",
                    "http": {
                        "paths": [
                            {
                                "path": "/a",
                                "pathType": "Odd",
                                "backend": {"service": {"name": "s", "port": {"number": 80}}},
                            }
                        ]
                    },
                }
            ]
        },
        ['spec.rules[0].http.paths[0].pathType: Unsupported value: "Odd": supported values: "Exact",'],
    ),
    (
        {"rules": [{"host": "h.example", "http": {"paths": [{"path": "/a", "pathType": "Prefix", "backend": {}}]}}]},
        ['spec.rules[0].http.paths[0].backend: Invalid value: "": resource or service backend is required'],
    ),
    (
        {
            "rules": [
                {
                    "host": "h.example",
                    "http": {
                        "paths": [
                            {"path": "/a", "pathType": "Prefix", "backend": {"service": {"name": "", "port": {}}}}
                        ]
                    },
                }
            ]
        },
        [
            "spec.rules[0].http.paths[0].backend.service.name: Required value",
            "spec.rules[0].http.paths[0].backend: Required value: port name or number is required",
        ],
    ),
    (
        {
            "rules": [
                {
                    "host": "h.example",
                    "http": {
                        "paths": [
                            {
                                "path": "/a",
                                "pathType": "Prefix",
                                "backend": {"service": {"name": "s", "port": {"name": "x", "number": 1}}},
                            }
                        ]
                    },
                }
            ]
        },
        ['spec.rules[0].http.paths[0].backend: Invalid value: "": cannot set both port name & port number'],
    ),
    (
        {
            "rules": [
                {
                    "host": "h.example",
                    "http": {
                        "paths": [
                            {
                                "path": "/a",
                                "pathType": "Prefix",
                                "backend": {
                                    "service": {"name": "s", "port": {"number": 1}},
                                    "resource": {"kind": "x", "name": "y"},
                                },
                            }
                        ]
                    },
                }
            ]
        },
        ['spec.rules[0].http.paths[0].backend: Invalid value: "": cannot set both resource and service'],
    ),
    (
        {"defaultBackend": {"service": {"name": "s", "port": {"name": "UPPER_"}}}},
        [
            'spec.defaultBackend.service.port.name: Invalid value: "UPPER_": must contain only alpha-numeric',
            'spec.defaultBackend.service.port.name: Invalid value: "UPPER_": must contain at least one',
        ],
    ),
    (
        {
            "defaultBackend": {"service": {"name": "s", "port": {"number": 80}}},
            "tls": [{"hosts": ["bad_", "*.ok.example"], "secretName": "Bad_"}],
            "ingressClassName": "Bad_",
        },
        [
            'spec.tls[0].hosts[0]: Invalid value: "bad_": a lowercase RFC 1123 subdomain must consist of',
            'spec.tls[0].secretName: Invalid value: "Bad_": a lowercase RFC 1123 subdomain must consist of',
            'spec.ingressClassName: Invalid value: "Bad_": a lowercase RFC 1123 subdomain must consist of',
        ],
    ),
]


@pytest.mark.parametrize(("spec", "expected"), FAULTS)
def test_faults(refuse: Refuse, spec: dict[str, Any], expected: list[str]) -> None:
    refuse("networking.k8s.io/v1", "Ingress", {"spec": spec}, expected)
