"""How the values of flags are read."""

from pathlib import Path

import pytest

from eachpod.cli.flags import contents, listed, readable, seconds
from eachpod.cluster.errors import ClusterError


@pytest.mark.parametrize(
    ("text", "expected"),
    [("50s", 50.0), ("1m30s", 90.0), ("500ms", 0.5), ("1h", 3600.0), ("20", 20.0), ("1.5m", 90.0)],
)
def test_durations(text: str, expected: float) -> None:
    assert seconds("--for", text) == expected


@pytest.mark.parametrize("text", ["", "soon", "5 s", "5d", "-1s", "s5", "1m30"])
def test_what_is_no_duration_is_said_with_its_flag(text: str) -> None:
    with pytest.raises(ClusterError, match=r"^--for: .* is not a duration"):
        seconds("--for", text)


def test_lists() -> None:
    assert listed("a, b,,c ") == ("a", "b", "c")
    assert listed("") == ()


def test_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "f").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    assert readable("--file", "f") == str(tmp_path / "f")
    assert contents("--file", "f") == b"x"
    assert (readable("--file", ""), contents("--file", "")) == ("", b"")
    with pytest.raises(ClusterError, match=r"^--file: gone cannot be read"):
        readable("--file", "gone")
