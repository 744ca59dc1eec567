"""Images that come in as files: both forms of archive, and what is none."""

import io
import json
import tarfile
from pathlib import Path

import pytest

from eachpod.cluster.images import KitError, Store, load, oci


def tar_of(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def layout(name: str = "", index_in_index: bool = False) -> dict[str, bytes]:
    entry, blobs = oci.image([b"layer"], {}, "amd64")
    if index_in_index:
        other = {"mediaType": oci.MANIFEST, "digest": "sha256:" + "0" * 64, "size": 1}
        document = oci.encode({"schemaVersion": 2, "mediaType": oci.INDEX, "manifests": [entry, other]})
        entry = oci.descriptor(document, oci.INDEX)
        blobs[entry["digest"]] = document
    if name:
        entry = {**entry, "annotations": {oci.REF_NAME: name}}
    files = {f"blobs/sha256/{digest[7:]}": data for digest, data in blobs.items()}
    return {**files, "index.json": json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode()}


def docker_save(*tags: str) -> dict[str, bytes]:
    manifest = [{"Config": "c.json", "RepoTags": list(tags) or None, "Layers": ["l/layer.tar"]}]
    return {"c.json": b"{}", "l/layer.tar": b"layer", "manifest.json": json.dumps(manifest).encode()}


@pytest.mark.parametrize(
    ("files", "name", "expected"),
    [
        (layout("team/app:1"), "", ["docker.io/team/app:1"]),
        (layout("1.0"), "app:2", ["docker.io/library/app:2"]),
        (layout("team/app:1", index_in_index=True), "", ["docker.io/team/app:1"]),
        (docker_save("app:1", "app:2"), "", ["docker.io/library/app:1", "docker.io/library/app:2"]),
        (docker_save(), "app:3", ["docker.io/library/app:3"]),
    ],
)
def test_images_of_archives_are_added_under_their_names(
    files: dict[str, bytes], name: str, expected: list[str], tmp_path: Path
) -> None:
    images = load(tar_of(tmp_path / "a.tar", files), tmp_path / "out", name)
    assert [image.name for image in images] == expected
    store = Store(tmp_path / "out")
    assert [image.name for image in store.images()] == expected
    entry = store.find(expected[0])
    assert entry is not None
    assert store.document(entry["digest"])


def test_a_folder_is_read_as_a_tar_is(tmp_path: Path) -> None:
    for path, data in layout("app:1").items():
        (tmp_path / "in" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / path).write_bytes(data)
    [image] = load(tmp_path / "in", tmp_path / "out")
    assert image.name == "docker.io/library/app:1"


def damaged() -> dict[str, bytes]:
    files = layout("app:1")
    return {path: data + b" " if path.startswith("blobs/") else data for path, data in files.items()}


@pytest.mark.parametrize(
    ("files", "name", "said"),
    [
        ({}, "", "holds no image"),
        (layout(), "", "give a name"),
        (docker_save("app:1", "app:2"), "x", "2 images"),
        (damaged(), "", "damaged"),
        ({"index.json": layout("app:1")["index.json"]}, "", "incomplete"),
        ({"manifest.json": docker_save("a:1")["manifest.json"]}, "", "lacks a file"),
    ],
)
def test_what_cannot_be_read_is_told_and_nothing_is_added(
    files: dict[str, bytes], name: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(KitError, match=said):
        load(tar_of(tmp_path / "a.tar", files), tmp_path / "out", name)
    assert Store(tmp_path / "out").images() == []


def test_other_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("hello")
    with pytest.raises(KitError, match="neither a folder nor a tar"):
        load(tmp_path / "x", tmp_path / "out")
    with pytest.raises(KitError, match="does not exist"):
        load(tmp_path / "y", tmp_path / "out")


def test_what_cannot_be_read_or_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(KitError, match=r"/file/.* cannot be read or written \(Not a directory\)"):
        load(tar_of(tmp_path / "a.tar", layout("team/app:1")), tmp_path / "file" / "out")
