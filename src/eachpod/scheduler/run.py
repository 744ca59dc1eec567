"""The scheduler at work: watches feed the picture of the cluster, pods that wait are decided on one by one.

A decision is made on the state of that moment, with all earlier decisions counted in; carrying it out (claims, binding,
preemption, status) happens beside the next decisions.
"""

import asyncio
import logging
import time
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from eachpod.client.cache import key_of
from eachpod.client.client import Client
from eachpod.client.correlate import Note
from eachpod.client.events import Clock, EventSink
from eachpod.client.informer import Informer
from eachpod.model.errors import Conflict, NotFound, StatusError
from eachpod.model.objects import Object, deleting, dig, name
from eachpod.model.podphase import is_finished
from eachpod.model.resource import Resource
from eachpod.model.resources import (
    NAMESPACE,
    NODE,
    PERSISTENTVOLUME,
    PERSISTENTVOLUMECLAIM,
    POD,
    STORAGECLASS,
)

from . import moves
from .cluster import Cluster
from .config import SchedulerConfig
from .decide import Chosen, Unschedulable, decide
from .perform import Binder, Refuser
from .podinfo import PodInfo, PodKey, info_of
from .queue import PendingPods, Waiting
from .related import RELATED, related_from

log = logging.getLogger(__name__)

_WATCHED = (POD, NODE, *RELATED)


class Scheduler:
    def __init__(self, client: Client, config: SchedulerConfig, clock: Clock = time.time) -> None:
        self._config, self._clock = config, clock
        self._informers: dict[Resource, Informer] = {one: Informer(client, one) for one in _WATCHED}
        self.cluster = Cluster(related_from({one: informer.cache for one, informer in self._informers.items()}))
        self._pending = PendingPods(config.pod_initial_backoff_seconds, config.pod_max_backoff_seconds)
        self._events = EventSink(client, clock)
        self._recorder = self._events.recorder(config.scheduler_name)
        claims = self._informers[PERSISTENTVOLUMECLAIM].cache
        self._binder = Binder(client, self.cluster, claims, self._recorder, config.bind_timeout_seconds)
        self._refuser = Refuser(client, self._recorder, config.scheduler_name, clock)
        self._wake = asyncio.Event()
        self._work: set[asyncio.Task[None]] = set()
        # Refusals being written: the binding of the same pod waits, or its older news would overwrite the newer.
        self._refusals: dict[PodKey, asyncio.Task[None]] = {}
        self._rotation = 0

    async def run(self) -> None:
        """Schedule until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._events.run())
            for informer in self._informers.values():
                group.create_task(informer.run())
            for informer in self._informers.values():
                await informer.synced()
            self._listen()
            try:
                await self._decide_forever()
            finally:
                for task in self._work:
                    task.cancel()

    def _listen(self) -> None:
        # Nodes first: pods are counted on them.
        self._informers[NODE].listen(self._on_node)
        self._informers[POD].listen(self._on_pod)
        self._informers[NAMESPACE].listen(lambda old, new: self._move(moves.by_namespace(old, new)))
        for resource in (PERSISTENTVOLUMECLAIM, PERSISTENTVOLUME, STORAGECLASS):
            self._informers[resource].listen(self._on_volume)

    # What the watches tell

    def _on_node(self, old: Object | None, new: Object | None) -> None:
        if new is not None:
            self.cluster.set_node(new)
        elif old is not None:
            self.cluster.drop_node(name(old))
        self._move(moves.by_node(old, new))

    def _on_pod(self, old: Object | None, new: Object | None) -> None:
        pod = new if new is not None else old
        if pod is None:
            return
        key = key_of(pod)
        if new is None:
            self.cluster.drop_pod(key)
            self._pending.drop(key)
            self._refusals.pop(key, None)
            self._move(moves.by_pod(old, new))
        elif dig(new, "spec", "nodeName"):
            self.cluster.set_pod(new)
            self._pending.drop(key)
            self._move(moves.by_pod(old, new))
        elif self._is_ours(new):
            if key not in self.cluster.assumed:
                info = info_of(new)
                nominated = dig(new, "status", "nominatedNodeName")
                if nominated:  # perhaps by a scheduler before us
                    self.cluster.nominated[key] = info, nominated
                self._pending.put(info, self._clock(), retry=old is not None and _spec_changed(old, new))
                self._wake.set()
        else:
            self.cluster.set_pod(new)
            self._pending.drop(key)

    def _is_ours(self, pod: Object) -> bool:
        return (
            (dig(pod, "spec", "schedulerName") or self._config.scheduler_name) == self._config.scheduler_name
            and not deleting(pod)
            and not is_finished(pod)
            and not dig(pod, "spec", "schedulingGates")
        )

    def _on_volume(self, old: Object | None, new: Object | None) -> None:
        self._binder.volumes_changed()
        self._move(moves.by_volume(old, new))

    def _move(self, moved: moves.Moved) -> None:
        if moved != moves.NOBODY:
            self._pending.move(moved, self._clock())
            self._wake.set()

    # Deciding

    async def _decide_forever(self) -> None:
        while True:
            info = self._pending.pop(self._clock())
            if info is None:
                await self._idle()
                continue
            try:
                outcome = decide(self.cluster, info, self._rotation)
            except Exception:
                log.exception("cannot decide on pod %s/%s", *info.key)
                self._pending.failed(info.key, frozenset(), self._clock())
                continue
            self._carry_out(info, outcome)
            await asyncio.sleep(0)  # the process has other work too

    async def _idle(self) -> None:
        self._wake.clear()
        due = self._pending.next_at()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), None if due is None else max(0.0, due - self._clock()))

    def _carry_out(self, info: PodInfo, outcome: Chosen | Unschedulable) -> None:
        if isinstance(outcome, Chosen):
            self._rotation += 1
            waiting = self._pending.drop(info.key)
            self.cluster.assume(info, outcome.node)
            self.cluster.reservations[info.key] = tuple(name(volume) for volume, _ in outcome.bindings.static)
            if waiting:
                self._spawn(self._place(waiting, outcome))
        else:
            self._pending.failed(info.key, outcome.plugins, self._clock())
            if outcome.nominated:
                self.cluster.nominated[info.key] = info, outcome.nominated
            elif outcome.clear_nomination:
                self.cluster.nominated.pop(info.key, None)
            earlier = self._refusals.get(info.key)
            self._refusals[info.key] = self._spawn(self._refuse(info, outcome, earlier))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)
        return task

    # Carrying out

    async def _place(self, waiting: Waiting, chosen: Chosen) -> None:
        pod, key = waiting.info.pod, waiting.info.key
        try:
            await _finished(self._refusals.pop(key, None))
            await self._binder.bind(pod, chosen)
        except NotFound:
            self.cluster.forget(key)
        except (StatusError, ConnectionError, TimeoutError) as error:
            self._not_placed(waiting, error)
        finally:
            self.cluster.reservations.pop(key, None)

    async def _refuse(self, info: PodInfo, outcome: Unschedulable, earlier: "asyncio.Task[None] | None") -> None:
        await _finished(earlier)
        await self._refuser.refuse(info, outcome)

    def _not_placed(self, waiting: Waiting, error: Exception) -> None:
        key = waiting.info.key
        self.cluster.forget(key)
        current = self._informers[POD].cache.get(key.name, key.namespace)
        if current is None or not self._is_ours(current) or dig(current, "spec", "nodeName"):
            return
        if not isinstance(error, Conflict):
            self._recorder.tell(Note(waiting.info.pod, "FailedScheduling", f"binding rejected: {error}", "Warning"))
        waiting.info = info_of(current)
        self._pending.back(waiting, self._clock())
        self._wake.set()


async def _finished(task: "asyncio.Task[None] | None") -> None:
    if task is not None:
        await asyncio.wait((task,))


def _spec_changed(old: Object, new: Object) -> bool:
    return old.get("spec") != new.get("spec") or old["metadata"].get("labels") != new["metadata"].get("labels")


async def run(client: Client, config: SchedulerConfig, clock: Clock = time.time) -> None:
    """Schedule pods until cancelled."""
    await Scheduler(client, config, clock).run()
