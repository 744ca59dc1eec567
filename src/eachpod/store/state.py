"""What every store keeps in memory: the objects, the order of their changes and who listens. No input or output.

A change goes through two steps, so that a durable store can write between them: `stage` decides (compare-and-set
against everything already staged, and the revision), `apply` makes it visible and tells the listeners.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import orjson

from eachpod.model import objects
from eachpod.model.objects import Object

from .contract import Change, Compacted, Event, Key, RevisionConflict, Unstorable

# More history than this of one resource is dropped early: an update storm must not take all memory.
HISTORY_LIMIT = 20_000

Notify = Callable[[Event], None]


class StoredEntry:
    """An object as bytes; parsed when somebody asks. `forget` frees the parsed form of a state that was superseded."""

    __slots__ = ("_object", "key", "raw", "revision")

    def __init__(self, key: Key, revision: int, raw: bytes, parsed: Object | None = None) -> None:
        self.key, self.revision, self.raw = key, revision, raw
        self._object = parsed

    @property
    def object(self) -> Object:
        if self._object is None:
            self._object = orjson.loads(self.raw)
        return self._object

    def forget(self) -> None:
        self._object = None


@dataclass(slots=True)
class _Table:
    """One resource. `sorted_names` has the order of a namespace while no name came or went."""

    spaces: dict[str, dict[str, StoredEntry]] = field(default_factory=dict)
    sorted_names: dict[str, list[str]] = field(default_factory=dict)
    history: list[Event] = field(default_factory=list)
    floor: int = 0
    listeners: dict[int, Notify] = field(default_factory=dict)

    def get(self, namespace: str, name: str) -> StoredEntry | None:
        space = self.spaces.get(namespace)
        return None if space is None else space.get(name)

    def put(self, entry: StoredEntry) -> None:
        space = self.spaces.setdefault(entry.key.namespace, {})
        if entry.key.name not in space:
            self.sorted_names.pop(entry.key.namespace, None)
        space[entry.key.name] = entry

    def remove(self, key: Key) -> None:
        space = self.spaces[key.namespace]
        del space[key.name]
        self.sorted_names.pop(key.namespace, None)
        if not space:
            del self.spaces[key.namespace]

    def entries(self, namespace: str) -> Iterator[StoredEntry]:
        for each in [namespace] if namespace else sorted(self.spaces):
            space = self.spaces.get(each)
            if space:
                names = self.sorted_names.get(each)
                if names is None:
                    names = self.sorted_names[each] = sorted(space)
                for name in names:
                    yield space[name]


class State:
    """See the module's text. `floor` is the revision up to which history is gone for every resource."""

    def __init__(self) -> None:
        self.revision = 0
        self.floor = 0
        self._assigned = 0
        self._tables: dict[str, _Table] = {}
        self._pending: set[Key] = set()
        self._serial = 0

    def table(self, resource: str) -> _Table:
        found = self._tables.get(resource)
        if found is None:
            found = self._tables[resource] = _Table(floor=self.floor)
        return found

    def get(self, key: Key) -> StoredEntry | None:
        table = self._tables.get(key.resource)
        return None if table is None else table.get(key.namespace, key.name)

    def entries(self, resource: str, namespace: str) -> list[StoredEntry]:
        table = self._tables.get(resource)
        return [] if table is None else list(table.entries(namespace))

    def entries_at(self, resource: str, namespace: str, revision: int) -> list[StoredEntry]:
        """The state of an older revision: the present one with the later changes undone."""
        table = self.table(resource)
        if revision < table.floor:
            raise Compacted(revision, table.floor)
        found = {entry.key: entry for entry in table.entries(namespace)}
        for event in reversed(table.history):
            if event.revision <= revision:
                break
            key = event.entry.key
            if namespace and key.namespace != namespace:
                continue
            if event.previous is None:
                found.pop(key, None)
            else:
                found[key] = event.previous  # type: ignore[assignment]  # entries of a State are its own
        return [found[key] for key in sorted(found)]

    def stage(self, change: Change) -> Event:
        """Decide a change. What is staged must be applied or dropped, in the order of staging."""
        key, previous = change.key, self.get(change.key)
        current = previous.revision if previous else 0
        if key in self._pending or current != change.expected:
            raise RevisionConflict
        if change.object is None and previous is None:
            raise RevisionConflict
        self._assigned += 1
        revision = self._assigned
        body = change.object if change.object is not None else previous.object if previous else {}
        parsed = objects.put(body, ("metadata", "resourceVersion"), str(revision))
        try:
            entry = StoredEntry(key, revision, orjson.dumps(parsed), parsed)
        except orjson.JSONEncodeError as error:
            raise Unstorable(str(error)) from error
        kind = "DELETED" if change.object is None else "MODIFIED" if previous else "ADDED"
        self._pending.add(key)
        return Event(kind, revision, entry, previous)

    def staged(self, key: Key) -> bool:
        """Whether a change of this key is decided but not visible yet."""
        return key in self._pending

    def drop(self, event: Event) -> None:
        """Forget a staged change that could not be made durable. Its revision stays unused."""
        self._pending.discard(event.entry.key)

    def apply(self, event: Event) -> None:
        """Make a staged change visible and tell the listeners."""
        self._pending.discard(event.entry.key)
        table = self._enter(event)
        for notify in list(table.listeners.values()):
            notify(event)
        if isinstance(event.previous, StoredEntry):
            event.previous.forget()

    def load(self, kind: str, entry: StoredEntry, *, past: bool) -> StoredEntry | None:
        """Take one change over from a durable log, in order; `past` ones leave no history. Returns what it replaced."""
        previous = self.get(entry.key)
        if kind != "DELETED":
            kind = "MODIFIED" if previous else "ADDED"
        event = Event(kind, entry.revision, entry, previous)
        self._assigned = max(self._assigned, entry.revision)
        self._enter(event, keep=not past)
        return previous

    def start_at(self, revision: int, floor: int) -> None:
        """Continue the revisions of an earlier life."""
        self.revision = self._assigned = max(self._assigned, revision)
        self.floor = floor
        for table in self._tables.values():
            table.floor = max(table.floor, floor)

    def _enter(self, event: Event, *, keep: bool = True) -> _Table:
        table = self.table(event.entry.key.resource)
        if event.type == "DELETED":
            if event.previous is not None:
                table.remove(event.entry.key)
        else:
            table.put(event.entry)  # type: ignore[arg-type]  # entries of a State are its own
        if keep:
            table.history.append(event)
        self.revision = event.revision
        return table

    def compact(self, revision: int) -> list[int]:
        """Drop history up to `revision`. Returns the revisions whose stored rows nobody needs any more."""
        self.floor = max(self.floor, min(revision, self.revision))
        superseded: list[int] = []
        for table in self._tables.values():
            superseded += self._trim(table, self.floor)
        return superseded

    def trim_long(self, resource: str) -> list[int]:
        """Shorten the history of a resource that changes too fast to keep all of it."""
        table = self.table(resource)
        if len(table.history) <= HISTORY_LIMIT:
            return []
        return self._trim(table, table.history[len(table.history) - HISTORY_LIMIT * 3 // 4].revision)

    @staticmethod
    def _trim(table: _Table, floor: int) -> list[int]:
        cut = bisect_right(table.history, floor, key=lambda event: event.revision)
        gone, table.history = table.history[:cut], table.history[cut:]
        table.floor = max(table.floor, floor)
        superseded = [event.previous.revision for event in gone if event.previous is not None]
        return superseded + [event.revision for event in gone if event.type == "DELETED"]

    def subscribe(self, resource: str, since: int, notify: Notify) -> Callable[[], None]:
        table = self.table(resource)
        if since < table.floor:
            raise Compacted(since, table.floor)
        start = bisect_right(table.history, since, key=lambda event: event.revision)
        for event in table.history[start:]:
            notify(event)
        self._serial += 1
        serial = self._serial
        table.listeners[serial] = notify
        return lambda: table.listeners.pop(serial, None) and None
