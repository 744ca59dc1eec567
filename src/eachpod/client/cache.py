"""What a client knows of one resource: the last seen state of every object, with indexes.

Pure: the informer feeds it, deciding code reads it. Objects are shared with everybody who reads; nobody changes them.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from eachpod.model import objects
from eachpod.model.objects import Object

IndexFunction = Callable[[Object], Iterable[str]]


class Key(NamedTuple):
    """The name of an object within its resource; namespace is "" for cluster-scoped kinds."""

    namespace: str
    name: str


class Change(NamedTuple):
    """One step of an object's life as the cache saw it: old None is an addition, new None a deletion."""

    old: Object | None
    new: Object | None


def key_of(obj: Object) -> Key:
    return Key(objects.namespace(obj), objects.name(obj))


def by_namespace(obj: Object) -> Iterable[str]:
    return (objects.namespace(obj),)


def by_owner(obj: Object) -> Iterable[str]:
    """The controller's UID, or "" for an object without one."""
    owner = objects.controller_of(obj)
    return (owner.get("uid") or "" if owner else "",)


class Cache:
    def __init__(self) -> None:
        self._objects: dict[Key, Object] = {}
        self._functions: dict[str, IndexFunction] = {}
        self._indexes: dict[str, dict[str, dict[Key, Object]]] = {}
        self.revision = ""

    def __len__(self) -> int:
        return len(self._objects)

    def get(self, name: str, namespace: str = "") -> Object | None:
        return self._objects.get(Key(namespace, name))

    def items(self) -> Iterator[Object]:
        """All objects. Do not change the cache while iterating (no await in between)."""
        return iter(self._objects.values())

    def by_index(self, index: str, value: str) -> list[Object]:
        """The objects for which the index function gave `value`, in the order of their last change."""
        return list(self._indexes[index].get(value, {}).values())

    def add_index(self, index: str, function: IndexFunction) -> None:
        """Adding an index again, under the same name, does nothing: several readers may ask for the same one."""
        if index in self._functions:
            return
        self._functions[index] = function
        self._indexes[index] = {}
        for key, obj in self._objects.items():
            self._enter(index, function, key, obj)

    def has_seen(self, revision: str) -> bool:
        """Whether the cache is at least as new as `revision`."""
        return _number(self.revision) >= _number(revision)

    def is_past(self, kind: str, obj: Object) -> bool:
        """Whether a watch tells what is known already: an event came twice, or the watch began again further back.
        Taking it in would bring back what is gone. Only for resource versions that compare (KEP-5504)."""
        revision = _number(objects.revision(obj))
        if kind == "DELETED":  # its version may be that of the last state
            held = self._objects.get(key_of(obj))
            return held is not None and revision < _number(objects.revision(held))
        return 0 < revision <= _number(self.revision)

    def put(self, obj: Object) -> Change:
        """The object as the server has it now (ADDED or MODIFIED)."""
        key = key_of(obj)
        old = self._objects.get(key)
        if old is not None:
            self._leave(key, old)
        self._objects[key] = obj
        for index, function in self._functions.items():
            self._enter(index, function, key, obj)
        self.advance(objects.revision(obj))
        return Change(old, obj)

    def remove(self, obj: Object) -> Change:
        """The object is gone (DELETED); `obj` is its last state. A repeated deletion changes nothing."""
        key = key_of(obj)
        old = self._objects.pop(key, None)
        if old is not None:
            self._leave(key, old)
        self.advance(objects.revision(obj))
        # The last state counts as the old one: it may differ from what was cached, and handlers look at it.
        return Change(obj if old is not None else None, None)

    def replace(self, items: Iterable[Object], revision: str) -> list[Change]:
        """The whole state anew (after a list). What is unchanged causes no change."""
        fresh = {key_of(obj): obj for obj in items}
        changes = [self.remove(old) for key, old in list(self._objects.items()) if key not in fresh]
        for key, obj in fresh.items():
            old = self._objects.get(key)
            if old is None or objects.revision(old) != objects.revision(obj) or objects.uid(old) != objects.uid(obj):
                changes.append(self.put(obj))
        self.revision = revision
        return changes

    def advance(self, revision: str) -> None:
        """The server says that nothing else happened up to `revision` (bookmark, or the event just applied)."""
        if revision:
            self.revision = newer(revision, self.revision)

    def _enter(self, index: str, function: IndexFunction, key: Key, obj: Object) -> None:
        for value in function(obj):
            self._indexes[index].setdefault(value, {})[key] = obj

    def _leave(self, key: Key, obj: Object) -> None:
        for index, function in self._functions.items():
            table = self._indexes[index]
            for value in function(obj):
                members = table.get(value)
                if members is not None:
                    members.pop(key, None)
                    if not members:
                        del table[value]


def _number(revision: str) -> int:
    """Resource versions compare as numbers (KEP-5504); "" and foreign forms count as the beginning."""
    return int(revision) if revision.isdecimal() else 0


def newer(one: str, other: str) -> str:
    """The later of two resource versions."""
    return one if _number(one) >= _number(other) else other
