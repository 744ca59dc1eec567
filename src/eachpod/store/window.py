"""How long history is kept: which revision was current how long ago."""

from collections import deque

# Long enough for any client that comes back; short enough that a continued list expires within ten minutes.
KEEP_SECONDS = 300.0
_STEP_SECONDS = 60.0


class Window:
    """Marks of (time, revision), at most one a minute."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()

    def tick(self, now: float, revision: int) -> int:
        """Note the present revision. Returns the revision up to which history may go, 0 for none."""
        if not self._marks or now - self._marks[-1][0] >= _STEP_SECONDS:
            self._marks.append((now, revision))
        outdated = 0
        while self._marks and now - self._marks[0][0] >= KEEP_SECONDS:
            outdated = self._marks.popleft()[1]
        return outdated
