"""When a dead process is started again."""

from hypothesis import given
from hypothesis import strategies as st

from eachpod.cluster.restarts import Restarts


def test_first_death_at_once_then_growing_pauses() -> None:
    history, now, pauses = Restarts(), 0.0, []
    for _ in range(9):
        history, due = history.begun(now).died(now)
        pauses.append(round(due - now, 3))
        now = due
    assert pauses == [0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert history.total == 9


def test_a_healthy_life_forgives() -> None:
    history = Restarts(deaths=8, total=8).begun(100.0)
    history, due = history.died(111.0)
    assert (history.deaths, history.total, due) == (1, 9, 111.0)


@given(st.lists(st.floats(0, 60), max_size=30))
def test_never_before_the_death_and_never_later_than_five_seconds(lives: list[float]) -> None:
    history, now = Restarts(), 0.0
    for life in lives:
        died = now + life
        history, due = history.begun(now).died(died)
        assert died <= due <= died + 5.0
        now = due
