"""Starts the processes of a cluster and starts again what dies.

A plain loop over signals and pipes, without asyncio: it costs a few megabytes, cannot be blocked by what it watches,
and serves equally as process 1 of the holder, where it also reaps orphans (the shims of containers end there).
"""

import contextlib
import json
import logging
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .restarts import Restarts
from .searchpath import search_path

log = logging.getLogger(__name__)

# Every process of a cluster bears this in its environment, so that what a crash left behind can be found.
MARK = "EACHPOD_DATA_DIR"
READY = "EACHPOD_READY_FD"


@dataclass(frozen=True, slots=True)
class Spec:
    """One process. `fds` stay open in it under their numbers. `tells` means that it writes to the descriptor named in
    EACHPOD_READY_FD when it is ready; others count as ready when started."""

    name: str
    command: tuple[str, ...]
    log_path: Path
    fds: tuple[int, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    tells: bool = True
    # Processes that only SIGKILL ends (`unshare --fork` ignores SIGTERM while its child lives).
    kill: bool = False


class Child:
    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.process: subprocess.Popen[bytes] | None = None
        self.restarts = Restarts()
        self.ready = False
        self.due: float | None = 0.0

    def state(self) -> dict[str, object]:
        return {
            "pid": self.process.pid if self.process else None,
            "ready": self.ready,
            "restarts": self.restarts.total,
        }


class Supervisor:
    """`changed` is called with a summary whenever a process starts, becomes ready or dies. `kept` are descriptors that
    stay open in all of them."""

    def __init__(
        self, data_dir: str, changed: Callable[[dict[str, dict[str, object]]], None], kept: tuple[int, ...] = ()
    ) -> None:
        self._data_dir = data_dir
        self._kept = kept
        self._changed = changed
        self._children: dict[str, Child] = {}
        self._selector = selectors.DefaultSelector()
        self._stopping = False

    def add(self, spec: Spec) -> None:
        self._children[spec.name] = Child(spec)

    def replace(self, spec: Spec) -> None:
        """Add a process, or give one that runs another specification; it is ended and started again with it."""
        child = self._children.get(spec.name)
        if child is None:
            self.add(spec)
        else:
            child.spec = spec
            self.restart(spec.name)

    def pid(self, name: str) -> int | None:
        """None while it is not running."""
        process = self._children[name].process
        return process.pid if process else None

    def restart(self, name: str) -> None:
        """End a process; the loop starts it again."""
        _signal(self._children[name], signal.SIGKILL)

    def follow(self, fd: int, read: Callable[[], None]) -> None:
        """Call `read` when `fd` has something."""
        self._selector.register(fd, selectors.EVENT_READ, read)

    def unfollow(self, fd: int) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(fd)

    def run(self) -> None:
        """Until SIGTERM or SIGINT; then everything is stopped."""
        wake_read, wake_write = os.pipe()
        for fd in (wake_read, wake_write):
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        self.follow(wake_read, lambda: _drain(wake_read))
        while not self._stopping:
            self._start_due()
            for key, _ in self._selector.select(self._pause()):
                key.data()
            self._reap()
        self._end_all()

    def _stop(self, *_: object) -> None:
        self._stopping = True

    def _pause(self) -> float | None:
        due = [child.due for child in self._children.values() if child.due is not None]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _start_due(self) -> None:
        now = time.monotonic()
        for child in list(self._children.values()):
            if child.due is not None and child.due <= now:
                self._start(child, now)

    def _start(self, child: Child, now: float) -> None:
        spec = child.spec
        environment = {**os.environ, "PATH": search_path(), **spec.environment, MARK: self._data_dir}
        fds, ready_read = [*spec.fds, *self._kept], -1
        if spec.tells:
            ready_read, ready_write = os.pipe()
            environment[READY] = str(ready_write)
            fds.append(ready_write)
        spec.log_path.parent.mkdir(parents=True, exist_ok=True)
        child.due, child.ready, child.restarts = None, not spec.tells, child.restarts.begun(now)
        try:
            with spec.log_path.open("ab") as output:
                child.process = subprocess.Popen(
                    spec.command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, pass_fds=fds, env=environment
                )
        except OSError as error:
            log.error("%s cannot be started: %s", spec.name, error)
            child.process = None
            child.restarts, child.due = child.restarts.died(now)
        if spec.tells:
            os.close(ready_write)
            self.follow(ready_read, lambda: self._told(child, ready_read))
        self._changed(self.summary())

    def _told(self, child: Child, pipe: int) -> None:
        told = os.read(pipe, 16)
        self.unfollow(pipe)
        os.close(pipe)
        if told:
            child.ready = True
            self._changed(self.summary())

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for child in self._children.values():
                if child.process and child.process.pid == pid:
                    self._died(child, os.waitstatus_to_exitcode(status))

    def _died(self, child: Child, code: int) -> None:
        if child.process:
            child.process.returncode = code
        child.process, child.ready = None, False
        child.restarts, child.due = child.restarts.died(time.monotonic())
        if not self._stopping:
            log.warning("%s ended with %d and is started again", child.spec.name, code)
        self._changed(self.summary())

    def _end_all(self) -> None:
        """SIGTERM to all in reverse order of start, SIGKILL to what is left after five seconds."""
        living = [child for child in self._children.values() if child.process]
        for child in reversed(living):
            _signal(child, signal.SIGKILL if child.spec.kill else signal.SIGTERM)
        deadline = time.monotonic() + 5.0
        while any(child.process for child in living) and time.monotonic() < deadline:
            self._reap()
            time.sleep(0.01)
        for child in living:
            _signal(child, signal.SIGKILL)
        while any(child.process for child in living):
            self._reap()
            time.sleep(0.01)

    def summary(self) -> dict[str, dict[str, object]]:
        return {name: child.state() for name, child in self._children.items()}


def _signal(child: Child, number: signal.Signals) -> None:
    if child.process:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.process.pid, number)


def _drain(fd: int) -> None:
    with contextlib.suppress(BlockingIOError):
        while os.read(fd, 512):
            pass


def tell_ready() -> None:
    """Called in a supervised process once it is ready; does nothing elsewhere."""
    fd = os.environ.pop(READY, "")
    if fd:
        os.write(int(fd), b"1")
        os.close(int(fd))


def write_state(path: Path, state: Mapping[str, object]) -> None:
    scratch = path.with_suffix(".new")
    scratch.write_text(json.dumps(state))
    scratch.replace(path)
