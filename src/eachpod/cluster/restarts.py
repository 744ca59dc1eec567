"""When a process that ended is started again: at once the first time, then with growing pauses while it keeps dying."""

from dataclasses import dataclass, replace

# A process that lived this long counts as healthy: its next death is a first one again.
_HEALTHY_SECONDS = 10.0
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Restarts:
    """The history of one process: `deaths` in a row, `total` since the supervisor began; times in monotonic seconds."""

    deaths: int = 0
    total: int = 0
    started: float = 0.0

    def begun(self, now: float) -> "Restarts":
        return replace(self, started=now)

    def died(self, now: float) -> "tuple[Restarts, float]":
        """The new history, and when to start again."""
        healthy = now - self.started >= _HEALTHY_SECONDS
        deaths = 1 if healthy else self.deaths + 1
        pause = 0.0 if deaths == 1 else min(_FIRST_PAUSE_SECONDS * 2 ** (deaths - 2), _LONGEST_PAUSE_SECONDS)
        return Restarts(deaths, self.total + 1, self.started), now + pause
