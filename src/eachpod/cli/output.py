"""How commands answer: sentences for people on standard error, results on standard output, JSON where asked for."""

import json
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any


def tell(text: str) -> None:
    """What is going on; never part of a result."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def progress(text: str, after: float = 1.0, again: float = 10.0) -> Iterator[None]:
    """Tells what is being done where it takes longer than a moment, and then now and again that it still is."""
    done = threading.Event()

    def remind() -> None:
        pause = after
        while not done.wait(pause):
            tell(text)
            pause = again

    reminder = threading.Thread(target=remind, daemon=True)
    reminder.start()
    try:
        yield
    finally:
        done.set()
        reminder.join()


def emit(value: Any, output: str, text: str) -> None:
    """`value` as JSON with `-o json`, else `text`."""
    print(json.dumps(value, indent=2) if output == "json" else text)


def columns(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table as kubectl prints one."""
    lines = [list(header), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    return "\n".join("   ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines)
