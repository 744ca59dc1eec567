"""What is in payload volumes, and that readers see it change at once."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.node.downward import Place
from eachpod.node.volumes.atomic import write
from eachpod.node.volumes.mounts import below, mounts
from eachpod.node.volumes.payload import File, Found, Ref, VolumeFault, files, refs, tokens

POD: dict[str, Any] = {"metadata": {"name": "p", "namespace": "ns", "labels": {"a": "1"}}, "spec": {}}
PLACE = Place()
TOKEN = {"serviceAccountToken": {"path": "t"}}
MAP = {"kind": "ConfigMap", "data": {"a": "1", "b": "2"}}
FOUND = Found({Ref("ConfigMap", "m"): MAP, Ref("ConfigMap", "gone"): None}, {("", 3600): "tok"})


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        ({"configMap": {"name": "m"}}, {"a": File(b"1", 0o644), "b": File(b"2", 0o644)}),
        (
            {"configMap": {"name": "m", "items": [{"key": "a", "path": "x/y", "mode": 0o400}]}},
            {"x/y": File(b"1", 0o400)},
        ),
        ({"configMap": {"name": "gone", "optional": True}}, {}),
        (
            {"downwardAPI": {"items": [{"path": "n", "fieldRef": {"fieldPath": "metadata.name"}}]}},
            {"n": File(b"p", 0o644)},
        ),
        (
            {"projected": {"defaultMode": 0o440, "sources": [TOKEN, {"configMap": {"name": "m"}}]}},
            {"t": File(b"tok", 0o640), "a": File(b"1", 0o440), "b": File(b"2", 0o440)},
        ),
    ],
)
def test_files(volume: dict[str, Any], expected: dict[str, File]) -> None:
    assert files(POD, volume, FOUND, PLACE) == expected


@pytest.mark.parametrize(
    ("volume", "message"),
    [
        ({"configMap": {"name": "gone"}}, 'configmap "gone" not found'),
        ({"configMap": {"name": "m", "items": [{"key": "z", "path": "z"}]}}, "references non-existent config key: z"),
        ({"projected": {"sources": [{"clusterTrustBundle": {"path": "x"}}]}}, "clusterTrustBundle are not supported"),
    ],
)
def test_what_is_missing_is_named(volume: dict[str, Any], message: str) -> None:
    with pytest.raises(VolumeFault, match=message):
        files(POD, volume, FOUND, PLACE)


def test_what_a_volume_needs() -> None:
    sources = [
        {"secret": {"name": "s"}},
        {"serviceAccountToken": {"path": "t", "audience": "x", "expirationSeconds": 600}},
    ]
    volume = {"projected": {"sources": sources}}
    assert refs(volume) == {Ref("Secret", "s")}
    assert tokens(volume) == {("x", 600)}


NAMES = st.sampled_from(["a", "b", "dir/c", "dir/d"])
CONTENT = st.dictionaries(NAMES, st.builds(File, st.binary(max_size=5), st.just(0o644)), max_size=4)


@given(st.lists(CONTENT, min_size=1, max_size=4))
def test_a_volume_holds_what_was_written_last(
    tmp_path_factory: pytest.TempPathFactory, writes: list[dict[str, File]]
) -> None:
    root = tmp_path_factory.mktemp("volume")
    for content in writes:
        write(root, content)
        assert write(root, content) is False
        seen = {
            str((Path(folder) / name).relative_to(root)): (Path(folder) / name).read_bytes()
            for top in root.iterdir()
            if not top.name.startswith("..")
            for folder, _, names in (os.walk(top) if top.is_dir() else [(str(root), [], [top.name])])
            for name in names
        }
        assert seen == {name: file.content for name, file in content.items()}
    assert len([each for each in root.iterdir() if each.name.startswith("..2")]) == 1


def test_mounts_of_a_container(tmp_path: Path) -> None:
    volumes = {"m": {"configMap": {}}, "e": {"emptyDir": {}}}
    paths = {"m": tmp_path / "m", "e": tmp_path}
    spec = {
        "name": "c",
        "volumeMounts": [
            {"name": "m", "mountPath": "/m"},
            {"name": "e", "mountPath": "/e", "subPathExpr": "$(POD)/x", "mountPropagation": "HostToContainer"},
        ],
    }
    found = mounts(spec, volumes, paths, {"POD": "web-0"})
    assert [(each.container_path, each.read_only) for each in found] == [("/m", True), ("/e", False)]
    assert found[1].host_path == str(tmp_path / "web-0/x")
    assert found[1].propagation == "HostToContainer"
    with pytest.raises(VolumeFault, match="subPathExpr"):
        mounts(spec, volumes, paths, {})


@pytest.mark.parametrize("sub", ["../x", "/etc", "a/../../b", "out/x"])
def test_a_sub_path_stays_in_its_volume(tmp_path: Path, sub: str) -> None:
    root = tmp_path / "volume"
    root.mkdir()
    (root / "out").symlink_to(tmp_path)
    with pytest.raises(VolumeFault):
        below(root, sub)
