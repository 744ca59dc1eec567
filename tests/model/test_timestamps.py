"""Points in time and spans, read and written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.model import timestamps


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-5, "<invalid>"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (125, "2m5s"),
        (599, "9m59s"),
        (600, "10m"),
        (3 * 3600 - 1, "179m"),
        (3 * 3600, "3h"),
        (3 * 3600 + 60, "3h1m"),
        (8 * 3600, "8h"),
        (48 * 3600, "2d"),
        (49 * 3600, "2d1h"),
        (8 * 86400 + 3600, "8d"),
        (730 * 86400, "2y"),
        (800 * 86400, "2y70d"),
        (8 * 365 * 86400, "8y"),
    ],
)
def test_span(seconds: float, shown: str) -> None:
    assert timestamps.span(seconds) == shown


@given(st.integers(0, 4 * 10**9))
def test_parse_reads_what_render_writes(seconds: int) -> None:
    assert timestamps.parse(timestamps.render(seconds)) == seconds


def test_parse() -> None:
    assert timestamps.parse("2020-01-01T00:00:00+01:00") == timestamps.parse("2019-12-31T23:00:00Z")
    assert timestamps.parse("2020-01-01T00:00:00.000001Z") == pytest.approx(1577836800.000001)
    assert timestamps.parse("yesterday") is None
    assert timestamps.parse(None) is None


def test_since() -> None:
    assert timestamps.since("2020-01-01T00:00:00Z", 1577836800 + 90) == "90s"
    assert timestamps.since(None, 0) == "<unknown>"
