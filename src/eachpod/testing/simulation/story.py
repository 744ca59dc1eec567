"""What happened, line by line with its virtual time: what a broken law is explained by."""

import logging
from collections.abc import Callable

# Long enough for any schedule; a run that repeats itself for ever must not fill the memory.
_LIMIT = 20_000


class LawBroken(AssertionError):
    """The text names the seed, the law and everything that happened before."""


class Story:
    """`broken` is the first law that was broken, "" so far; `stop` ends the schedule then."""

    def __init__(self, seed: int, now: Callable[[], float], stop: Callable[[], None]) -> None:
        self.seed = seed
        self.lines: list[str] = []
        self.broken = ""
        self._now, self._stop = now, stop

    def tell(self, line: str) -> None:
        if len(self.lines) < _LIMIT and not self.broken:
            self.lines.append(f"{self._now():10.4f}  {line}")

    def fail(self, law: str) -> None:
        """A law is broken. What calls this may be deep inside a server, where an exception would be somebody's answer,
        so nothing is raised here."""
        if not self.broken:
            self.tell(f"BROKEN: {law}")
            self.broken = law
            self._stop()

    def check(self) -> None:
        if self.broken:
            raise LawBroken("\n".join((f"seed {self.seed}: {self.broken}", *self.lines)))


class Faults(logging.Handler):
    """An error in a log is a fault of the part that wrote it: the parts expect all that is done to them here."""

    def __init__(self, story: Story) -> None:
        super().__init__(logging.ERROR)
        self._story = story

    def emit(self, record: logging.LogRecord) -> None:
        why = f": {record.exc_info[1]!r}" if record.exc_info else ""
        self._story.fail(f"a fault in {record.name}: {record.getMessage()}{why}")

    def __enter__(self) -> "Faults":
        logging.getLogger("eachpod").addHandler(self)
        return self

    def __exit__(self, *unused: object) -> None:
        logging.getLogger("eachpod").removeHandler(self)
