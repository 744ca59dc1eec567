"""The durable store: one SQLite file, written by one thread, read from memory.

Everything is decided in memory (`state.State`); the file is a log of changes in the order of their revisions. The
writer thread takes all that was staged since its last commit into the next one, so concurrent writes share an fsync.
apsw brings its own current SQLite; Python's may have the WAL-reset defect of versions before 3.51.3.
"""

import asyncio
import contextlib
import errno
import logging
import os
import queue
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import apsw

from .contract import Change, Entry, Event, Key, RevisionConflict
from .reading import InMemoryReads
from .state import State, StoredEntry

log = logging.getLogger(__name__)

SCHEMA = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS changes(
    revision INTEGER PRIMARY KEY, resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
    deleted INTEGER NOT NULL, raw BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS marks(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""
_BATCH = 2000
_MARK = "INSERT INTO marks VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = max(value, excluded.value)"


@dataclass(slots=True)
class _Write:
    event: Event
    done: asyncio.Future[Entry]


@dataclass(slots=True)
class _Purge:
    """Rows that nobody needs any more, and the revision up to which history is gone."""

    revisions: list[int]
    floor: int


class SqliteStore(InMemoryReads):
    """See `contract.Store`. `open` makes the file where there is none."""

    def __init__(self, connection: apsw.Connection, state: State) -> None:
        super().__init__(state, time.monotonic)
        self._connection = connection
        self._queue: queue.SimpleQueue[_Write | _Purge | None] = queue.SimpleQueue()
        self._settling: dict[Key, asyncio.Future[None]] = {}
        self._finished: deque[tuple[_Write, OSError | None]] = deque()
        self._idle = asyncio.Event()
        self._idle.set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._writer = threading.Thread(target=self._write_all, name="store-writer", daemon=True)
        self._writer.start()

    @classmethod
    def open(cls, path: Path | str) -> "SqliteStore":
        """OSError where the file cannot be used; its text names the file and what to do."""
        with contextlib.suppress(OSError):  # what cannot be made is said below, in the words for a store
            # Secrets are in it; the files that SQLite puts beside it get the mode of this one.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        try:
            connection = apsw.Connection(str(path))
            connection.set_busy_timeout(2000)
            version = connection.pragma("user_version")
            if version > SCHEMA:
                text = f"{path} was written by a newer eachpod (format {version}, this one knows {SCHEMA})"
                raise OSError(errno.EINVAL, f"{text}: upgrade, or use another data directory")
            connection.pragma("page_size", 16384)
            connection.pragma("journal_mode", "wal")
            connection.pragma("synchronous", "full")
            connection.pragma("fullfsync", True)  # macOS: fsync alone leaves writes in the drive's cache
            connection.pragma("locking_mode", "exclusive")
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            connection.pragma("user_version", SCHEMA)
            return cls(connection, _load(connection))
        except apsw.NotADBError as error:
            text = f"{path} is not an eachpod store: move it away or use another data directory"
            raise OSError(errno.EINVAL, text) from error
        except apsw.Error as error:
            raise OSError(_errno(error), f"{path} cannot be opened: {error}") from error

    async def commit(self, change: Change) -> Entry:
        try:
            event = self._state.stage(change)
        except RevisionConflict:
            await self._settled(change.key)  # so that who decides again sees the state that beat it
            raise
        self._loop = asyncio.get_running_loop()
        done: asyncio.Future[Entry] = self._loop.create_future()
        self._queue.put(_Write(event, done))
        return await done  # a caller that gives up does not undo the write

    async def _settled(self, key: Key) -> None:
        """Wait until the write of this key that is under way is made or has failed."""
        if self._state.staged(key):
            if key not in self._settling:
                self._settling[key] = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._settling[key])

    def compact(self, revision: int) -> None:
        self._purge(self._state.compact(revision))

    async def close(self) -> None:
        """Write what is staged, then close the file."""
        self._queue.put(None)
        await asyncio.to_thread(self._writer.join)
        await asyncio.sleep(0)  # the last batch comes in
        await self._idle.wait()

    def _purge(self, revisions: list[int]) -> None:
        if revisions:
            self._queue.put(_Purge(revisions, self._state.floor))

    def _written(self, writes: list[_Write], failure: OSError | None) -> None:
        """In the event loop: what the writer thread has done with a batch."""
        self._finished.extend((write, failure) for write in writes)
        if self._idle.is_set():
            self._idle.clear()
            self._finish_next()

    def _finish_next(self) -> None:
        """Make one write visible and answer it, then let the loop turn: who waits for a change has acted on it, or at
        least has heard of it, before the next one shows, however fast that one was written."""
        if not self._finished:
            self._idle.set()
            return
        try:
            self._finish(*self._finished.popleft())
        finally:
            asyncio.get_running_loop().call_soon(self._finish_next)

    def _finish(self, write: _Write, failure: OSError | None) -> None:
        """The writer wakes first: whoever asked for a change hears of it before the watchers begin to act on it."""
        key = write.event.entry.key
        if failure is None:
            if not write.done.done():
                write.done.set_result(write.event.entry)
            self._state.apply(write.event)
            self._purge(self._state.trim_long(key.resource))
        else:
            if not write.done.done():
                write.done.set_exception(OSError(failure.errno, failure.strerror))
            self._state.drop(write.event)
        if (waiter := self._settling.pop(key, None)) is not None:
            waiter.set_result(None)
        self._tick()

    # The rest runs in the writer's thread.

    def _write_all(self) -> None:
        while True:
            item = self._queue.get()
            writes: list[_Write] = []
            stop = False
            while True:
                if item is None:
                    stop = True
                elif isinstance(item, _Purge):
                    self._delete(item)
                else:
                    writes.append(item)
                if len(writes) >= _BATCH or self._queue.empty():
                    break
                item = self._queue.get_nowait()
            if writes:
                failure = self._insert(writes)
                if self._loop is not None:
                    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                        self._loop.call_soon_threadsafe(self._written, writes, failure)
            if stop:
                self._connection.close()
                return

    def _insert(self, writes: list[_Write]) -> OSError | None:
        rows = ((w.event.revision, *w.event.entry.key, w.event.type == "DELETED", w.event.entry.raw) for w in writes)
        try:
            with self._connection:
                self._connection.executemany("INSERT INTO changes VALUES(?, ?, ?, ?, ?, ?)", rows)
        except apsw.Error as error:
            log.error("the store cannot write: %s", error)
            return OSError(_errno(error), f"the store cannot write: {error}")
        return None

    def _delete(self, purge: _Purge) -> None:
        """In slices, since nothing can be written meanwhile."""
        try:
            with self._connection:
                self._connection.execute(_MARK, ("floor", purge.floor))
                self._connection.execute(_MARK, ("revision", max(purge.revisions)))
            for start in range(0, len(purge.revisions), _BATCH):
                rows = ((revision,) for revision in purge.revisions[start : start + _BATCH])
                with self._connection:
                    self._connection.executemany("DELETE FROM changes WHERE revision = ?", rows)
        except apsw.Error as error:
            log.warning("old history stays in the store for now: %s", error)


def _load(connection: apsw.Connection) -> State:
    """The state that the log stands for. What an interrupted compaction left behind is removed."""
    state = State()
    marks = dict(connection.execute("SELECT name, value FROM marks"))
    floor, unneeded = marks.get("floor", 0), []
    query = "SELECT revision, resource, namespace, name, deleted, raw FROM changes ORDER BY revision"
    for revision, resource, namespace, name, deleted, raw in connection.execute(query):
        past = revision <= floor
        entry = StoredEntry(Key(resource, namespace, name), revision, raw)
        previous = state.load("DELETED" if deleted else "", entry, past=past)
        if past and previous is not None:
            unneeded.append(previous.revision)
        if past and deleted:
            unneeded.append(revision)
    state.start_at(marks.get("revision", 0), floor)
    with connection:
        connection.execute(_MARK, ("revision", state.revision))
        connection.executemany("DELETE FROM changes WHERE revision = ?", [(revision,) for revision in unneeded])
    return state


def _errno(error: apsw.Error) -> int:
    if isinstance(error, apsw.FullError):
        return errno.ENOSPC
    return errno.EACCES if isinstance(error, apsw.CantOpenError | apsw.ReadOnlyError) else errno.EIO
