"""Writes Events: a queue in front of the API, so that whoever has something to tell never waits for it.

Events are best effort, as in client-go: what the server refuses is dropped, what no answer comes to is tried a few
times. They are written in the order they were told.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from eachpod.model.errors import NotFound, StatusError
from eachpod.model.resources import EVENT

from .client import Client
from .correlate import Correlator, Note, Record

log = logging.getLogger(__name__)

# Unix seconds.
Clock = Callable[[], float]

_WAITING = 10_000
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Recorder:
    """Tells events in the name of one component (and host)."""

    _sink: "EventSink"
    _correlator: Correlator

    def tell(self, note: Note) -> None:
        record = self._correlator.observe(note, self._sink.clock())
        if record is not None:
            self._sink.offer(record)


class EventSink:
    """The one writer of events in a process; `recorder` gives each component its voice."""

    def __init__(self, client: Client, clock: Clock = time.time) -> None:
        self.clock = clock
        self._client = client
        self._queue: asyncio.Queue[Record] = asyncio.Queue(_WAITING)

    def recorder(self, component: str, host: str = "") -> Recorder:
        return Recorder(self, Correlator(component, host))

    def offer(self, record: Record) -> None:
        try:
            self._queue.put_nowait(record)
        except asyncio.QueueFull:
            log.warning("too many events are waiting; dropped %s about %s", record.fresh["reason"], record.name)

    async def run(self) -> None:
        """Write what is offered, until cancelled."""
        while True:
            await self._write(await self._queue.get())

    async def _write(self, record: Record) -> None:
        for attempt in range(_TRIES):
            try:
                await self._try(record)
                return
            except StatusError as error:
                log.debug("the server refused the event %s: %s", record.name, error)
                return
            except ConnectionError as error:
                log.debug("event %s not written: %s", record.name, error)
                await asyncio.sleep(0.2 * 2**attempt)

    async def _try(self, record: Record) -> None:
        if record.patch is not None:
            try:
                await self._client.patch(EVENT, record.name, record.namespace, record.patch)
                return
            except NotFound:
                pass  # expired meanwhile, or its creation was refused: tell it anew
        await self._client.create(EVENT, record.fresh, record.namespace)
