"""Read your own writes: a controller that decides on a cache older than its own last change would make it twice.

For each key the runner notes what was written for it; the key is not worked on again before the caches show it. This
takes the place of expectations: nothing has to be predicted, only recognised.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from eachpod.client.cache import Cache, Key, newer
from eachpod.model import objects
from eachpod.model.objects import Object
from eachpod.model.resource import Resource

CacheOf = Callable[[str], Cache | None]


@dataclass(slots=True)
class _Pending:
    """Revisions rise within a resource, so the last one written stands for all before it."""

    revisions: dict[str, str] = field(default_factory=dict)
    deletions: list[tuple[str, str, str, str]] = field(default_factory=list)  # resource, namespace, name, uid


class OwnWrites:
    """Writes that the caches may not show yet, by the key they were made for."""

    def __init__(self) -> None:
        self._pending: dict[Key, _Pending] = {}

    def wrote(self, key: Key, resource: Resource, obj: Object) -> None:
        """`obj` is the server's answer to a create, update or patch."""
        revision = objects.revision(obj)
        if revision:
            revisions = self._pending.setdefault(key, _Pending()).revisions
            revisions[resource.group_resource] = newer(revision, revisions.get(resource.group_resource, ""))

    def deleted(self, key: Key, resource: Resource, namespace: str, name: str, uid: str) -> None:
        """The server has accepted the deletion of the object with this uid."""
        if uid:
            deletions = self._pending.setdefault(key, _Pending()).deletions
            deletions.append((resource.group_resource, namespace, name, uid))

    def visible(self, key: Key, cache_of: CacheOf) -> bool:
        """Whether the caches show everything that was written for this key."""
        pending = self._pending.get(key)
        if pending is None:
            return True
        if not all(_has_seen(cache_of(resource), revision) for resource, revision in pending.revisions.items()):
            return False
        pending.deletions = [entry for entry in pending.deletions if not _is_gone(entry, cache_of(entry[0]))]
        if pending.deletions:
            return False
        del self._pending[key]
        return True


# What is not cached nobody decides on.


def _has_seen(cache: Cache | None, revision: str) -> bool:
    return cache is None or cache.has_seen(revision)


def _is_gone(deletion: tuple[str, str, str, str], cache: Cache | None) -> bool:
    if cache is None:
        return True
    _, namespace, name, uid = deletion
    cached = cache.get(name, namespace)
    return cached is None or objects.uid(cached) != uid or objects.deleting(cached)
