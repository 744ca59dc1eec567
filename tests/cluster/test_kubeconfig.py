"""Merging a cluster into a kubeconfig and out again leaves everything else as it is."""

from concurrent.futures import ThreadPoolExecutor
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


@pytest.mark.parametrize("text", ["clusters: 3\n", "users: [x]\n", "contexts: {a: b}\n", "- a\n"])
def test_what_has_no_entries_is_no_kubeconfig(tmp_path: Path, text: str) -> None:
    (tmp_path / "config").write_text(text)
    with pytest.raises(ClusterError, match="is not a kubeconfig"):
        kubeconfig.read(tmp_path / "config")


def test_changes_side_by_side_are_all_kept(tmp_path: Path) -> None:
    path, names = tmp_path / "config", [f"c{n}" for n in range(8)]
    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(lambda name: kubeconfig.edit(path, lambda old: merged(old, name)), names))
    assert sorted(entry["name"] for entry in kubeconfig.read(path)["contexts"]) == names
    assert [each.name for each in tmp_path.iterdir()] == ["config"]


def merged(old: kubeconfig.Config, name: str) -> kubeconfig.Config:
    return kubeconfig.merged(old, kubeconfig.make(name, "https://x", b"ca", PAIR))


def test_a_lock_that_a_crash_left_does_not_stop_anybody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubeconfig, "PATIENCE", 0.0)
    (tmp_path / "config.lock").touch()
    kubeconfig.edit(tmp_path / "config", lambda _: config("a"))
    assert kubeconfig.read(tmp_path / "config") == config("a")
    assert not (tmp_path / "config.lock").exists()


def test_a_file_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ClusterError, match=r"--kubeconfig: .*/file/config cannot be written \(Not a directory\)"):
        kubeconfig.check(tmp_path / "file" / "config")
    (tmp_path / "config").write_text("a: [")
    with pytest.raises(ClusterError, match="cannot be read"):
        kubeconfig.check(tmp_path / "config")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["config", "file"]
