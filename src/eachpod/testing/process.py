"""One controller process in a simulation: its caches, its queue and the plan it is in the middle of.

It does what `controllers.run` does, but one change at a time and only when told, so that everything else can happen
in between: other writers, a crash, a watch that lags or breaks.
"""

from collections import deque
from collections.abc import Iterator

from eachpod.client.cache import Cache, Change, Key
from eachpod.controllers.config import ControllersConfig
from eachpod.controllers.ownwrites import OwnWrites
from eachpod.controllers.plan import UNSET, Confirm, Create, Delete, Emit, Patch, Plan, Together, Update
from eachpod.controllers.plan import Change as Planned
from eachpod.controllers.view import Controller, View
from eachpod.model import errors, objects
from eachpod.model.errors import NotFound, StatusError
from eachpod.model.resource import Resource

from .world import World


class LostAnswer(Exception):
    """The server did it, but the answer never came."""


class Process:
    """`step` makes one change of the current plan, or decides the next one."""

    def __init__(self, world: World, controller: Controller, *, guarded: bool = True) -> None:
        self.world, self.controller = world, controller
        self.caches: dict[Resource, Cache] = {resource: Cache() for resource in controller.resources}
        self.view = View(self.caches, ControllersConfig())
        for index in controller.indexes:
            self.caches[index.resource].add_index(index.name, index.function)
        self._guarded = guarded
        self._writes = OwnWrites()
        self._seen = dict.fromkeys(self.caches, 0)
        self._queue: deque[Key] = deque()
        self._later: dict[Key, float] = {}
        self._changes: Iterator[Planned] | None = None
        self._always: tuple[Planned, ...] = ()
        self._key = Key("", "")
        self._failed = False
        self._touched: set[Key] = set()
        for resource in self.caches:
            self.relist(resource)

    # --- the caches

    def behind(self) -> list[Resource]:
        """Resources with changes that the cache has not seen."""
        return [resource for resource, seen in self._seen.items() if seen < len(self.world.history(resource))]

    def deliver(self, resource: Resource, *, again: bool = False) -> None:
        """The next event of a watch, or the last one once more."""
        history, at = self.world.history(resource), self._seen[resource]
        if again:
            at = max(0, at - 1)
        if at >= len(history):
            return
        event = history[at]
        self._seen[resource] = at + 1
        cache = self.caches[resource]
        self._tell(resource, cache.remove(event.object) if event.type == "DELETED" else cache.put(event.object))

    def relist(self, resource: Resource) -> None:
        """The watch broke and the whole state was read anew: events in between are never seen."""
        self._seen[resource] = len(self.world.history(resource))
        items = list(self.world.of(resource).values())
        for change in self.caches[resource].replace(items, str(self.world.revision)):
            self._tell(resource, change)

    def _tell(self, resource: Resource, change: Change) -> None:
        if change.old is None and change.new is None:
            return
        for watch in self.controller.triggers:
            if watch.resource is resource:
                for key in watch.keys(self.view, change.old, change.new):
                    self._add(key)

    def _add(self, key: Key) -> None:
        if self._changes is not None and key == self._key:
            self._touched.add(key)
        elif key not in self._queue:
            self._queue.append(key)

    # --- the work

    @property
    def idle(self) -> bool:
        return self._changes is None and not self._queue and not self._due()

    @property
    def next_at(self) -> float | None:
        return min(self._later.values(), default=None)

    def _due(self) -> list[Key]:
        return [key for key, at in self._later.items() if at <= self.world.now]

    def step(self, *, lose_answer: bool = False) -> None:
        if self._changes is None:
            self._decide()
            return
        change = next(self._changes, None)
        if change is None:
            self._finish()
            return
        try:
            # An answer that is lost tells nobody what was written.
            self._perform(change, OwnWrites() if lose_answer else self._writes)
            if lose_answer and not isinstance(change, Emit):
                raise LostAnswer
        except (StatusError, LostAnswer) as error:
            if isinstance(error, StatusError) and isinstance(error, getattr(change, "accept", ())):
                return
            self.world.tell(f"{self.controller.name}: {type(change).__name__} failed: {error or 'the answer was lost'}")
            self._failed = True
            self._changes, self._always = iter(self._always), ()

    def _decide(self) -> None:
        for key in self._due():
            del self._later[key]
            self._add(key)
        if not self._queue:
            return
        key = self._queue.popleft()
        caches = {resource.group_resource: cache for resource, cache in self.caches.items()}
        if self._guarded and not self._writes.visible(key, caches.get):
            self._later[key] = self.world.now + 1
            return
        self._key, self._failed = key, False
        plan = self.controller.reconcile(self.view, key, self.world.now)
        self._changes, self._always = _flat(plan), plan.always
        self.plan = plan

    def _finish(self) -> None:
        if self._always:
            self._changes, self._always = iter(self._always), ()
            return
        self._changes = None
        if self._failed:
            self._later[self._key] = self.world.now + 0.005
        elif self.plan.requeue_after is not None:
            self._later[self._key] = self.world.now + max(0.001, self.plan.requeue_after)
        if not self._failed and self.plan.remember is not UNSET:
            self.view.remember(self._key, self.plan.remember)
        for key in self._touched:
            self._add(key)
        self._touched.clear()

    def _perform(self, change: Planned, writes: OwnWrites) -> None:
        world, key, who = self.world, self._key, self.controller.name
        match change:
            case Emit(note):
                world.tell(f"{who}: event {note.reason}: {note.message}")
            case Confirm(resource, namespace, name, uid):
                live = world.get(resource, namespace, name)
                if objects.uid(live) != uid or objects.deleting(live):
                    raise errors.conflict(resource, name, "it is another object, or being deleted")
            case Create(resource, obj):
                made = world.create(resource, obj)
                world.tell(f"{who}: create {resource.kind} {objects.name(made)} ({objects.uid(made)})")
                writes.wrote(key, resource, made)
            case Update(resource, obj, subresource):
                writes.wrote(key, resource, world.update(resource, obj, subresource))
                world.tell(f"{who}: update {resource.kind} {objects.name(obj)} {subresource}")
            case Patch(resource, namespace, name, patch) if isinstance(patch, dict):
                writes.wrote(key, resource, world.patch_owners(resource, namespace, name, patch))
                world.tell(f"{who}: patch the owners of {resource.kind} {name}")
            case Delete(resource, namespace, name, uid):
                try:
                    world.delete(resource, namespace, name, uid, change.grace_seconds)
                    world.tell(f"{who}: delete {resource.kind} {name} ({uid})")
                except NotFound:
                    pass
                writes.deleted(key, resource, namespace, name, uid)


def _flat(plan: Plan) -> Iterator[Planned]:
    """The changes one by one; what may happen side by side happens in order, which is one of the ways it may."""
    for step in plan.changes:
        if isinstance(step, Together):
            for group in step.groups:
                yield from group
        else:
            yield step
