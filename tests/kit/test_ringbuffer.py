import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.kit.ringbuffer import RingBuffer


def test_after_gives_what_is_newer_and_none_where_some_are_gone() -> None:
    ring: RingBuffer[str] = RingBuffer(100, floor=5)
    ring.append(7, "a")
    ring.append(9, "b")
    assert ring.after(4) is None
    assert ring.after(5) == ["a", "b"]
    assert ring.after(7) == ["b"]
    assert ring.after(9) == []
    ring.forget(8)
    assert ring.after(7) is None
    assert ring.after(8) == ["b"]


def test_numbers_must_rise() -> None:
    ring: RingBuffer[str] = RingBuffer(3)
    ring.append(1, "a")
    with pytest.raises(ValueError, match="does not rise"):
        ring.append(1, "b")
    with pytest.raises(ValueError, match="at least 1"):
        RingBuffer[str](0)


@given(st.integers(1, 20), st.lists(st.integers(1, 3), max_size=200), st.integers(0, 400))
def test_an_answer_is_complete_or_none(capacity: int, steps: list[int], since: int) -> None:
    ring: RingBuffer[int] = RingBuffer(capacity)
    number, everything = 0, []
    for step in steps:
        number += step
        ring.append(number, number)
        everything.append(number)
    answer = ring.after(since)
    assert answer is None or answer == [n for n in everything if n > since]
    assert len(ring) >= min(capacity, len(everything))
