"""Container logs as clients see them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.model.timestamps import parse
from eachpod.node.logs import LogOptions, Rendering, last_words, parse_line, read_all, tail_offset

LINES = (
    b"2026-11-25T06:00:00.100000001Z stdout F one\n"
    b"2026-11-25T06:00:01.2Z stderr F two\n"
    b"2026-11-25T06:00:02.3Z stdout P thr\n"
    b"2026-11-25T06:00:02.4Z stdout F ee\n"
    b"2026-11-25T06:00:03.5Z stdout F \n"
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "0.log"
    path.write_bytes(LINES)
    return path


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (LogOptions(), b"one\ntwo\nthree\n\n"),
        (LogOptions(stream="stderr"), b"two\n"),
        (LogOptions(tail=1), b"\n"),
        (LogOptions(tail=0), b""),
        (LogOptions(tail=99), b"one\ntwo\nthree\n\n"),
        (LogOptions(limit=6), b"one\ntw"),
        (LogOptions(since=parse("2026-11-25T06:00:01.2Z") or 0), b"two\nthree\n\n"),
        (LogOptions(tail=2, timestamps=True), b"2026-11-25T06:00:02.4Z ee\n2026-11-25T06:00:03.5Z \n"),
    ],
)
def test_options(log: Path, options: LogOptions, expected: bytes) -> None:
    assert b"".join(read_all(log, options)) == expected


def test_a_line_in_parts_has_one_timestamp() -> None:
    rendering = Rendering(LogOptions(timestamps=True))
    text = b"".join(map(rendering.render, LINES.splitlines(keepends=True)))
    assert b"2026-11-25T06:00:02.3Z three\n" in text


def test_a_half_written_line_is_no_entry() -> None:
    assert parse_line(b"2026-11-25T06:00:00Z stdout F hal") is None


@given(st.lists(st.binary(max_size=30).filter(lambda text: b"\n" not in text), max_size=30), st.integers(0, 40))
def test_the_tail_begins_where_its_lines_begin(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], count: int
) -> None:
    path = tmp_path_factory.mktemp("log") / "0.log"
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    rest = path.read_bytes()[tail_offset(path, count) :]
    assert rest.splitlines(keepends=False) == [] if count == 0 else rest.split(b"\n")[:-1] == lines[-count:]


def test_last_words(log: Path, tmp_path: Path) -> None:
    assert last_words(log, lines=2) == "ee\n\n"
    assert last_words(tmp_path / "none") == ""
