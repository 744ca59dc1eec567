"""Work inside another network namespace: make a socket or load a rule set there, and use it from here.

A namespace belongs to a thread, so a fresh thread enters it, does the work and ends. A socket stays in the namespace
that it was made in.
"""

import ctypes
import os
import threading
from collections.abc import Callable
from typing import TypeVar

_CLONE_NEWNET = 0x40000000

T = TypeVar("T")


def inside(namespace: str, work: Callable[[], T]) -> T:
    """What `work` returns when done in the network namespace at this path (/proc/PID/ns/net, /run/netns/NAME). It
    blocks: keep the work to what takes microseconds, or call it from a thread."""
    results: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            enter(namespace)
            results.append(work())
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run, name=f"inside {namespace}")
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return results[0]


def enter(namespace: str) -> None:
    """Moves the calling thread, for good, into a network namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    handle = os.open(namespace, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if libc.setns(handle, _CLONE_NEWNET):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), namespace)
    finally:
        os.close(handle)
