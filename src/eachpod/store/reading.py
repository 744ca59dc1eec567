"""What every store that keeps its objects in memory reads alike: objects, lists, and the history that watches need."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from .contract import Entry, Event, Key
from .state import State
from .window import Window


class InMemoryReads(ABC):
    """The reading half of `contract.Store`. `clock` gives monotonic seconds; history leaves as it gets old."""

    def __init__(self, state: State, clock: Callable[[], float]) -> None:
        self._state, self._clock = state, clock
        self._window = Window()

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

    def subscribe(self, resource: str, since: int, notify: Callable[[Event], None]) -> Callable[[], None]:
        self._tick()
        return self._state.subscribe(resource, since, notify)

    @abstractmethod
    def compact(self, revision: int) -> None:
        """Drop history up to a revision, as time does by itself."""

    def _tick(self) -> None:
        outdated = self._window.tick(self._clock(), self._state.revision)
        if outdated:
            self.compact(outdated)
