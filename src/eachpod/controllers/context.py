"""What the controllers of one process share: informers, a recorder of events, the clock, and the tasks behind them."""

import asyncio
import logging
import time
from typing import Protocol

from eachpod.client.client import Client
from eachpod.client.events import Clock, EventSink
from eachpod.client.informer import Informer
from eachpod.model.resource import Resource

from .config import ControllersConfig

log = logging.getLogger(__name__)


class Context:
    """Everything in it is made on first use and ends with it."""

    def __init__(self, client: Client, config: ControllersConfig, clock: Clock = time.time) -> None:
        self.client, self.config, self.clock = client, config, clock
        self.events = EventSink(client, clock)
        self._informers: dict[str, Informer] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def informer(self, resource: Resource) -> Informer:
        """The informer of a resource in all namespaces; it starts with the first call."""
        key = resource.group_resource
        if key not in self._informers:
            self._informers[key] = Informer(self.client, resource)
            self.spawn(self._informers[key].run(), f"informer {key}")
        return self._informers[key]

    def spawn(self, work: "asyncio._CoroutineLike[None]", name: str) -> None:
        """Run `work` until the context closes."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("%s ended by a fault", task.get_name(), exc_info=task.exception())

    async def __aenter__(self) -> "Context":
        self.spawn(self.events.run(), "events")
        return self

    async def __aexit__(self, *unused: object) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class Special(Protocol):
    """A controller that does not fit the runner and runs by itself, such as one that watches all kinds there are."""

    @property
    def name(self) -> str: ...

    @property
    def by_default(self) -> bool: ...

    async def run(self, context: Context) -> None: ...
