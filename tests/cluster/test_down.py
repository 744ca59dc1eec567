"""What `down` says is left, and what it keeps so that another one can go on."""

from pathlib import Path

import pytest

from eachpod.cluster import down as taking_down
from eachpod.cluster.down import Remains, down, settled
from eachpod.cluster.settings import Settings, save

NOTHING = Remains(0, 0, 0, 0, 0)
SOMETHING = Remains(0, 0, 1, 0, 0)


def test_what_goes_by_itself_is_not_left() -> None:
    seen = iter([SOMETHING, SOMETHING, NOTHING])
    assert settled(lambda: next(seen), 3600.0) == NOTHING


def test_what_stays_is_told() -> None:
    assert settled(lambda: SOMETHING, 0.0) == SOMETHING


def test_data_goes_when_nothing_else_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "x"
    save(Settings("x", str(place)))
    for left, stays in ((SOMETHING, True), (NOTHING, False)):
        with monkeypatch.context() as patched:
            patched.setattr(taking_down, "settled", lambda look, left=left: left)
            assert down("x", place, print) == left
        assert place.exists() is stays
