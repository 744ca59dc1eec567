"""Layers: which path wins, who owns it, and that equal contents are equal bytes."""

import io
import re
import tarfile

from hypothesis import given
from hypothesis import strategies as st

from eachpod.cluster.images.tree import Tree

NOTHING = re.compile(r"(?!)")


def read(raw: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
        return {info.name: info for info in tar}


def packed(*infos: tarfile.TarInfo) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for info in infos:
            tar.addfile(info, io.BytesIO(b"x" * info.size))
    return out.getvalue()


def test_parents_are_made_and_old_folders_lie_under_usr() -> None:
    tree = Tree()
    tree.file("/bin/sh", b"#!", 0o755)
    found = read(tree.tar())
    assert found["bin"].issym()
    assert found["bin"].linkname == "usr/bin"
    assert found["usr/bin"].isdir()
    assert found["usr/bin/sh"].mode == 0o755
    assert "bin/sh" in tree


def test_the_first_writer_of_a_path_wins() -> None:
    tree = Tree()
    tree.file("etc/a", "mine")
    info = tarfile.TarInfo("./etc/a")
    info.size = 9
    tree.archive(packed(info), NOTHING)
    assert read(tree.tar())["etc/a"].size == 4


def test_an_archive_comes_without_its_unwanted_folders_and_with_its_owners() -> None:
    doc, kept = tarfile.TarInfo("./usr/share/doc/a"), tarfile.TarInfo("./var/lib/a")
    kept.uid, kept.gid, kept.mtime = 5, 6, 7
    tree = Tree()
    tree.archive(packed(doc, kept), re.compile("usr/share/doc/"))
    found = read(tree.tar())
    assert "usr/share/doc/a" not in found
    assert (found["var/lib/a"].uid, found["var/lib/a"].gid, found["var/lib/a"].mtime) == (5, 6, 0)


def test_a_hard_link_comes_after_what_it_points_at() -> None:
    target, link = tarfile.TarInfo("./bin/z"), tarfile.TarInfo("./bin/a")
    link.type, link.linkname = tarfile.LNKTYPE, "./bin/z"
    tree = Tree()
    tree.archive(packed(target, link), NOTHING)
    names = list(read(tree.tar()))
    assert names.index("usr/bin/z") < names.index("usr/bin/a")
    assert read(tree.tar())["usr/bin/a"].linkname == "usr/bin/z"


@given(st.dictionaries(st.from_regex(r"[a-z]{1,3}(/[a-z]{1,3}){0,2}", fullmatch=True), st.binary(max_size=9)))
def test_equal_contents_give_equal_bytes_in_whatever_order(files: dict[str, bytes]) -> None:
    leaves = {p: d for p, d in files.items() if not any(other.startswith(p + "/") for other in files)}

    def made(paths: list[str]) -> bytes:
        tree = Tree(merged_usr=False)
        for path in paths:
            tree.file(path, leaves[path])
        return tree.tar()

    assert made(sorted(leaves)) == made(sorted(leaves, reverse=True))
