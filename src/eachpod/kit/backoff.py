"""Exponential back-off per item: how long to wait after the n-th failure in a row."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Backoff:
    """`base` seconds after the first failure, doubled by each further one, never above `limit`.

    The defaults are those of client-go's controller rate limiter (workqueue.DefaultControllerRateLimiter).
    """

    base: float = 0.005
    limit: float = 1000.0
    factor: float = 2.0

    def delay(self, failures: int) -> float:
        """The wait after `failures` failures in a row (0 failures: no wait)."""
        if failures <= 0:
            return 0.0
        # Beyond a hundred doublings every limit is reached; the power itself would overflow.
        return min(self.limit, self.base * self.factor ** min(failures - 1, 100))


@dataclass(slots=True)
class ItemBackoff(Generic[K]):
    """Counts failures per item. An item that succeeded is forgotten."""

    backoff: Backoff = field(default_factory=Backoff)
    _failures: dict[K, int] = field(default_factory=dict)

    def failed(self, item: K) -> float:
        """Count a failure; the seconds to wait before the next try."""
        count = self._failures.get(item, 0) + 1
        self._failures[item] = count
        return self.backoff.delay(count)

    def failures(self, item: K) -> int:
        return self._failures.get(item, 0)

    def forget(self, item: K) -> None:
        self._failures.pop(item, None)
