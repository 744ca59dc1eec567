"""What is wrong with a ConfigMap, in the words of the real server."""

from collections.abc import Callable
from typing import Any

import pytest

Refuse = Callable[..., None]

FAULTS = [
    (
        {"data": {"a b": "x"}},
        ['data[a b]: Invalid value: "a b": a valid config key must consist of alphanumeric characters,'],
    ),
    (
        {"data": {"a": "x"}, "binaryData": {"a": "eA=="}},
        ['data[a]: Invalid value: "a": duplicate of key present in binaryData'],
    ),
]


@pytest.mark.parametrize(("body", "expected"), FAULTS)
def test_faults(refuse: Refuse, body: dict[str, Any], expected: list[str]) -> None:
    refuse("v1", "ConfigMap", body, expected)
