"""Keeps the index equal to the API: an informer per resource, and the snapshot on disk behind it."""

import asyncio
import logging
import time
from pathlib import Path

from eachpod.client.client import Client
from eachpod.client.informer import Informer, Listener
from eachpod.model import objects
from eachpod.model.objects import Object
from eachpod.model.resource import Resource
from eachpod.model.resources import ENDPOINTSLICE, NAMESPACE, POD, SERVICE

from . import snapshot
from .counters import Counters
from .zone import Index

log = logging.getLogger(__name__)

_LIVE_PODS = "status.phase!=Succeeded,status.phase!=Failed"
_WRITE_PAUSE_SECONDS = 1.0


class Follower:
    def __init__(self, index: Index, client: Client, counters: Counters, path: str) -> None:
        self._index, self._counters = index, counters
        self._path = Path(path) if path else None
        self._changed = asyncio.Event()
        self.synced = asyncio.Event()
        self._informers = {resource: Informer(client, resource) for resource in (NAMESPACE, SERVICE, ENDPOINTSLICE)}
        if index.options.pods == "verified":
            self._informers[POD] = Informer(client, POD, field_selector=_LIVE_PODS)
        for resource, informer in self._informers.items():
            informer.listen(self._listener(resource))

    async def run(self) -> None:
        """Until cancelled. The index counts as whole when every informer has its first state."""
        async with asyncio.TaskGroup() as tasks:
            for informer in self._informers.values():
                tasks.create_task(informer.run())
            for informer in self._informers.values():
                await informer.synced()
            self._drop_what_the_snapshot_alone_has()
            self._index.synced = True
            self.synced.set()
            if self._path is not None:
                tasks.create_task(self._keep(self._path))

    def _listener(self, resource: Resource) -> Listener:
        index, counters, changed = self._index, self._counters, self._changed

        def apply(old: Object | None, new: Object | None) -> None:
            counters.changes += 1
            try:
                if new is not None:
                    index.put(resource, new, time.time())
                elif old is not None:
                    index.remove(resource, objects.namespace(old), objects.name(old), time.time())
            except Exception:
                counters.errors += 1
                log.exception("an object of %s could not be taken in", resource.plural)
            changed.set()

        return apply

    def _drop_what_the_snapshot_alone_has(self) -> None:
        if self._path is None:
            return
        for key, held in snapshot.read(self._path).items():
            for resource, informer in self._informers.items():
                if resource.group_resource != key:
                    continue
                for obj in held:
                    namespace, own = objects.namespace(obj), objects.name(obj)
                    if informer.cache.get(own, namespace) is None:
                        self._index.remove(resource, namespace, own, time.time())

    async def _keep(self, path: Path) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            state = {
                resource.group_resource: [snapshot.slim(obj) for obj in informer.cache.items()]
                for resource, informer in self._informers.items()
                if resource is not POD
            }
            try:
                snapshot.write(path, state)
            except OSError as error:
                log.warning("the state could not be kept in %s: %s", path, error.strerror or error)
            await asyncio.sleep(_WRITE_PAUSE_SECONDS)


def restore(index: Index, path: str) -> None:
    """Fill the index from the snapshot; it counts as whole then, until the watch says more."""
    held = snapshot.read(Path(path)) if path else {}
    for resource in (NAMESPACE, SERVICE, ENDPOINTSLICE):
        for obj in held.get(resource.group_resource, []):
            index.put(resource, obj, time.time())
    index.synced = bool(held)
