"""A person at a terminal, for programs that behave otherwise without one: types, waits, reads the screen."""

import os
import pty
import re
import select
import signal
import time
from collections.abc import Mapping, Sequence

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A command in a pseudo-terminal."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            try:
                os.execvpe(command[0], list(command), dict(environment))
            except OSError as error:  # this is the child: it must not go on in its parent's place
                os.write(2, f"{command[0]} cannot be started: {error}\n".encode())
            os._exit(127)

    def until(self, text: str, seconds: float) -> str:
        """What appeared up to and with `text`. TimeoutError, with what there was, when it does not come."""
        shown, deadline = "", time.monotonic() + seconds
        while text not in shown:
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited for {text!r}, saw: {shown}")
            ready, _, _ = select.select([self._fd], [], [], 0.2)
            if not ready:
                continue
            try:
                data = os.read(self._fd, 65536)
            except OSError:
                data = b""
            if not data:
                raise TimeoutError(f"it ended before {text!r} came; saw: {shown}")
            shown += _CONTROL.sub("", data.decode(errors="replace")).replace("\r", "")
        return shown

    def type(self, line: str) -> None:
        os.write(self._fd, line.encode() + b"\n")

    def rest(self, seconds: float) -> str:
        """What appears until the program ends."""
        shown, deadline = "", time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                ready, _, _ = select.select([self._fd], [], [], 0.2)
                data = os.read(self._fd, 65536) if ready else None
            except OSError:
                break
            if data is not None:
                if not data:
                    break
                shown += _CONTROL.sub("", data.decode(errors="replace")).replace("\r", "")
        return shown

    def close(self) -> int:
        """End the program if it has not, and return its exit code."""
        for _ in range(300):
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                os.close(self._fd)
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.1)
        os.kill(self._pid, signal.SIGKILL)
        _, status = os.waitpid(self._pid, 0)
        os.close(self._fd)
        return os.waitstatus_to_exitcode(status)
