"""Which processes live: by their mark, or by what the supervisor told where environments are not shown."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from eachpod.cluster import living
from eachpod.cluster.layout import Layout
from eachpod.cluster.supervisor import MARK, write_state


@pytest.fixture
def process(tmp_path: Path) -> Iterator[int]:
    """One that bears the mark of the cluster in this folder."""
    command = [sys.executable, "-c", "print(flush=True); input()"]
    environment = {**os.environ, MARK: str(tmp_path)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as child:
        assert child.stdout
        child.stdout.readline()
        yield child.pid
        child.communicate(b"\n")


def tell(root: Path, *pids: int | None) -> None:
    components = {str(number): {"pid": pid} for number, pid in enumerate(pids)}
    write_state(Layout(root).state, {"pid": os.getpid(), "components": components})


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="this system shows no environments")
def test_by_their_mark(tmp_path: Path, process: int) -> None:
    assert living.processes(tmp_path) == [process]
    assert living.processes(tmp_path / "other") == []


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root makes a PID namespace")
def test_the_number_that_a_process_has_for_us(tmp_path: Path) -> None:
    """`status` shows numbers that can be signalled, also of what runs in a namespace of its own."""
    inner = ["sh", "-c", "echo $$; read end"]
    command = ["unshare", "--pid", "--fork", "--kill-child", *inner]
    environment = {**os.environ, MARK: str(tmp_path)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as child:
        assert child.stdout
        assert child.stdout.readline() == b"1\n"
        ((inside, outside),) = living.numbers(tmp_path).items()
        assert (inside, Path(f"/proc/{outside}/cmdline").read_bytes().split(b"\0")[0]) == (1, b"sh")
        child.communicate(b"\n")


def test_by_what_was_told_while_the_lock_is_held(tmp_path: Path, process: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(living, "_PROC", tmp_path / "nowhere")
    layout = Layout(tmp_path)
    assert living.processes(tmp_path) == []
    tell(tmp_path, process, None)
    assert living.processes(tmp_path) == []  # the number could be anybody's
    lock = living.hold(layout)
    assert living.processes(tmp_path) == [process]
    assert living.is_ours(os.getpid(), tmp_path)
    heir = os.dup(lock)
    os.close(lock)
    assert living.processes(tmp_path) == [process]
    os.close(heir)
    assert living.processes(tmp_path) == []


def test_a_number_that_nobody_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(living, "_PROC", tmp_path / "nowhere")
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    lock = living.hold(Layout(tmp_path))
    tell(tmp_path, ended.pid)
    assert living.processes(tmp_path) == []
    os.close(lock)


def test_nothing_was_told(tmp_path: Path) -> None:
    assert living.told(Layout(tmp_path)) is None
