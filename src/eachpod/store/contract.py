"""The contract of a store, on one page. `tests/store` runs one suite against every implementation.

A store keeps encoded objects under keys. There is one revision counter for everything in it: each committed change
raises it by at least one, the object's metadata.resourceVersion is the revision of its last change, and a revision
never goes back, not even over restarts. A change is acknowledged after it is durable, and watchers see it after that.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from eachpod.model.objects import Object


class Key(NamedTuple):
    """`resource` is Resource.group_resource (`pods`, `statefulsets.apps`); namespace is "" for cluster-scoped kinds."""

    resource: str
    namespace: str
    name: str


class Entry(Protocol):
    """One stored object: `raw` is its JSON with resourceVersion set; `object` is parsed once, on demand, and shared."""

    @property
    def key(self) -> Key: ...

    @property
    def revision(self) -> int: ...

    @property
    def raw(self) -> bytes: ...

    @property
    def object(self) -> Object: ...


class Event(NamedTuple):
    """One committed change. `entry` is the new state (for DELETED the last state, carrying the deletion's revision);
    `previous` is the state before, None when the object was created."""

    type: str  # ADDED, MODIFIED, DELETED
    revision: int
    entry: Entry
    previous: Entry | None


@dataclass(frozen=True, slots=True)
class Change:
    """What to do to one key. `object` None deletes. `expected` is the revision that the caller decided on: 0 means the
    key must not exist. The store sets metadata.resourceVersion itself."""

    key: Key
    object: Object | None
    expected: int


class RevisionConflict(Exception):
    """The key is not at the expected revision; nothing was changed. The verb decides again on fresh state."""


class Unstorable(ValueError):
    """The object cannot be written down as JSON: it is nested too deeply, or holds a number beyond 64 bits."""


class Compacted(Exception):
    """The asked revision is older than the history kept: the client must list again (410 Expired)."""

    def __init__(self, asked: int, oldest: int) -> None:
        super().__init__(f"revision {asked} is older than the oldest kept, {oldest}")
        self.asked, self.oldest = asked, oldest


class Store(Protocol):
    @property
    def revision(self) -> int:
        """The revision of the last committed change that readers can see."""
        ...

    def get(self, key: Key) -> Entry | None: ...

    def entries(self, resource: str, namespace: str = "") -> Sequence[Entry]:
        """All entries of a resource (of one namespace), sorted by namespace and name, as of `revision`."""
        ...

    async def entries_at(self, resource: str, namespace: str, revision: int) -> Sequence[Entry]:
        """The same as of an older revision (for continued lists). Raises Compacted."""
        ...

    async def commit(self, change: Change) -> Entry:
        """Make the change durable and visible. Returns the new entry (for a deletion the final one, with the deletion's
        revision). Raises RevisionConflict; Unstorable; OSError when the disk refuses."""
        ...

    def subscribe(self, resource: str, since: int, notify: Callable[[Event], None]) -> Callable[[], None]:
        """Call `notify` for every event of `resource` after revision `since`, first for the history (before this
        returns), then as they are committed, without gap or repeat. Returns the function that ends it. `notify` must
        not block. Raises Compacted."""
        ...

    async def close(self) -> None: ...
