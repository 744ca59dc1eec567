"""What a deciding function sees of the world: caches, settings and its own memory. Reading only; no await, no clock.

Also how a controller describes itself to the runner: what it watches and which keys a change concerns.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from eachpod.client.cache import Cache, IndexFunction, Key, by_namespace, by_owner, key_of
from eachpod.kit.backoff import Backoff
from eachpod.model import objects
from eachpod.model.objects import Object
from eachpod.model.resource import Resource

from .config import ControllersConfig
from .plan import Plan

__all__ = ["Controller", "Index", "Key", "View", "Watch", "key_of", "own_key", "owner_keys"]

_NAMESPACE, _OWNER, _ORPHANS = "namespace", "owner", "orphans"


def _orphan(obj: Object) -> Iterable[str]:
    return (objects.namespace(obj),) if objects.controller_of(obj) is None else ()


class View:
    """The caches of what a controller watches and reads. Indexes by namespace and by controller owner are always
    there; the others are those of the controller's `indexes`."""

    def __init__(self, caches: Mapping[Resource, Cache], config: ControllersConfig) -> None:
        self.config = config
        self._caches = {resource.group_resource: cache for resource, cache in caches.items()}
        self._memory: dict[Key, Any] = {}
        for cache in self._caches.values():
            cache.add_index(_NAMESPACE, by_namespace)
            cache.add_index(_OWNER, by_owner)
            cache.add_index(_ORPHANS, _orphan)

    def cache(self, resource: Resource) -> Cache:
        return self._caches[resource.group_resource]

    def get(self, resource: Resource, namespace: str, name: str) -> Object | None:
        return self.cache(resource).get(name, namespace)

    def all(self, resource: Resource) -> Iterable[Object]:
        return self.cache(resource).items()

    def within(self, resource: Resource, namespace: str) -> list[Object]:
        """The objects of one namespace."""
        return self.cache(resource).by_index(_NAMESPACE, namespace)

    def owned(self, resource: Resource, uid: str) -> list[Object]:
        """The objects whose controller owner has this uid."""
        return self.cache(resource).by_index(_OWNER, uid)

    def orphans(self, resource: Resource, namespace: str) -> list[Object]:
        """The objects of a namespace that no controller owns."""
        return self.cache(resource).by_index(_ORPHANS, namespace)

    def select(self, resource: Resource, index: str, value: str) -> list[Object]:
        """The objects under `value` in one of the controller's indexes."""
        return self.cache(resource).by_index(index, value)

    def recall(self, key: Key) -> Any:
        """What the last plan for this key asked to remember, else None."""
        return self._memory.get(key)

    def remember(self, key: Key, value: Any) -> None:
        """For the runner. None forgets."""
        if value is None:
            self._memory.pop(key, None)
        else:
            self._memory[key] = value


KeysOf = Callable[[View, Object | None, Object | None], Iterable[Key]]


def own_key(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """The changed object's own key."""
    obj = new if new is not None else old
    return (key_of(obj),) if obj is not None else ()


def owner_keys(kind: str) -> KeysOf:
    """The keys of the controller owners of this kind, before and after the change."""

    def keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
        found = set()
        for obj in (old, new):
            owner = objects.controller_of(obj) if obj is not None else None
            if owner is not None and owner.get("kind") == kind and obj is not None:
                found.add(Key(objects.namespace(obj), owner.get("name") or ""))
        return found

    return keys


@dataclass(frozen=True, slots=True)
class Watch:
    """A resource whose changes concern the controller, and the keys that a change concerns."""

    resource: Resource
    keys: KeysOf


@dataclass(frozen=True, slots=True)
class Index:
    resource: Resource
    name: str
    function: IndexFunction


@dataclass(frozen=True, slots=True)
class Controller:
    """A controller as a value. `name` is kube-controller-manager's name of it, `component` what its events name as
    their source. `primary` objects concern the key of their own name."""

    name: str
    component: str
    reconcile: Callable[[View, Key, float], Plan]
    primary: Resource | None = None
    watches: tuple[Watch, ...] = ()
    # Caches that the view offers without their changes concerning any key.
    reads: tuple[Resource, ...] = ()
    indexes: tuple[Index, ...] = ()
    workers: int = 5
    backoff: Backoff = field(default_factory=Backoff)
    # Keys that are worked on at the start and, if set, again every `resync` seconds, with all primary objects.
    start: tuple[Key, ...] = ()
    resync: float = 0.0
    by_default: bool = True

    @property
    def resources(self) -> tuple[Resource, ...]:
        """Everything that the controller needs a cache of, each once."""
        primary = (self.primary,) if self.primary is not None else ()
        return tuple(dict.fromkeys((*primary, *(watch.resource for watch in self.watches), *self.reads)))

    @property
    def triggers(self) -> tuple[Watch, ...]:
        primary = (Watch(self.primary, own_key),) if self.primary is not None else ()
        return (*primary, *self.watches)
