"""Which processes of a cluster live, whatever became of its supervisor.

Where the system shows the environment of processes (Linux), all that bear the cluster's mark. Elsewhere those that the
supervisor told of, as long as one of them holds the cluster's lock: a number alone could be somebody else's by now.
"""

import contextlib
import fcntl
import json
import os
from pathlib import Path
from typing import Any

from .layout import Layout
from .supervisor import MARK

_PROC = Path("/proc")


def processes(root: Path) -> list[int]:
    """All of the cluster's, oldest first; never the caller itself."""
    found = _all() if _shown() else _told(Layout(root))
    return sorted(pid for pid in found if pid != os.getpid() and is_ours(pid, root))


def numbers(root: Path) -> dict[int, int]:
    """By the number that it has in the cluster's own PID namespace, the one that each process there has for us."""
    found = {}
    for pid in processes(root):
        with contextlib.suppress(OSError):
            status = (_PROC / str(pid) / "status").read_text()
            known = next((line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:")), [])
            if len(known) == 2:
                found[int(known[1])] = pid
    return found


def is_ours(pid: int, root: Path) -> bool:
    """Whether this process lives and is the cluster's."""
    if not _shown():
        return _held(Layout(root)) and _alive(pid)
    mark = f"{MARK}={root}".encode()
    try:
        alive = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
        return alive and mark in (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except (OSError, IndexError):
        return False


def told(layout: Layout) -> dict[str, Any] | None:
    """What the supervisor said last of itself and of the others."""
    try:
        found: dict[str, Any] = json.loads(layout.state.read_text())
    except (FileNotFoundError, ValueError):
        return None
    return found


def hold(layout: Layout) -> int:
    """The cluster's lock, held by whoever has this descriptor; processes that inherit it hold it too."""
    lock = os.open(layout.lock, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_SH)
    return lock


def _held(layout: Layout) -> bool:
    with contextlib.suppress(FileNotFoundError), layout.lock.open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _shown() -> bool:
    return (_PROC / "self" / "environ").exists()


def _all() -> list[int]:
    return [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]


def _told(layout: Layout) -> list[int]:
    found = told(layout)
    if found is None:
        return []
    pids = [found["pid"], *(part["pid"] for part in found["components"].values())]
    return [int(pid) for pid in pids if pid]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
