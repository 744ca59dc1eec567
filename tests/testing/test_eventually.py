"""Waiting: the first true result counts, errors on the way do not, and a failure says what was seen last."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import pytest

from eachpod.model.errors import NotFound
from eachpod.testing.eventually import becomes, eventually, until


def results(*given: object) -> Callable[[], Awaitable[object]]:
    coming: Iterable[object] = iter(given)

    async def call() -> object:
        result = next(iter(coming))
        if isinstance(result, Exception):
            raise result
        return result

    return call


async def test_the_first_true_result_counts() -> None:
    coming = results("", NotFound("not yet"), ConnectionError(), "there", "later")
    assert await eventually(coming, "it comes") == "there"
    await becomes(results(None, 1, OSError(), 2), 2, "it is two")


async def test_a_fault_of_the_test_is_not_waited_out() -> None:
    with pytest.raises(ZeroDivisionError):
        await eventually(results(ZeroDivisionError()), "it comes")


async def test_what_was_seen_last_is_told() -> None:
    with pytest.raises(AssertionError, match=r"^not within 0 s: it is two: 2; last seen: 1$"):
        await becomes(results(1), 2, "it is two", seconds=0)


async def test_what_other_tasks_bring_about_is_waited_for() -> None:
    seen: list[int] = []
    asyncio.get_running_loop().call_soon(seen.append, 1)
    await until(lambda: seen, "a number")
    assert seen == [1]
