"""Watches: what each client is told of a change, encoded once for all that asked in the same form.

The store calls `Watch._notify` for every change, synchronously. A client that does not read fast enough has its watch
ended, and others do not notice; it comes back with the last revision that it saw.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from eachpod.model import table
from eachpod.model.errors import StatusError
from eachpod.model.kind import Kind
from eachpod.model.objects import Object
from eachpod.model.wellknown import INITIAL_EVENTS_END
from eachpod.store.contract import Compacted, Entry, Event, Store
from eachpod.wire.http import WatchEvent

from .negotiate import Form
from .present import blank, converted
from .selection import Selection

# An event of a client that has not taken the ones before: about a minute of a busy cluster.
QUEUE_LIMIT = 10_000
_BOOKMARK_SECONDS = 60.0
_BEFORE_END = 2.0  # seconds
_DEFAULT_SECONDS = 1800.0


@dataclass(frozen=True, slots=True)
class WatchRequest:
    """`since` None begins with the present state. `initial_end` sends the bookmark that ends that state."""

    kind: Kind
    resource: str
    namespace: str
    selection: Selection
    form: Form
    since: int | None
    bookmarks: bool = False
    initial_end: bool = False
    seconds: float = 0.0


def seen_as(event: Event, selection: Selection, conversion: Callable[[Object], Object]) -> str:
    """How a watcher with this selection sees a change; "" for not at all."""
    if selection.empty:
        return event.type
    before = event.previous is not None and selection.matches(conversion(event.previous.object))
    if event.type == "DELETED":
        return "DELETED" if before else ""
    after = selection.matches(conversion(event.entry.object))
    if after:
        return "MODIFIED" if before else "ADDED"
    return "DELETED" if before else ""


class Frames:
    """Encoded events, shared by all watches of a server. Few are kept: all watchers are told of a change at once."""

    _KEEP = 64

    def __init__(self) -> None:
        self._kept: dict[tuple[Any, ...], bytes] = {}

    def frame(self, kind: Kind, event: str, entry: Entry, form: Form, *, headers: bool) -> bytes:
        key = (entry.key, entry.revision, event, kind.resource.version, kind.resource.group, form, headers)
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = self._encode(kind, event, entry, form, headers=headers)
            if len(self._kept) > self._KEEP:
                del self._kept[next(iter(self._kept))]
        return found

    @staticmethod
    def _encode(kind: Kind, event: str, entry: Entry, form: Form, *, headers: bool) -> bytes:
        if not form.shape and "from_stored" not in kind.extra:
            body = entry.raw
        else:
            body = orjson.dumps(_shown(kind, entry, form, headers=headers))
        return b'{"type":"' + event.encode() + b'","object":' + body + b"}\n"


def _shown(kind: Kind, entry: Entry, form: Form, *, headers: bool) -> Object:
    obj = converted(kind, entry.object)
    if form.shape == "Table":
        meta = {"resourceVersion": str(entry.revision)}
        shown = table.table(kind, [obj], time.time(), include=form.include, list_meta=meta, headers=headers)
        return table.in_version(shown if headers else {**shown, "columnDefinitions": None}, form.version)
    return table.in_version(table.partial(obj, kind), form.version) if form.shape else obj


@dataclass(slots=True, eq=False)
class Watch:
    """One client's stream. `frames` gives encoded lines, several at a time; `events` gives objects."""

    request: WatchRequest
    store: Store
    shared: Frames
    encoded: bool = True
    _queue: deque[Any] = field(default_factory=deque)
    _ready: asyncio.Event = field(default_factory=asyncio.Event)
    _closed: bool = False
    _stop: Callable[[], None] | None = None
    _headers: bool = True
    _sent: int = 0

    def start(self) -> None:
        """Begin to gather events. The present state and what follows have no gap between them."""
        request = self.request
        revision = self.store.revision
        if request.since is None:
            for entry in self.store.entries(request.resource, request.namespace):
                if request.selection.empty or request.selection.matches(converted(request.kind, entry.object)):
                    self._put("ADDED", entry)
            self._sent = revision
            if request.initial_end:
                self._bookmark(revision, initial_end=True)
        else:
            revision = self._sent = request.since
        try:
            self._stop = self.store.subscribe(request.resource, revision, self._notify)
        except Compacted as error:
            text = f"too old resource version: {error.asked} ({error.oldest})"
            self._fail(StatusError(text, code=410, reason="Expired"))

    def _notify(self, event: Event) -> None:
        if self._closed or event.revision <= self._sent:
            return
        key = event.entry.key
        if self.request.namespace and key.namespace != self.request.namespace:
            return
        kind = self.request.kind
        seen = seen_as(event, self.request.selection, lambda obj: converted(kind, obj))
        if not seen:
            return
        entry = event.entry
        if seen == "DELETED" and event.type != "DELETED" and event.previous is not None:
            entry = _Left(event)
        if len(self._queue) > QUEUE_LIMIT:
            self.close()
            return
        self._put(seen, entry)

    def _put(self, event: str, entry: Entry) -> None:
        kind = self.request.kind
        if self.encoded:
            self._queue.append(self.shared.frame(kind, event, entry, self.request.form, headers=self._headers))
            self._headers = self._headers and self.request.form.shape != "Table"
        else:
            self._queue.append(WatchEvent(event, _shown(kind, entry, self.request.form, headers=False)))
        self._ready.set()

    def _bookmark(self, revision: int, *, initial_end: bool = False) -> None:
        meta: Object = {"resourceVersion": str(revision)}
        if initial_end:
            meta["annotations"] = {INITIAL_EVENTS_END: "true"}
        body: Object = {**blank(self.request.kind), "metadata": meta}
        if self.request.form.shape == "Table":
            row: Object = {"cells": [], "object": body}
            body = table.table(self.request.kind, [], 0, list_meta={"resourceVersion": str(revision)}, headers=False)
            body["rows"] = [row]
        elif self.request.form.shape:
            body = table.partial(body)
        self._append("BOOKMARK", table.in_version(body, self.request.form.version) if self.request.form.shape else body)

    def _append(self, kind: str, body: Object) -> None:
        if self.encoded:
            self._queue.append(orjson.dumps({"type": kind, "object": body}) + b"\n")
        else:
            self._queue.append(WatchEvent(kind, body))
        self._ready.set()

    def _fail(self, error: StatusError) -> None:
        self._append("ERROR", error.status())
        self.close()

    def close(self) -> None:
        self._closed = True
        if self._stop is not None:
            self._stop()
            self._stop = None
        self._ready.set()

    async def batches(self) -> AsyncIterator[list[Any]]:
        """Everything that has gathered, whenever something has, until the watch ends."""
        limit = self.request.seconds or _DEFAULT_SECONDS * random.uniform(1, 2)
        loop = asyncio.get_running_loop()
        end = loop.time() + limit
        mark = min(loop.time() + _BOOKMARK_SECONDS * random.uniform(0.75, 1), max(end - _BEFORE_END, loop.time()))
        try:
            while True:
                if self._queue:
                    batch = list(self._queue)
                    self._queue.clear()
                    self._ready.clear()
                    if self._closed:
                        self._ready.set()
                    yield batch
                    continue
                if self._closed:
                    return
                now = loop.time()
                if now >= end:
                    return
                if now >= mark:
                    if self.request.bookmarks and limit > _BEFORE_END:
                        self._bookmark(max(self.store.revision, self._sent))
                    mark = end if mark >= end - _BEFORE_END else min(now + _BOOKMARK_SECONDS, end - _BEFORE_END)
                    continue
                try:
                    async with asyncio.timeout_at(min(end, mark)):
                        await self._ready.wait()
                except TimeoutError:
                    continue
        finally:
            self.close()


class _Left:
    """The last state that a watcher saw of an object that left its selection, with the revision of the leaving."""

    __slots__ = ("_parsed", "key", "revision")

    def __init__(self, event: Event) -> None:
        self.key, self.revision = event.entry.key, event.revision
        old = event.previous.object if event.previous else event.entry.object
        self._parsed = {**old, "metadata": {**old["metadata"], "resourceVersion": str(event.revision)}}

    @property
    def raw(self) -> bytes:
        return orjson.dumps(self._parsed)

    @property
    def object(self) -> Object:
        return self._parsed
