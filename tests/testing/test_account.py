"""What an account owns, and what it is shown."""

from pathlib import Path

import pytest

from eachpod.testing.account import Account, hidden, subordinate_ids

TABLE = "someone:100000:65536\nother:165536:65536\n"


@pytest.mark.parametrize(("name", "first"), [("someone", 100000), ("other", 165536), ("nobody", 0)])
def test_the_first_subordinate_id(name: str, first: int) -> None:
    assert subordinate_ids(name, TABLE) == first


@pytest.mark.parametrize(("uid", "theirs"), [(0, False), (1001, True), (99999, False), (100000, True), (165536, False)])
def test_ids_that_are_theirs(uid: int, theirs: bool) -> None:
    assert Account("someone", 1001, Path("/"), 100000).owns(uid) is theirs


def test_who_has_no_subordinate_ids_owns_only_their_own() -> None:
    assert not Account("someone", 1001, Path("/"), 0).owns(0)


def test_the_outermost_folder_that_hides(tmp_path: Path) -> None:
    closed = tmp_path / "open" / "closed"
    deep = closed / "open" / "closed"
    deep.mkdir(parents=True)
    already = hidden(tmp_path)
    assert hidden(closed) == already
    deep.chmod(0o700)
    closed.chmod(0o700)
    assert hidden(deep) == (already or closed)
    assert hidden(closed) == already
