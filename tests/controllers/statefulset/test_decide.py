"""How many pods of a set may be down at once."""

from hypothesis import given
from hypothesis import strategies as st

from eachpod.controllers.statefulset.decide import max_unavailable


@given(st.integers(0, 200), st.one_of(st.none(), st.integers(1, 50), st.integers(1, 100).map(lambda n: f"{n}%")))
def test_max_unavailable_is_at_least_one_and_never_rounds_up(replicas: int, value: int | str | None) -> None:
    got = max_unavailable(value, replicas)
    assert got >= 1
    if isinstance(value, str) and got > 1:
        assert got * 100 <= int(value[:-1]) * replicas
