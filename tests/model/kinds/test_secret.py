"""What is wrong with a Secret, in the words of the real server."""

from collections.abc import Callable
from typing import Any

import pytest

Refuse = Callable[..., None]

FAULTS = [
    ({"type": "kubernetes.io/tls", "data": {}}, ["data[tls.crt]: Required value", "data[tls.key]: Required value"]),
    (
        {"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": "eA=="}},
        ["data[.dockerconfigjson]: Invalid value: \"<secret contents redacted>\": invalid character 'x'"],
    ),
    ({"type": "kubernetes.io/dockercfg"}, ["data[.dockercfg]: Required value"]),
    ({"type": "kubernetes.io/basic-auth"}, ["data[username]: Required value", "data[password]: Required value"]),
    ({"type": "kubernetes.io/ssh-auth"}, ["data[ssh-privatekey]: Required value"]),
    (
        {"type": "kubernetes.io/service-account-token"},
        ["metadata.annotations[kubernetes.io/service-account.name]: Required value"],
    ),
    (
        {"data": {"a b": "eA=="}},
        ['data[a b]: Invalid value: "a b": a valid config key must consist of alphanumeric characters,'],
    ),
]


@pytest.mark.parametrize(("body", "expected"), FAULTS)
def test_faults(refuse: Refuse, body: dict[str, Any], expected: list[str]) -> None:
    refuse("v1", "Secret", body, expected)
