"""Addresses that pods of a real node have again, by name, over restarts of pod and agent."""

from pathlib import Path
from typing import Any

import pytest

from eachpod.node.keptaddresses import KeptAddresses


def pod(name: str = "web-0", wish: str = "true", namespace: str = "d") -> dict[str, Any]:
    annotations = {"eachpod.dev/keep-address": wish} if wish else {}
    return {"metadata": {"name": name, "namespace": namespace, "annotations": annotations}}


def test_a_pod_that_wants_its_address_has_the_last_of_its_name(tmp_path: Path) -> None:
    path = tmp_path / "addresses.json"
    KeptAddresses(path).keep(pod(), ["10.0.0.2", "fd00::2"])
    KeptAddresses(path).keep(pod("web-1"), ["10.0.0.3"])
    kept = KeptAddresses(path)  # as after a restart of the agent
    assert kept.of(pod()) == ("10.0.0.2", "fd00::2")
    assert kept.of(pod("web-1")) == ("10.0.0.3",)
    assert kept.of(pod(namespace="e")) == ()
    kept.keep(pod(), ["10.0.0.9"])
    assert kept.of(pod()) == ("10.0.0.9",)


@pytest.mark.parametrize("wish", ["", "false"])
def test_others_have_none(tmp_path: Path, wish: str) -> None:
    kept = KeptAddresses(tmp_path / "addresses.json")
    kept.keep(pod(wish=wish), ["10.0.0.2"])
    assert kept.of(pod()) == ()
    kept.keep(pod(), ["10.0.0.2"])
    assert kept.of(pod(wish=wish)) == ()


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_a_file_that_cannot_be_read_is_no_memory(tmp_path: Path, text: str) -> None:
    path = tmp_path / "addresses.json"
    path.write_text(text)
    kept = KeptAddresses(path)
    assert kept.of(pod()) == ()
    kept.keep(pod(), ["10.0.0.2"])
    assert kept.of(pod()) == ("10.0.0.2",)
