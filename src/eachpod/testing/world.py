"""A cluster's truth for simulations: an API server, garbage collector and kubelet small enough to run in microseconds.

It keeps the rules that controllers rely on (revisions, conflicts, uids, finalizers, graceful deletion of pods, owner
references) and none of the rest. Everything happens when it is told to, nothing by itself, so a simulation decides
every order of events.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from eachpod.client.cache import Key, key_of
from eachpod.model import errors, objects
from eachpod.model.objects import Object, put
from eachpod.model.resource import Resource
from eachpod.model.resources import PERSISTENTVOLUMECLAIM, POD
from eachpod.model.timestamps import render

_WITH_GENERATION = ("statefulsets.apps",)


class Happened(NamedTuple):
    """One committed change, as a watch tells it."""

    revision: int
    type: str
    object: Object


@dataclass(slots=True)
class World:
    """`now` is Unix seconds. `log` holds every change of a resource, oldest first."""

    now: float = 1_000_000.0
    revision: int = 0
    objects: dict[str, dict[Key, Object]] = field(default_factory=dict)
    log: dict[str, list[Happened]] = field(default_factory=dict)
    tell: Callable[[str], None] = lambda line: None
    _born: int = 0

    def of(self, resource: Resource) -> dict[Key, Object]:
        return self.objects.setdefault(resource.group_resource, {})

    def history(self, resource: Resource) -> list[Happened]:
        return self.log.setdefault(resource.group_resource, [])

    def get(self, resource: Resource, namespace: str, name: str) -> Object:
        found = self.of(resource).get(Key(namespace, name))
        if found is None:
            raise errors.not_found(resource, name)
        return found

    def create(self, resource: Resource, obj: Object) -> Object:
        meta = objects.meta(obj)
        self._born += 1
        name = meta.get("name") or f"{meta.get('generateName')}{self._born}"
        key = Key(objects.namespace(obj), name)
        if key in self.of(resource):
            raise errors.already_exists(resource, name)
        stamped = {
            **meta,
            "name": name,
            "uid": f"u{self._born}",
            "generation": 1,
            "creationTimestamp": render(self.now),
        }
        obj = {**obj, "apiVersion": resource.api_version, "kind": resource.kind, "metadata": stamped}
        if resource is POD:
            obj = {**obj, "status": {"phase": "Pending"}}
        return self._commit(resource, "ADDED", key, obj)

    def update(self, resource: Resource, obj: Object, subresource: str = "") -> Object:
        old = self.get(resource, objects.namespace(obj), objects.name(obj))
        if objects.revision(obj) and objects.revision(obj) != objects.revision(old):
            raise errors.conflict(resource, objects.name(obj), "the object has been modified")
        if objects.uid(obj) and objects.uid(obj) != objects.uid(old):
            raise errors.conflict(resource, objects.name(obj), "Precondition failed: UID in precondition")
        if subresource == "status":
            new = {**old, "status": obj.get("status")}
        else:
            fixed = {
                k: objects.meta(old).get(k) for k in ("uid", "creationTimestamp", "deletionTimestamp", "generation")
            }
            metadata = {**objects.meta(obj), **{k: v for k, v in fixed.items() if v is not None}}
            new = {**obj, "metadata": metadata}
            if "status" in old:
                new["status"] = old["status"]
            if resource.group_resource in _WITH_GENERATION and new.get("spec") != old.get("spec"):
                new = put(new, ("metadata", "generation"), metadata["generation"] + 1)
        return self._changed(resource, old, new)

    def patch_owners(self, resource: Resource, namespace: str, name: str, patch: Object) -> Object:
        """The strategic merge patches by which controllers adopt and release: entries of ownerReferences by uid."""
        old = self.get(resource, namespace, name)
        wanted = patch["metadata"]
        if wanted.get("uid") and wanted["uid"] != objects.uid(old):
            raise errors.conflict(resource, name, "Precondition failed: UID in precondition")
        owners = {ref["uid"]: ref for ref in objects.owners(old)}
        for ref in wanted["ownerReferences"]:
            if ref.get("$patch") == "delete":
                owners.pop(ref["uid"], None)
            else:
                owners[ref["uid"]] = ref
        return self._changed(resource, old, put(old, ("metadata", "ownerReferences"), list(owners.values())))

    def delete(self, resource: Resource, namespace: str, name: str, uid: str = "", grace: int | None = None) -> None:
        """Pods are marked and stay until the kubelet is done with them (`finish`), unless `grace` is 0."""
        old = self.get(resource, namespace, name)
        if uid and uid != objects.uid(old):
            raise errors.conflict(resource, name, "Precondition failed: UID in precondition")
        if (resource is POD and grace != 0) or objects.finalizers(old):
            if not objects.deleting(old):
                self._changed(resource, old, put(old, ("metadata", "deletionTimestamp"), render(self.now)))
            return
        self._gone(resource, old)

    def finish(self, resource: Resource, namespace: str, name: str) -> None:
        """The last step of a deletion."""
        self._gone(resource, self.get(resource, namespace, name))

    def set_status(self, pod: Object, status: Object) -> Object:
        return self._changed(POD, pod, {**pod, "status": status})

    def collect(self) -> list[Object]:
        """The garbage collector's next look: objects all of whose owners are gone are deleted. Returns them."""
        alive = {objects.uid(obj) for table in self.objects.values() for obj in table.values()}
        dead = []
        for name, table in self.objects.items():
            for obj in list(table.values()):
                owners = objects.owners(obj)
                orphaned = owners and not any(ref.get("uid") in alive for ref in owners)
                if orphaned and not objects.deleting(obj):
                    dead.append((name, obj))
        for name, obj in dead:
            resource = next((r for r in (POD, PERSISTENTVOLUMECLAIM) if r.group_resource == name), None)
            if resource is POD:
                self.delete(POD, objects.namespace(obj), objects.name(obj))
            elif key_of(obj) in self.objects[name]:
                self._gone_from(name, obj)
        return [obj for _, obj in dead]

    def _changed(self, resource: Resource, old: Object, new: Object) -> Object:
        if {**new, "metadata": {**objects.meta(new), "resourceVersion": objects.revision(old)}} == old:
            return old  # a write that changes nothing makes no event
        return self._commit(resource, "MODIFIED", key_of(old), new)

    def _gone(self, resource: Resource, old: Object) -> None:
        self._gone_from(resource.group_resource, old)

    def _gone_from(self, name: str, old: Object) -> None:
        self.revision += 1
        last = put(old, ("metadata", "resourceVersion"), str(self.revision))
        del self.objects[name][key_of(old)]
        self.log.setdefault(name, []).append(Happened(self.revision, "DELETED", last))
        self.tell(f"{name} {objects.name(old)} ({objects.uid(old)}) is gone")

    def _commit(self, resource: Resource, type_: str, key: Key, obj: Object) -> Object:
        self.revision += 1
        obj = put(obj, ("metadata", "resourceVersion"), str(self.revision))
        self.of(resource)[key] = obj
        self.history(resource).append(Happened(self.revision, type_, obj))
        return obj
