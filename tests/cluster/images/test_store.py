"""A store of images on disk: a valid OCI layout whatever is done to it."""

import json
from pathlib import Path

from eachpod.cluster.images import oci
from eachpod.cluster.images.store import Store


def made(store: Store, name: str, text: bytes = b"layer") -> oci.Json:
    entry, blobs = oci.image([text], {"Labels": {"name": name}}, "amd64")
    store.add(name, entry, blobs)
    return entry


def every_blob_is_what_its_name_says(folder: Path) -> bool:
    files = list((folder / "blobs" / "sha256").iterdir())
    return bool(files) and all(oci.digest_of(path.read_bytes()) == f"sha256:{path.name}" for path in files)


def test_a_store_is_a_valid_layout_and_lists_full_names(tmp_path: Path) -> None:
    store = Store(tmp_path)
    entry = made(store, "nginx:alpine")
    assert json.loads((tmp_path / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    assert every_blob_is_what_its_name_says(tmp_path)
    [image] = store.images()
    assert (image.name, image.digest) == ("docker.io/library/nginx:alpine", entry["digest"])
    assert image.size == sum(path.stat().st_size for path in (tmp_path / "blobs" / "sha256").iterdir())
    found = store.find("nginx:alpine")
    assert found is not None
    assert found["digest"] == entry["digest"]


def test_a_name_moves_and_what_nothing_names_any_more_goes(tmp_path: Path) -> None:
    store = Store(tmp_path)
    old, new = made(store, "a:1", b"old"), made(store, "a:1", b"new")
    assert store.blob(old["digest"]) is None
    assert store.blob(new["digest"]) is not None
    assert store.remove("a:1")
    assert not store.remove("a:1")
    assert not list((tmp_path / "blobs" / "sha256").iterdir())


def test_an_entry_is_taken_from_another_store_whole(tmp_path: Path) -> None:
    one, two = Store(tmp_path / "one"), Store(tmp_path / "two")
    entry = made(one, "a:1")
    two.add("b:1", entry, source=one)
    assert every_blob_is_what_its_name_says(tmp_path / "two")
    assert all(two.blob(digest) for digest in two.reachable(entry))


def test_an_empty_or_odd_digest_is_no_blob(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.images() == []
    assert [store.blob(digest) for digest in ("", "sha256:", "sha256:../../index.json", "md5:1")] == [None] * 4
