"""Bodies that are read, and those that are refused before anything is done with them."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.model.errors import BadRequest
from eachpod.server.decode import DEEPEST, parsed, shallow


def nested(depth: int, opening: str = '{"a":', closing: str = "}") -> bytes:
    return (opening * depth + "0" + closing * depth).encode()


@pytest.mark.parametrize(("opening", "closing"), [('{"a":', "}"), ("[", "]")])
def test_nesting_has_an_end(opening: str, closing: str) -> None:
    kept = parsed(nested(DEEPEST - 1, opening, closing), "application/json")
    assert orjson.dumps({"items": [{"object": kept}]})
    for depth in (DEEPEST + 1, 900):
        with pytest.raises(BadRequest, match=f"nested more than {DEEPEST} levels"):
            parsed(nested(depth, opening, closing), "application/json")


def test_many_brackets_side_by_side_are_no_depth() -> None:
    wide = b'{"a":[' + b",".join([b"{}"] * 5000) + b"]}"
    assert len(parsed(wide, "application/json")["a"]) == 5000


@given(st.recursive(st.integers(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner)))
def test_what_is_shallow_stays_what_it_is(value: object) -> None:
    assert shallow(value) is value
