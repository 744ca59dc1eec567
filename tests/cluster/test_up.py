"""What `up` makes of its flags."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from eachpod.cluster.errors import ClusterError
from eachpod.cluster.settings import Settings
from eachpod.cluster.up import Wishes, await_ready, kept, last_words, listen, listening, settle

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


def test_a_port_that_was_asked_for_or_another() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ClusterError, match=f"--api-port: port {port}"):
            listen("--api-port", port, 0)
        with listen("--api-port", 0, port) as other:
            assert other.getsockname()[1] != port


def test_an_api_server_alone_names_the_flag_that_does_not_work() -> None:
    with listening("127.0.0.1", 0) as taken:
        with pytest.raises(ClusterError, match="--api-port"):
            listening("127.0.0.1", taken.getsockname()[1])
        with pytest.raises(ClusterError, match=r"--bind-address: 192\.0\.2\.7:6443"):  # nobody's (RFC 5737)
            listening("192.0.2.7", 6443)


def test_what_a_supervisor_that_has_ended_said_is_told_without_waiting(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "supervisor.log").write_text("OSError: no space left\n")
    with pytest.raises(ClusterError, match="supervisor did not start: OSError: no space left"):
        await_ready(Settings("ended", str(tmp_path)), print, lambda: False)


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("begun\nOSError: no space left\n\n", "OSError: no space left"),
        (
            "  + Exception Group\n    | NameError: name 'x' is not defined\n    +------\n",
            "NameError: name 'x' is not defined",
        ),
        ("    ^^^^^\n", ""),
        ("", ""),
    ],
)
def test_what_a_process_said_last(log: str, words: str) -> None:
    assert last_words(log) == words
