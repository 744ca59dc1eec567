"""Who owns whom: a graph of all objects, kept by watches, that says which of them a change may have made garbage.

Pure. Owners that a reference names but that no watch has shown yet are *virtual*; whether they exist must be asked of
the server before anything is concluded from their absence.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from eachpod.model.objects import Object, deleting, finalizers, name, namespace, owners, uid
from eachpod.model.resource import Resource

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"


class Place(NamedTuple):
    """Where an object is found: as references name it, apiVersion and kind."""

    api_version: str
    kind: str
    namespace: str
    name: str


class Task(NamedTuple):
    """`verb` is `collect` (is it garbage, or waiting for its dependents?) or `orphan` (let go of its dependents)."""

    verb: str
    uid: str


@dataclass(slots=True)
class Node:
    uid: str
    place: Place
    resource: Resource | None = None
    owners: dict[str, Object] = field(default_factory=dict)
    # In the order in which they came, so that the same events always lead to the same work.
    dependents: dict[str, None] = field(default_factory=dict)
    deleting: bool = False
    # Deleted with foreground propagation: it stays until the dependents that block it are gone.
    waits: bool = False

    @property
    def virtual(self) -> bool:
        return self.resource is None


class OwnerGraph:
    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}

    def observe(self, resource: Resource, obj: Object) -> list[Task]:
        """An object as a watch shows it; what is to be looked into because of it."""
        own = uid(obj)
        place = Place(resource.api_version, resource.kind, namespace(obj), name(obj))
        node = self.nodes.get(own)
        if node is None:
            node = self.nodes[own] = Node(own, place)
        was_virtual, was_waiting = node.virtual, node.waits
        node.place, node.resource = place, resource
        tasks = self._relate(node, {ref.get("uid") or "": ref for ref in owners(obj)})
        node.deleting = deleting(obj)
        node.waits = node.deleting and FOREGROUND in finalizers(obj)
        if node.waits and not was_waiting:
            tasks += [Task("collect", one) for one in (own, *node.dependents)]
        if node.deleting and ORPHAN in finalizers(obj):
            tasks.append(Task("orphan", own))
        if was_virtual:  # its dependents may have named it wrongly
            tasks += [Task("collect", one) for one in node.dependents if not self._names_rightly(one, node)]
        return tasks

    def _relate(self, node: Node, refs: dict[str, Object]) -> list[Task]:
        tasks: list[Task] = []
        for gone in [one for one in node.owners if one not in refs]:
            tasks += self._unlink(node, gone)
        for owner_uid, ref in refs.items():
            before = node.owners.get(owner_uid)
            if before is None:
                tasks += self._link(node, owner_uid, ref)
            elif before.get("blockOwnerDeletion") and not ref.get("blockOwnerDeletion"):
                tasks.append(Task("collect", owner_uid))
        node.owners = refs
        return tasks

    def _link(self, node: Node, owner_uid: str, ref: Object) -> list[Task]:
        owner = self.nodes.get(owner_uid)
        tasks: list[Task] = []
        if owner is None:
            place = Place(
                ref.get("apiVersion") or "", ref.get("kind") or "", node.place.namespace, ref.get("name") or ""
            )
            owner = self.nodes[owner_uid] = Node(owner_uid, place)
        owner.dependents[node.uid] = None
        if owner.virtual or owner.waits or not _names(ref, node.place.namespace, owner):
            tasks.append(Task("collect", node.uid))
        return tasks

    def _unlink(self, node: Node, owner_uid: str) -> list[Task]:
        owner = self.nodes.get(owner_uid)
        if owner is None:
            return []
        owner.dependents.pop(node.uid, None)
        if owner.virtual and not owner.dependents:
            del self.nodes[owner_uid]
        return [Task("collect", owner_uid)] if owner.waits else []

    def _names_rightly(self, dependent: str, owner: Node) -> bool:
        node = self.nodes.get(dependent)
        ref = node.owners.get(owner.uid) if node else None
        return node is not None and ref is not None and _names(ref, node.place.namespace, owner)

    def remove(self, gone: str) -> list[Task]:
        """An object is gone for good: its dependents may be garbage now, and its owners may have waited for it."""
        node = self.nodes.get(gone)
        if node is None:
            return []
        waiting = [one for one in node.owners if one in self.nodes and self.nodes[one].waits]
        for owner_uid in list(node.owners):
            self._unlink(node, owner_uid)
        node.owners = {}
        tasks = [Task("collect", one) for one in (*node.dependents, *waiting)]
        if node.dependents:
            node.resource, node.waits, node.deleting = None, False, True
        else:
            self.nodes.pop(gone, None)
        return tasks

    def settled(self, node: Node) -> bool:
        """Whether all owners are seen to exist and to stay, so that nothing needs to be asked of the server. Should one
        of them be gone already, its own removal brings this node up again."""
        for owner_uid, ref in node.owners.items():
            owner = self.nodes.get(owner_uid)
            if owner is None or owner.virtual or owner.waits or not _names(ref, node.place.namespace, owner):
                return False
        return not node.waits

    def dependents(self, owner_uid: str) -> Iterator[Node]:
        owner = self.nodes.get(owner_uid)
        for one in owner.dependents if owner else ():
            node = self.nodes.get(one)
            if node is not None and not node.virtual:
                yield node

    def blocking(self, owner_uid: str) -> list[Node]:
        """The dependents that keep a waiting owner from going."""
        return [one for one in self.dependents(owner_uid) if one.owners.get(owner_uid, {}).get("blockOwnerDeletion")]

    def misplaced(self, node_namespace: str, ref: Object) -> bool:
        """Whether the owner of this uid is known to live in another namespace."""
        owner = self.nodes.get(ref.get("uid") or "")
        return owner is not None and not owner.virtual and owner.place.namespace not in ("", node_namespace)


def _names(ref: Object, dependent_namespace: str, owner: Node) -> bool:
    """Whether a reference says of its owner what is true: kind, name, and the dependent's own namespace."""
    place = owner.place
    group = (ref.get("apiVersion") or "").rpartition("/")[0]
    return (
        group == place.api_version.rpartition("/")[0]
        and ref.get("kind") == place.kind
        and ref.get("name") == place.name
        and place.namespace in ("", dependent_namespace)
    )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do about an object: `keep` it, `delete` it (with this propagation), or `release` it from these owners."""

    action: str
    propagation: str = ""
    release: tuple[str, ...] = ()


KEEP = Verdict("keep")


def judge(obj: Object, states: dict[str, str], has_dependents: bool) -> Verdict:
    """`states` says of each owner's uid whether it is `solid`, `absent` or `waiting` for its dependents to go; or
    `nowhere`, where it cannot be looked for: a namespaced owner of an object without namespace. Such an object stays,
    as nobody can tell that its owner has gone."""
    if "nowhere" in states.values():
        return KEEP
    solid = [one for one, state in states.items() if state == "solid"]
    absent = tuple(one for one, state in states.items() if state == "absent")
    waiting = tuple(one for one, state in states.items() if state == "waiting")
    if not states or (solid and not absent and not waiting):
        return KEEP
    if solid:
        return Verdict("release", release=absent + waiting)
    if waiting and has_dependents:
        return Verdict("delete", "Foreground")
    return Verdict("delete", _wanted(finalizers(obj)))


def _wanted(held: Iterable[str]) -> str:
    """The propagation that an earlier deletion of the object asked for."""
    marks = set(held)
    return "Orphan" if ORPHAN in marks else "Foreground" if FOREGROUND in marks else "Background"


def without_finalizer(obj: Object, finalizer: str) -> list[str]:
    return [one for one in finalizers(obj) if one != finalizer]


def without_owners(obj: Object, released: Iterable[str]) -> list[Object]:
    leaving = set(released)
    return [ref for ref in owners(obj) if ref.get("uid") not in leaving]


def unblocked(obj: Object) -> list[Object]:
    """The owner references with none of them holding its owner back: breaks a circle of owners."""
    return [{**ref, "blockOwnerDeletion": False} if ref.get("blockOwnerDeletion") else ref for ref in owners(obj)]
