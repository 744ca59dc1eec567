"""What `up` does on the way to a cluster: ports, waiting, words of what failed."""

import socket
from pathlib import Path

import pytest

from eachpod.cluster.errors import ClusterError
from eachpod.cluster.settings import Settings
from eachpod.cluster.up import await_ready, last_words, listen, listening


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


@pytest.mark.e2e  # takes longer than a second, which is what it is about
def test_what_takes_longer_than_a_second_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    with pytest.raises(ClusterError, match="the cluster did not start"):
        await_ready(Settings("slow", str(tmp_path)), told.append, lambda: not told)
    assert told == ["waiting for control-plane, dns"]


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
