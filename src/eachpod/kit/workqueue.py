"""A controller's work queue, as a value without clock or task.

Three rules make it safe to work on keys concurrently (those of client-go's util/workqueue):
a key waits at most once; a key is worked on by one worker at a time; a key touched while it is worked on comes back
when that work is done. Delayed keys become ready when the caller's `now` reaches their time.
"""

import heapq
from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

from .backoff import Backoff, ItemBackoff

K = TypeVar("K", bound=Hashable)


class WorkQueue(Generic[K]):
    """`get` gives a key to a worker, who must call `done` with it afterwards."""

    def __init__(self, backoff: Backoff | None = None) -> None:
        self._ready: deque[K] = deque()
        self._dirty: set[K] = set()  # waiting in _ready, or touched while worked on
        self._working: set[K] = set()
        self._due: dict[K, float] = {}  # the earliest time asked for each delayed key
        self._heap: list[tuple[float, int, K]] = []  # may hold outdated entries; _due tells
        self._count = 0
        self._limiter: ItemBackoff[K] = ItemBackoff(backoff or Backoff())

    def add(self, key: K) -> None:
        """The key needs work now."""
        if key in self._dirty:
            return
        self._dirty.add(key)
        if key not in self._working:
            self._ready.append(key)

    def add_after(self, key: K, at: float) -> None:
        """The key needs work at time `at`; of several times asked for one key the earliest counts."""
        asked = self._due.get(key)
        if asked is not None and asked <= at:
            return
        self._due[key] = at
        self._count += 1
        heapq.heappush(self._heap, (at, self._count, key))

    def add_rate_limited(self, key: K, now: float) -> float:
        """The key failed: try again after its back-off. Returns the time of the next try."""
        at = now + self._limiter.failed(key)
        self.add_after(key, at)
        return at

    def failures(self, key: K) -> int:
        """Failures in a row since the key was last forgotten."""
        return self._limiter.failures(key)

    def forget(self, key: K) -> None:
        """The key succeeded: its next failure starts again with the shortest back-off."""
        self._limiter.forget(key)

    def get(self, now: float) -> K | None:
        """The next key to work on, or None."""
        self._ripen(now)
        if not self._ready:
            return None
        key = self._ready.popleft()
        self._dirty.discard(key)
        self._working.add(key)
        return key

    def done(self, key: K) -> None:
        """The work that `get` gave out is over."""
        self._working.discard(key)
        if key in self._dirty:
            self._ready.append(key)

    def next_at(self) -> float | None:
        """When the next delayed key becomes ready; None where none is delayed. Ready keys do not count."""
        while self._heap and self._outdated(self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def __len__(self) -> int:
        """Keys that are ready now, delayed ones not counted."""
        return len(self._ready)

    @property
    def idle(self) -> bool:
        """Nothing ready and nothing worked on; delayed keys may remain."""
        return not self._ready and not self._working

    def _outdated(self, entry: tuple[float, int, K]) -> bool:
        at, _, key = entry
        return self._due.get(key) != at

    def _ripen(self, now: float) -> None:
        while self._heap and (self._heap[0][0] <= now or self._outdated(self._heap[0])):
            entry = heapq.heappop(self._heap)
            if not self._outdated(entry):
                del self._due[entry[2]]
                self.add(entry[2])
