"""Waiting in tests for what has to become true. Only that it does is judged, never how fast."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from eachpod.model.errors import StatusError

T = TypeVar("T")


async def eventually(call: Callable[[], Awaitable[T]], what: str, seconds: float = 60.0) -> T:
    """The first true result without an error of the network or the API."""
    deadline = asyncio.get_running_loop().time() + seconds
    seen: object = None
    while asyncio.get_running_loop().time() < deadline:
        try:
            seen = result = await call()
            if result:
                return result
        except (StatusError, OSError) as error:
            seen = error
        await asyncio.sleep(0.1)
    raise AssertionError(f"not within {seconds:.0f} s: {what}; last seen: {seen}")


async def becomes(call: Callable[[], Awaitable[T]], wanted: T, what: str, seconds: float = 60.0) -> None:
    """Waits until the call results in `wanted`; the failure shows what it resulted in instead."""
    deadline = asyncio.get_running_loop().time() + seconds
    seen: object = None
    while seen != wanted:
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what}: {wanted}; last seen: {seen}")
        await asyncio.sleep(0.1)
        try:
            seen = await call()
        except (StatusError, OSError) as error:
            seen = error
