"""Reads container logs in the form that CRI runtimes write them: TIME STREAM TAGS TEXT, one entry a line."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from eachpod.model.timestamps import parse

_BLOCK = 64 * 1024


@dataclass(frozen=True, slots=True)
class LogOptions:
    """The options of pods/log; `since` is a Unix time, `tail` and `limit` (bytes) -1 for all."""

    since: float = 0.0
    tail: int = -1
    limit: int = -1
    timestamps: bool = False
    stream: str = ""  # stdout, stderr or both


@dataclass(frozen=True, slots=True)
class Entry:
    time: bytes
    stream: bytes
    partial: bool
    text: bytes


def parse_line(line: bytes) -> Entry | None:
    """None for what is no entry (a half-written last line)."""
    parts = line.rstrip(b"\n").split(b" ", 3)
    if len(parts) < 3 or not line.endswith(b"\n"):
        return None
    text = parts[3] if len(parts) == 4 else b""
    return Entry(parts[0], parts[1], b"P" in parts[2].split(b":"), text)


class Rendering:
    """Turns lines into what a client sees, with its options; one per request."""

    def __init__(self, options: LogOptions) -> None:
        self._options = options
        self._left = options.limit
        self._middle = False  # in the middle of a line that came in parts

    @property
    def full(self) -> bool:
        """Whether the client's limit is reached."""
        return self._left == 0

    def render(self, line: bytes) -> bytes:
        entry = parse_line(line)
        if entry is None or self.full:
            return b""
        options = self._options
        if options.stream and entry.stream != options.stream.encode():
            return b""
        if options.since and (parse(_microseconds(entry.time)) or 0.0) < options.since:
            return b""
        text = entry.text if entry.partial else entry.text + b"\n"
        if options.timestamps and not self._middle:
            text = entry.time + b" " + text
        self._middle = entry.partial
        if self._left >= 0:
            text = text[: self._left]
            self._left -= len(text)
        return text


def _microseconds(time: bytes) -> str:
    """RFC 3339 with at most six decimals, which is as many as Python reads."""
    text = time.decode(errors="replace")
    head, dot, rest = text.partition(".")
    if not dot:
        return text
    zone = next((index for index, char in enumerate(rest) if not char.isdigit()), len(rest))
    return f"{head}.{rest[:zone][:6]}{rest[zone:]}"


def tail_offset(path: Path, lines: int) -> int:
    """Where the last `lines` whole lines of a file begin."""
    if lines < 0:
        return 0
    size = path.stat().st_size
    if lines == 0:
        return size
    found, position = 0, size
    with path.open("rb") as file:
        while position > 0:
            step = min(_BLOCK, position)
            position -= step
            file.seek(position)
            block = file.read(step)
            at = len(block)
            while (at := block.rfind(b"\n", 0, at)) >= 0:
                if position + at == size - 1:
                    continue  # the end of the last line
                found += 1
                if found == lines:
                    return position + at + 1
    return 0


def read_all(path: Path, options: LogOptions) -> Iterator[bytes]:
    """What there is now, rendered, in blocks."""
    rendering = Rendering(options)
    with path.open("rb") as file:
        file.seek(tail_offset(path, options.tail))
        for line in file:
            text = rendering.render(line)
            if text:
                yield text
            if rendering.full:
                return


def last_words(path: Path, lines: int = 80, size: int = 2048) -> str:
    """The end of a log, for a termination message."""
    try:
        kept: deque[bytes] = deque(read_all(path, LogOptions(tail=lines)))
    except OSError:
        return ""
    return b"".join(kept)[-size:].decode(errors="replace")
