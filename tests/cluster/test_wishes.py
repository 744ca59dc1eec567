"""What a cluster becomes by the flags of `up`, and what of them comes too late."""

from dataclasses import replace
from pathlib import Path

import pytest

from eachpod.cluster.errors import ClusterError
from eachpod.cluster.wishes import Wishes, check_place, kept, kept_ports, settle

MADE = Wishes(name="x", runtime="simulated", nodes=3, node_names=("a",), domain="example.org")


def test_a_cluster_is_what_its_flags_say() -> None:
    found, why = settle(MADE, Path("/data"), None)
    assert why == ""
    assert ([node.name for node in found.nodes], found.domain, found.runtime) == (
        ["a", "192.168.0.21", "192.168.0.22"],
        "example.org",
        "simulated",
    )
    assert settle(Wishes(nodes=7), Path("/data"), found) == (found, "")


@pytest.mark.parametrize(
    ("wishes", "flags"),
    [
        (MADE, []),
        (Wishes(name="x"), []),
        (replace(MADE, nodes=5), ["--nodes"]),
        (replace(MADE, node_names=("b",), pod_cidr="10.9.0.0/16"), ["--node-names", "--pod-cidr"]),
        (Wishes(name="x", runtime="containers"), ["--runtime"]),
    ],
)
def test_flags_that_an_existing_cluster_does_not_follow_are_named(wishes: Wishes, flags: list[str]) -> None:
    found, _ = settle(MADE, Path("/data"), None)
    said = kept(wishes, found)
    assert sorted(text.split(":")[0] for text in said) == sorted(flags)
    assert all("eachpod down x" in text for text in said)


def test_what_it_is_already_is_said_in_words() -> None:
    found, _ = settle(MADE, Path("/data"), None)
    said = kept(replace(MADE, node_names=("b", "c"), explain=True), found)
    assert said == [
        "--node-names: x stays as it was made (a, 192.168.0.21); `eachpod down x` first",
        "--explain: x stays as it was made (off); `eachpod down x` first",
    ]


def test_ports_of_a_running_cluster() -> None:
    found = replace(settle(MADE, Path("/data"), None)[0], api_port=6443, dns_port=10053)
    assert kept_ports(replace(MADE, api_port=6443), found) == []
    assert kept_ports(replace(MADE, api_port=7443), found) == [
        "--api-port: x answers on 6443 already; `eachpod down x --keep-data` first"
    ]


@pytest.mark.parametrize(
    ("wishes", "flag"),
    [
        (replace(MADE, domain="a..b"), "--domain"),
        (replace(MADE, domain="Cluster"), "--domain"),
        (replace(MADE, service_cidr="10.0.0.0/8"), "--service-cidr"),
        (replace(MADE, node_addresses=("10.0.0.9",)), "--pod-cidr"),
        (replace(MADE, node_names=("A",)), "--node-names"),
    ],
)
def test_what_no_cluster_can_be(wishes: Wishes, flag: str) -> None:
    with pytest.raises(ClusterError, match=f"^{flag}: "):
        settle(wishes, Path("/data"), None)


def test_a_data_directory_is_one_clusters_and_nothing_elses(tmp_path: Path) -> None:
    found, _ = settle(MADE, tmp_path, None)
    check_place(MADE, tmp_path, None)
    check_place(MADE, tmp_path / "new", None)
    (tmp_path / "thesis.tex").touch()
    check_place(MADE, tmp_path, found)
    with pytest.raises(ClusterError, match=r"^--data-dir: .* holds files of something else"):
        check_place(MADE, tmp_path, None)
    with pytest.raises(ClusterError, match=r"^--data-dir: .* is that of the cluster 'x'"):
        check_place(replace(MADE, name="y"), tmp_path, found)
