"""A cluster's settings survive their file, and files of another time are refused."""

import json
from pathlib import Path

import pytest

from eachpod.cluster import settings
from eachpod.cluster.addresses import plan_nodes
from eachpod.cluster.errors import ClusterError
from eachpod.cluster.settings import Settings


def test_round_trip(tmp_path: Path) -> None:
    made = settings.with_addresses(
        Settings("x", str(tmp_path), nodes=plan_nodes(3, "10.0.0.0/16,fd00:10::/56"), api_port=6443)
    )
    settings.save(made)
    assert settings.load(tmp_path) == made
    assert (made.dns_address, made.kube_dns_address, made.kubernetes_address) == (
        "10.247.3.10",
        "10.247.0.10",
        "10.247.0.1",
    )


def test_nothing_there(tmp_path: Path) -> None:
    assert settings.load(tmp_path) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (json.dumps({"layout": 99}), "newer eachpod"),
        ("{", "cannot be read"),
        (json.dumps({"name": "x", "data_dir": "x", "colour": "red"}), "colour"),
    ],
)
def test_files_of_another_time(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "cluster.json").write_text(text)
    with pytest.raises(ClusterError, match=said):
        settings.load(tmp_path)


@pytest.mark.parametrize("name", ["", "A", "-a", "a-", "a" * 41, "a.b", "a/b"])
def test_names_that_cannot_be(name: str) -> None:
    with pytest.raises(ClusterError):
        settings.check_name(name)


def test_a_new_data_directory_is_its_owners_only(tmp_path: Path) -> None:
    settings.save(Settings("x", str(tmp_path / "a" / "b")))
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700
    settings.save(Settings("x", str(tmp_path / "a")))
    assert (tmp_path / "a").stat().st_mode & 0o777 != 0o700


def test_where_no_data_directory_can_be_the_flag_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ClusterError, match=r"^--data-dir: .*/file/x cannot be made or written \(Not a directory\)"):
        settings.make_root(tmp_path / "file" / "x")
