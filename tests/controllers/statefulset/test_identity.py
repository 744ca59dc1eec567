"""The ordinals in names of pods."""

from hypothesis import given
from hypothesis import strategies as st

from eachpod.controllers.statefulset.identity import parent_and_ordinal


@given(st.text("ab-019", max_size=12), st.integers(0, 2**31 - 1))
def test_names_are_read_back(name: str, number: int) -> None:
    assert parent_and_ordinal(f"{name}-{number}") == (name, number)
