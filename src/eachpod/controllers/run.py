"""Runs controllers: informers -> queue of keys -> reconcile -> perform.

One runner for all of them. It knows nothing of what a controller is for; a controller (`view.Controller`) knows
nothing of tasks, errors or the network. Informers are shared: one per resource and process.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial

from eachpod.client.client import Client
from eachpod.client.events import Clock
from eachpod.model.errors import Conflict, StatusError
from eachpod.model.objects import Object

from .config import ControllersConfig
from .context import Context
from .leader import Candidate, lead
from .ownwrites import OwnWrites
from .perform import Performer
from .plan import UNSET, Plan
from .queue import Queue
from .table import CONTROLLERS
from .view import Controller, Key, View, Watch

log = logging.getLogger(__name__)

# A key whose own writes are not in the cache yet is woken by their arrival; this is for the case that they never come.
_UNSEEN_RETRY_SECONDS = 1.0


class Runner:
    """One controller at work."""

    def __init__(self, controller: Controller, context: Context) -> None:
        self._controller, self._context = controller, context
        self._informers = {resource: context.informer(resource) for resource in controller.resources}
        self._caches = {resource.group_resource: informer.cache for resource, informer in self._informers.items()}
        self.view = View({resource: informer.cache for resource, informer in self._informers.items()}, context.config)
        for index in controller.indexes:
            self._informers[index.resource].cache.add_index(index.name, index.function)
        self.queue = Queue(controller.backoff)
        self._writes = OwnWrites()
        self._parked: dict[Key, None] = {}  # in the order in which they were
        recorder = context.events.recorder(controller.component)
        self._performer = Performer(context.client, recorder, self._writes)

    async def run(self) -> None:
        """Work until cancelled."""
        for informer in self._informers.values():
            await informer.synced()
        with ExitStack() as stack:
            stack.callback(self.queue.close)
            for informer in self._informers.values():
                stack.callback(informer.listen(self._unpark))
            for watch in self._controller.triggers:
                stack.callback(self._informers[watch.resource].listen(partial(self._enqueue, watch)))
            self._add(self._controller.start)
            async with asyncio.TaskGroup() as group:
                for _ in range(self._controller.workers):
                    group.create_task(self._work())
                if self._controller.resync:
                    group.create_task(self._resync(self._controller.resync))

    def _enqueue(self, watch: Watch, old: Object | None, new: Object | None) -> None:
        try:
            self._add(watch.keys(self.view, old, new))
        except Exception:
            log.exception("%s: cannot tell what a change of %s concerns", self._controller.name, watch.resource.plural)

    def _unpark(self, old: Object | None, new: Object | None) -> None:
        if self._parked:
            seen = [key for key in self._parked if self._writes.visible(key, self._caches.get)]
            for key in seen:
                del self._parked[key]
            self._add(seen)

    def _add(self, keys: Iterable[Key]) -> None:
        for key in keys:
            self.queue.add(key)

    async def _resync(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            self._add(self._controller.start)
            if self._controller.primary is not None:
                cache = self._informers[self._controller.primary].cache
                self._add(
                    [Key(obj["metadata"].get("namespace") or "", obj["metadata"]["name"]) for obj in cache.items()]
                )

    async def _work(self) -> None:
        while True:
            key = await self.queue.get()
            try:
                await self._sync(key)
            finally:
                self.queue.done(key)

    async def _sync(self, key: Key) -> None:
        if not self._writes.visible(key, self._caches.get):
            self._parked[key] = None
            self.queue.add_after(key, _UNSEEN_RETRY_SECONDS)
            return
        self._parked.pop(key, None)
        try:
            plan = self._controller.reconcile(self.view, key, self._context.clock())
            await self._performer.perform(key, plan)
        except (StatusError, ConnectionError) as error:
            self._failed(key, error)
        except Exception:
            delay = self.queue.failed(key)
            log.exception("%s %s/%s: a fault in the controller; again in %.3f s", self._controller.name, *key, delay)
        else:
            self._finished(key, plan)

    def _finished(self, key: Key, plan: Plan) -> None:
        self.queue.forget(key)
        if plan.remember is not UNSET:
            self.view.remember(key, plan.remember)
        if plan.requeue_after is not None:
            self.queue.add_after(key, max(0.0, plan.requeue_after))

    def _failed(self, key: Key, error: Exception) -> None:
        delay = self.queue.failed(key)
        # Conflicts are the normal way in which two writers meet.
        level = logging.DEBUG if isinstance(error, Conflict) or delay < 1 else logging.WARNING
        log.log(level, "%s %s/%s: %s; again in %.3f s", self._controller.name, *key, error, delay)


async def run_controller(controller: Controller, context: Context) -> None:
    await Runner(controller, context).run()


async def run_all(
    client: Client, config: ControllersConfig, clock: Clock = time.time, begun: Callable[[], None] = lambda: None
) -> None:
    """Run all controllers that the settings ask for, until cancelled. `begun` is called whenever they begin: with an
    election that is when the Lease is got."""
    work = partial(_run_chosen, client, config, clock, begun)
    if not config.leader_elect:
        await work()
        return
    await lead(client, Candidate(config.identity, config.lease_seconds), clock, work)


async def _run_chosen(client: Client, config: ControllersConfig, clock: Clock, begun: Callable[[], None]) -> None:
    begun()
    chosen = [c for c in CONTROLLERS if config.enabled(c.name, by_default=c.by_default)]
    async with Context(client, config, clock) as context, asyncio.TaskGroup() as group:
        for controller in chosen:
            if isinstance(controller, Controller):
                group.create_task(run_controller(controller, context), name=controller.name)
            else:
                group.create_task(controller.run(context), name=controller.name)
