"""Faults that the real server finds by its schema come after the others; some broken values are only told once."""

from collections.abc import Callable
from typing import Any

import pytest

Refuse = Callable[..., None]
TEMPLATE = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
PEER = {"podSelector": {}, "ipBlock": {"cidr": ""}}


@pytest.mark.parametrize(
    ("api_version", "kind", "body", "expected"),
    [
        (
            "apps/v1",
            "DaemonSet",
            {"spec": {"selector": {"matchLabels": {"Bad Key!": "v"}}, "template": TEMPLATE}},
            ["spec.selector.matchLabels: Invalid value"],
        ),
        (
            "networking.k8s.io/v1",
            "NetworkPolicy",
            {"spec": {"podSelector": {}, "egress": [{"to": [PEER]}]}},
            [
                "spec.egress[0].to[0]: Forbidden: may not specify both ipBlock and another peer",
                "spec.egress[0].to[0].ipBlock.cidr: Required value",
            ],
        ),
        ("scheduling.k8s.io/v1", "PriorityClass", {"value": 1, "preemptionPolicy": ""}, ["preemptionPolicy: Required"]),
    ],
)
def test_faults(refuse: Refuse, api_version: str, kind: str, body: dict[str, Any], expected: list[str]) -> None:
    refuse(api_version, kind, body, expected)
