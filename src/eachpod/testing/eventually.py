"""Waiting in tests for what has to become true. Only that it does is judged, never how fast."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from eachpod.model.errors import StatusError

T = TypeVar("T")

# Between two looks, in seconds: soon at first, then seldom enough to leave the machine to what is waited for.
_FIRST_PAUSE, _LONGEST_PAUSE, _GROWTH = 0.002, 0.1, 1.3


async def eventually(call: Callable[[], Awaitable[T]], what: str, seconds: float = 60.0) -> T:
    """The first true result without an error of the network or the API."""
    return await _looked(call, bool, what, seconds)


async def becomes(call: Callable[[], Awaitable[T]], wanted: T, what: str, seconds: float = 60.0) -> None:
    """Waits until the call results in `wanted`; the failure shows what it resulted in instead."""
    await _looked(call, lambda result: result == wanted, f"{what}: {wanted}", seconds)


async def until(condition: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    """Waits for what other tasks of this process bring about."""

    async def look() -> object:
        return condition()

    await _looked(look, bool, what, seconds)


async def _looked(call: Callable[[], Awaitable[T]], enough: Callable[[T], bool], what: str, seconds: float) -> T:
    loop = asyncio.get_running_loop()
    deadline, pause = loop.time() + seconds, _FIRST_PAUSE
    while True:
        seen: object
        try:
            seen = result = await call()
            if enough(result):
                return result
        except (StatusError, OSError) as error:
            seen = error
        if loop.time() >= deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what}; last seen: {seen}")
        await asyncio.sleep(pause)
        pause = min(_LONGEST_PAUSE, pause * _GROWTH)
