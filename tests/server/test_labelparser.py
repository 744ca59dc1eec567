"""Label selectors: what is read, what is refused, and laws for any text."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.model.errors import BadRequest
from eachpod.server import labelparser

LABELS = {"app": "web", "tier": "front", "n": "5"}


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ("", True),
        ("app", True),
        ("!app", False),
        ("app=web", True),
        ("app==web,tier!=back", True),
        ("other!=x", True),
        ("other=", False),
        ("app in (web, db)", True),
        ("app notin (web)", False),
        ("other notin (web)", True),
        ("other in (web)", False),
        ("n>4,n<6", True),
        ("app>4", False),
        ("in in (in)", False),
    ],
)
def test_labels(selector: str, matches: bool) -> None:
    assert all(test(LABELS) for test in labelparser.parse(selector)) is matches


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("a===b", "unable to parse requirement: found '=', expected: identifier"),
        ("a,", "found '', expected: identifier after ','"),
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("a in", "unable to parse requirement: found '' expected: '('"),
        ("(", "found '(', expected: !, identifier, or 'end of string'"),
    ],
)
def test_label_selectors_that_cannot_be_read(selector: str, message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        labelparser.parse(selector)
    assert refused.value.message == message


@given(st.text(alphabet="ab/.-=!<>(), \tin1é\x00", max_size=20))
def test_any_label_selector_is_read_or_refused(selector: str) -> None:
    with contextlib.suppress(BadRequest):
        for test in labelparser.parse(selector):
            assert test(LABELS) in (True, False)
