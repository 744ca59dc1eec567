"""A store without a disk, for tests and throw-away clusters."""

import time
from collections.abc import Callable, Sequence

from .contract import Change, Entry, Event, Key
from .state import State
from .window import Window


class MemoryStore:
    """See `contract.Store`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._state = State()
        self._window = Window()
        self._clock = clock

    @property
    def revision(self) -> int:
        return self._state.revision

    def get(self, key: Key) -> Entry | None:
        return self._state.get(key)

    def entries(self, resource: str, namespace: str = "") -> Sequence[Entry]:
        return self._state.entries(resource, namespace)

    async def entries_at(self, resource: str, namespace: str, revision: int) -> Sequence[Entry]:
        self._tick()
        return self._state.entries_at(resource, namespace, revision)

    async def commit(self, change: Change) -> Entry:
        event = self._state.stage(change)
        self._state.apply(event)
        self._tick()
        self._state.trim_long(change.key.resource)
        return event.entry

    def subscribe(self, resource: str, since: int, notify: Callable[[Event], None]) -> Callable[[], None]:
        self._tick()
        return self._state.subscribe(resource, since, notify)

    def compact(self, revision: int) -> None:
        """Drop history up to a revision, as time does by itself."""
        self._state.compact(revision)

    async def close(self) -> None:
        return

    def _tick(self) -> None:
        outdated = self._window.tick(self._clock(), self._state.revision)
        if outdated:
            self._state.compact(outdated)
