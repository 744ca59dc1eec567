"""Merging a cluster into a kubeconfig and out again leaves everything else as it is."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.cluster import kubeconfig
from eachpod.cluster.errors import ClusterError
from eachpod.cluster.pki import Pair

PAIR = Pair(b"cert", b"key")
NAMES = st.lists(st.text("abc", min_size=1, max_size=3), unique=True, max_size=4)


def config(*names: str) -> kubeconfig.Config:
    made: kubeconfig.Config = {"extensions": ["kept"]}
    for name in names:
        made = kubeconfig.merged(made, kubeconfig.make(name, "https://x", b"ca", PAIR))
    return made


@given(NAMES)
def test_in_and_out_again(names: list[str]) -> None:
    before = config(*names)
    there = kubeconfig.merged(before, kubeconfig.make("eachpod-x", "https://y", b"ca", PAIR))
    assert there["current-context"] == "eachpod-x"
    back = kubeconfig.without(there, "eachpod-x")
    for kind in ("clusters", "users", "contexts"):
        assert back[kind] == (before.get(kind) or [])
    assert back["extensions"] == ["kept"]
    assert back["current-context"] == ""


def test_a_second_merge_replaces() -> None:
    twice = kubeconfig.merged(config("a"), kubeconfig.make("a", "https://other", b"ca", PAIR))
    assert [entry["cluster"]["server"] for entry in twice["clusters"]] == ["https://other"]


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "config"
    assert kubeconfig.read(path) == {}
    kubeconfig.write(path, config("a"))
    assert kubeconfig.read(path) == config("a")
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("kind: Pod\n")
    with pytest.raises(ClusterError, match="not a kubeconfig"):
        kubeconfig.read(path)
