"""A store without a disk, for tests and throw-away clusters."""

import time
from collections.abc import Callable

from .contract import Change, Entry
from .reading import InMemoryReads
from .state import State


class MemoryStore(InMemoryReads):
    """See `contract.Store`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(State(), clock)

    async def commit(self, change: Change) -> Entry:
        event = self._state.stage(change)
        self._state.apply(event)
        self._tick()
        self._state.trim_long(change.key.resource)
        return event.entry

    def compact(self, revision: int) -> None:
        self._state.compact(revision)

    async def close(self) -> None:
        return
