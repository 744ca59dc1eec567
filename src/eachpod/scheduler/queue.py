"""Pods that wait for a node: those to be tried now, those backing off, and those that only a change can help.

Pure: the clock comes in as `now`. Order is by priority, then by how long a pod has waited.
"""

import heapq
from dataclasses import dataclass, field

from .podinfo import PodInfo, PodKey

# A pod that nothing wakes is tried again after this long all the same.
LONGEST_SLEEP = 300.0


@dataclass(slots=True)
class Waiting:
    """`attempts` that failed, the last at `tried`, when `plugins` refused the pod."""

    info: PodInfo
    added: float
    attempts: int = 0
    tried: float = 0.0
    plugins: frozenset[str] = field(default_factory=frozenset)
    # When the pod is tried again; `asleep` while something may wake it before.
    due: float | None = None
    asleep: bool = False


class PendingPods:
    def __init__(self, initial_backoff: float = 1.0, max_backoff: float = 10.0) -> None:
        self._initial, self._max = initial_backoff, max_backoff
        self._pods: dict[PodKey, Waiting] = {}
        self._active: list[tuple[int, float, int, PodKey]] = []
        self._later: list[tuple[float, int, PodKey]] = []
        self._queued: set[PodKey] = set()
        # Woken pods that back off although nothing went wrong: they may go early while nobody else waits.
        self._early: dict[PodKey, None] = {}
        self._order = 0
        # The pod that is being tried, and what has changed since it was taken: that may have helped it.
        self._trying: PodKey | None = None
        self._missed: list[frozenset[str] | None] = []

    def __len__(self) -> int:
        return len(self._pods)

    def __contains__(self, key: PodKey) -> bool:
        return key in self._pods

    def put(self, info: PodInfo, now: float, *, retry: bool = True) -> None:
        """A pod as the watch shows it. With `retry` one that sleeps is tried again (its spec changed)."""
        known = self._pods.get(info.key)
        if known is None or known.info.uid != info.uid:
            self._pods[info.key] = known = Waiting(info, now)
            self._activate(known)
            return
        known.info = info
        if retry and info.key == self._trying:
            self._missed.append(None)
        elif retry and known.asleep:
            self._wake(known, now)

    def drop(self, key: PodKey) -> Waiting | None:
        """The pod needs no node any more, or has one. What is returned can come `back`."""
        self._queued.discard(key)
        self._early.pop(key, None)
        if self._trying == key:
            self._trying = None
        return self._pods.pop(key, None)

    def back(self, waiting: Waiting, now: float) -> None:
        """A pod that was dropped because it had a node, but did not get there: again after its back-off."""
        waiting.attempts += 1
        waiting.tried, waiting.plugins = now, frozenset()
        if waiting.info.key not in self._pods:
            self._pods[waiting.info.key] = waiting
            self._wake(waiting, now)

    def pop(self, now: float) -> PodInfo | None:
        """The next pod to try. `failed` or `drop` must follow before the next call."""
        self._ripen(now)
        if not self._queued and self._early:
            self._activate(self._pods[next(iter(self._early))])
        while self._active:
            key = heapq.heappop(self._active)[-1]
            if key in self._queued:
                self._queued.discard(key)
                self._trying = key
                self._missed.clear()
                return self._pods[key].info
        return None

    def failed(self, key: PodKey, plugins: frozenset[str], now: float) -> None:
        """The pod could not be placed: it sleeps until something changes that concerns `plugins`. With none, something
        went wrong that only time heals."""
        waiting = self._pods.get(key)
        self._trying = None
        if waiting is None:
            return
        waiting.attempts += 1
        waiting.tried, waiting.plugins = now, plugins
        if not plugins or any(_concerns(move, plugins) for move in self._missed):
            self._wake(waiting, now)
        else:
            waiting.asleep = True
            self._schedule(waiting, now + LONGEST_SLEEP)

    def move(self, plugins: frozenset[str] | None, now: float) -> None:
        """Something changed that may help pods which these plugins refused (None: any pod)."""
        if self._trying:
            self._missed.append(plugins)
        for waiting in self._pods.values():
            if waiting.asleep and _concerns(plugins, waiting.plugins):
                self._wake(waiting, now)

    def next_at(self) -> float | None:
        """When the next pod is due, None if none is; 0 if one is ready."""
        if self._queued or self._early:
            return 0.0
        while self._later and not self._is_current(self._later[0]):
            heapq.heappop(self._later)
        return self._later[0][0] if self._later else None

    def _is_current(self, entry: tuple[float, int, PodKey]) -> bool:
        waiting = self._pods.get(entry[2])
        return waiting is not None and waiting.due == entry[0]

    def _schedule(self, waiting: Waiting, due: float) -> None:
        waiting.due = due
        self._order += 1
        heapq.heappush(self._later, (due, self._order, waiting.info.key))

    def _backoff(self, waiting: Waiting) -> float:
        return float(min(self._max, self._initial * 2 ** min(waiting.attempts - 1, 30))) if waiting.attempts else 0.0

    def _wake(self, waiting: Waiting, now: float) -> None:
        due = waiting.tried + self._backoff(waiting)
        waiting.asleep = False
        if due <= now:
            self._activate(waiting)
        else:
            self._schedule(waiting, due)
            if waiting.plugins:
                self._early[waiting.info.key] = None

    def _activate(self, waiting: Waiting) -> None:
        key = waiting.info.key
        waiting.due, waiting.asleep = None, False
        self._early.pop(key, None)
        if key not in self._queued:
            self._queued.add(key)
            self._order += 1
            heapq.heappush(self._active, (-waiting.info.priority, waiting.added, self._order, key))

    def _ripen(self, now: float) -> None:
        while self._later and self._later[0][0] <= now:
            entry = heapq.heappop(self._later)
            if self._is_current(entry):
                self._activate(self._pods[entry[2]])


def _concerns(move: frozenset[str] | None, plugins: frozenset[str]) -> bool:
    return move is None or not plugins or not move.isdisjoint(plugins)
