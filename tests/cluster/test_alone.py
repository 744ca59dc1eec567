"""Whoever starts a cluster is alone with it."""

import threading
from pathlib import Path

import pytest

from eachpod.cluster.alone import alone
from eachpod.cluster.errors import ClusterError


def test_the_second_waits_and_says_so(tmp_path: Path) -> None:
    order: list[str] = []
    waits = threading.Event()

    def second() -> None:
        with alone(tmp_path / "x", waits.set):
            order.append("second")

    thread = threading.Thread(target=second)
    with alone(tmp_path / "x", waits.set):
        assert not waits.is_set()
        thread.start()
        assert waits.wait(60)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert list(tmp_path.iterdir()) == []


def test_many_are_alone_one_after_the_other(tmp_path: Path) -> None:
    inside, most = 0, 0

    def enter() -> None:
        nonlocal inside, most
        with alone(tmp_path / "x", lambda: None):
            inside += 1
            most = max(most, inside)
            inside -= 1

    threads = [threading.Thread(target=enter) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, inside) == (1, 0)


def test_other_clusters_are_not_waited_for(tmp_path: Path) -> None:
    said: list[str] = []
    with alone(tmp_path / "x", lambda: said.append("x")), alone(tmp_path / "y", lambda: said.append("y")):
        assert said == []


def test_where_no_lock_can_be_the_flag_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ClusterError, match=r"^--data-dir: "), alone(tmp_path / "file" / "x", lambda: None):
        pass
