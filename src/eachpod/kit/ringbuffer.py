"""The last n items of a stream, found again by a rising number: the history that watches resume from."""

from bisect import bisect_right
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class RingBuffer(Generic[T]):
    """Items under strictly rising integers. When full, the oldest give way; `floor` tells up to where they are gone."""

    def __init__(self, capacity: int, floor: int = 0) -> None:
        if capacity < 1:
            raise ValueError(f"capacity must be at least 1, not {capacity}")
        self.capacity = capacity
        # The highest number whose item may be missing: everything after it is complete.
        self.floor = floor
        self._numbers: list[int] = []
        self._items: list[T] = []

    def append(self, number: int, item: T) -> None:
        if number <= (self._numbers[-1] if self._numbers else self.floor):
            raise ValueError(f"number {number} does not rise")
        self._numbers.append(number)
        self._items.append(item)
        # Trimming a block at a time keeps the cost per item constant, where a list's pop(0) would not.
        if len(self._numbers) >= self.capacity + max(16, self.capacity // 4):
            self._trim(len(self._numbers) - self.capacity)

    def after(self, number: int) -> list[T] | None:
        """The items with higher numbers, oldest first; None where some of them may be gone already."""
        if number < self.floor:
            return None
        return self._items[bisect_right(self._numbers, number) :]

    def forget(self, number: int) -> None:
        """Drop the items up to and including `number`."""
        count = bisect_right(self._numbers, number)
        if count:
            self._trim(count)
        self.floor = max(self.floor, number)

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[T]:
        return iter(self._items)

    def _trim(self, count: int) -> None:
        self.floor = self._numbers[count - 1]
        del self._numbers[:count]
        del self._items[:count]
