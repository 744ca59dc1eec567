"""When an image is made anew, and that one made from packages is whole."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from eachpod.cluster.images import KitError, Store, build, oci
from eachpod.cluster.images.recipes import DEFAULT_NAMES, RECIPES, Recipe
from eachpod.cluster.images.reference import parse


def test_an_unknown_image_is_told_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(KitError, match=r"no recipe for docker.io/library/mysql:8; there are .*nginx:alpine"):
        build(["nginx:alpine", "mysql:8"], tmp_path, cache=tmp_path)


def test_a_recipe_that_changes_has_another_fingerprint() -> None:
    assert Recipe().fingerprint() == Recipe().fingerprint()
    different = [Recipe(), Recipe(files={"a": "b"}), Recipe(packages=("a",)), Recipe(config={"Cmd": ["x"]})]
    assert len({recipe.fingerprint() for recipe in different}) == 4


def cached(cache: Path, names: Sequence[str]) -> None:
    for name in names:
        entry, blobs = oci.image([b"x"], {"Labels": {"n": name}}, "amd64")
        Store(cache / "store").add(name, entry, blobs, recipe=RECIPES[name].fingerprint())


def test_what_the_cache_has_is_copied_without_asking_for_packages(tmp_path: Path) -> None:
    cached(tmp_path / "cache", DEFAULT_NAMES)
    told: list[str] = []
    images = build(out=tmp_path / "out", cache=tmp_path / "cache", tell=told.append)
    assert [image.name for image in images] == [str(parse(name)) for name in DEFAULT_NAMES]
    assert told == []
    assert not (tmp_path / "cache" / "packages").exists()
    assert len(Store(tmp_path / "out").images()) == len(DEFAULT_NAMES)


@pytest.mark.e2e
def test_images_come_out_of_packages_whole(tmp_path: Path) -> None:
    """Made from the real archive, in the user's cache: the first run on a machine takes a minute."""
    build(out=tmp_path)
    store = Store(tmp_path)
    for path in (tmp_path / "blobs" / "sha256").iterdir():
        assert oci.digest_of(path.read_bytes()) == f"sha256:{path.name}"
    entry = store.find("nginx:alpine")
    assert entry is not None
    assert len([digest for digest in store.reachable(entry) if store.blob(digest)]) == 4
