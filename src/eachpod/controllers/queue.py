"""The work queue for tasks: `kit.workqueue` with something to wait on."""

import asyncio
from collections import deque

from eachpod.client.cache import Key
from eachpod.kit.backoff import Backoff
from eachpod.kit.workqueue import WorkQueue


class Queue:
    """Keys for the workers of one controller, each of which wakes one of them. Delays are on the event loop's clock."""

    def __init__(self, backoff: Backoff) -> None:
        self._queue: WorkQueue[Key] = WorkQueue(backoff)
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._alarm: asyncio.Handle | None = None
        self._alarm_at = 0.0

    def add(self, key: Key) -> None:
        self._queue.add(key)
        self._wake()

    def add_after(self, key: Key, seconds: float) -> None:
        self._queue.add_after(key, self._loop.time() + seconds)
        self._set_alarm()

    def failed(self, key: Key) -> float:
        """Again after the key's back-off; returns the seconds until then."""
        now = self._loop.time()
        at = self._queue.add_rate_limited(key, now)
        self._set_alarm()
        return at - now

    def forget(self, key: Key) -> None:
        self._queue.forget(key)

    def done(self, key: Key) -> None:
        self._queue.done(key)
        self._wake()

    async def get(self) -> Key:
        """The next key; `done` must follow."""
        while True:
            key = self._queue.get(self._loop.time())
            if key is not None:
                if len(self._queue):
                    self._wake()  # work for another worker
                return key
            self._set_alarm()
            waiting = self._loop.create_future()
            self._waiting.append(waiting)
            try:
                await waiting
            except asyncio.CancelledError:
                if not waiting.cancelled():
                    self._wake()  # what it was woken for is another's now
                raise

    def _wake(self) -> None:
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(None)
                return

    @property
    def idle(self) -> bool:
        return self._queue.idle

    def close(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()

    def _set_alarm(self) -> None:
        at = self._queue.next_at()
        if self._alarm is not None:
            if at is not None and self._alarm_at <= at:
                return  # rings early enough; the waiter sets the next one
            self._alarm.cancel()
        self._alarm = self._loop.call_at(at, self._ring) if at is not None else None
        self._alarm_at = at or 0.0

    def _ring(self) -> None:
        self._alarm = None
        self._wake()
