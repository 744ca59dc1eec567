"""Keeps a cache equal to what the server has of one resource: list, then watch, for ever.

The state comes as a stream (WatchList, KEP-3157) where the server can, else by a list. After a break the watch goes on
from the last revision seen; when the server has forgotten it (410) the whole state is read anew. Listeners see the
difference either way, so they never notice which of the two it was.
"""

import asyncio
import logging
import random
from collections.abc import Callable

from eachpod.kit.backoff import Backoff
from eachpod.model import objects
from eachpod.model.errors import BadRequest, Expired, Invalid, StatusError
from eachpod.model.objects import Object
from eachpod.model.resource import Resource
from eachpod.model.wellknown import INITIAL_EVENTS_END

from .cache import Cache, Change
from .client import Client

log = logging.getLogger(__name__)

Listener = Callable[[Object | None, Object | None], None]

_RETRY = Backoff(base=0.05, limit=30.0)


class Informer:
    """`listen` functions are called synchronously, after the cache has changed; they must not block or raise."""

    def __init__(
        self,
        client: Client,
        resource: Resource,
        *,
        namespace: str = "",
        label_selector: str = "",
        field_selector: str = "",
    ) -> None:
        self.resource = resource
        self.cache = Cache()
        self._client = client
        self._namespace = namespace
        self._selectors = {"label_selector": label_selector, "field_selector": field_selector}
        self._listeners: list[Listener] = []
        self._synced = asyncio.Event()
        self._streaming_list = True
        self._failures = 0

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener(old, new)` for every change from now on; first for what is cached already, as additions.
        Returns the function that ends it."""
        for obj in list(self.cache.items()):
            listener(None, obj)
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def synced(self) -> None:
        """Wait until the first whole state is in the cache."""
        await self._synced.wait()

    async def run(self) -> None:
        """List and watch until cancelled."""
        while True:
            try:
                if self._synced.is_set() and self.cache.revision:
                    await self._watch()
                else:
                    await self._begin()
            except Expired:
                self.cache.revision = ""  # what is cached stays readable until the whole state has come anew
            except (StatusError, ConnectionError) as error:
                await self._wait(error)

    async def _begin(self) -> None:
        if self._streaming_list:
            try:
                await self._watch(initial=True)
                return
            except (BadRequest, Invalid):
                self._streaming_list = False  # a server older than 1.32
        listed = await self._client.list(self.resource, self._namespace, **self._selectors)
        self._replace(listed.items, listed.resource_version)

    async def _watch(self, *, initial: bool = False) -> None:
        gathered: list[Object] | None = [] if initial else None
        silent = True
        events = self._client.watch(
            self.resource,
            self._namespace,
            resource_version="" if initial else self.cache.revision,
            initial_events=initial,
            # Spread, so that informers that began together do not all come back at once.
            timeout_seconds=random.randint(300, 600),
            **self._selectors,
        )
        async for kind, obj in events:
            silent, self._failures = False, 0
            if kind == "BOOKMARK":
                if gathered is not None and INITIAL_EVENTS_END in objects.annotations(obj):
                    self._replace(gathered, objects.revision(obj))
                    gathered = None
                elif gathered is None:
                    self.cache.advance(objects.revision(obj))
            elif gathered is not None:
                gathered.append(obj)
            elif not self.cache.is_past(kind, obj):
                self._tell(self.cache.remove(obj) if kind == "DELETED" else self.cache.put(obj))
        if silent or gathered is not None:
            raise ConnectionError("the watch ended early")  # waits before the next one

    def _replace(self, items: list[Object], revision: str) -> None:
        changes = self.cache.replace(items, revision)
        self._failures = 0
        self._synced.set()
        for change in changes:
            self._tell(change)

    def _tell(self, change: Change) -> None:
        if change.old is None and change.new is None:
            return
        for listener in list(self._listeners):
            try:
                listener(change.old, change.new)
            except Exception:  # one listener's fault must not make the others deaf
                log.exception("a listener to %s failed", self.resource.group_resource)

    async def _wait(self, error: Exception) -> None:
        self._failures += 1
        delay = _RETRY.delay(self._failures) * random.uniform(0.8, 1.2)
        level = logging.WARNING if self._failures in (5, 50) else logging.DEBUG
        log.log(level, "watch of %s: %s; trying again in %.1f s", self.resource.group_resource, error, delay)
        await asyncio.sleep(delay)
