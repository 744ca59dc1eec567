"""One `up` of a cluster at a time: a second one waits, and then finds the cluster running."""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from .errors import ClusterError


@contextlib.contextmanager
def alone(place: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Holds a lock beside the data directory, which need not be there yet; `waiting` is called where another has it.

    It goes with whoever holds it, also by kill -9. The file goes too, so a lock counts only while its file is in place.
    """
    path = place.with_name(f".{place.name}.lock")
    lock = _locked(path, waiting)
    while not _in_place(lock, path):
        os.close(lock)
        lock = _locked(path, waiting)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(lock)


def _locked(path: Path, waiting: Callable[[], None]) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        text = f"{path.parent} cannot be written ({error.strerror}); choose another"
        raise ClusterError(f"--data-dir: {text}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        waiting()
        fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def _in_place(lock: int, path: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(lock), path.stat())
    return False
