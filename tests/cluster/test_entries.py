"""In which files a cluster is, and that it goes from all of them."""

from pathlib import Path

from eachpod.cluster import entries, kubeconfig, settings
from eachpod.cluster.layout import Layout
from eachpod.cluster.pki import Pair
from eachpod.cluster.settings import Settings


def cluster(folder: Path) -> Settings:
    made = Settings("x", str(folder / "data"))
    settings.save(made)
    admin = kubeconfig.make(made.context, "https://x", b"ca", Pair(b"cert", b"key"))
    kubeconfig.write(Layout(made.root).kubeconfig("admin"), admin)
    return made


def contexts(path: Path) -> list[str]:
    return [entry["name"] for entry in kubeconfig.read(path)["contexts"]]


def test_a_cluster_in_two_files_leaves_both(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    found = entries.enter(entries.enter(cluster(tmp_path), first), second)
    assert found == settings.load(found.root)
    assert (found.kubeconfig, found.other_kubeconfigs) == (str(second), (str(first),))
    assert contexts(first) == contexts(second) == ["eachpod-x"]
    assert entries.enter(found, first).other_kubeconfigs == (str(second),)
    assert entries.leave(found) == []
    assert contexts(first) == contexts(second) == []


def test_what_cannot_be_mended_is_said_and_the_rest_done(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    found = entries.enter(entries.enter(cluster(tmp_path), first), second)
    second.write_text("a: [")
    (trouble,) = entries.leave(found)
    assert trouble.startswith(f"context eachpod-x stays where it is: --kubeconfig: {second} cannot be read")
    assert contexts(first) == []


def test_a_file_that_is_gone_is_not_made_again(tmp_path: Path) -> None:
    found = entries.enter(cluster(tmp_path), tmp_path / "first")
    (tmp_path / "first").unlink()
    assert entries.leave(found) == []
    assert not (tmp_path / "first").exists()
