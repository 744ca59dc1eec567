"""Deletes what nobody owns any more, carries out foreground deletion and orphaning.

It watches every kind that the server has. Before anything is deleted both the object and its owners are read anew from
the server: a graph fed by several watches may be behind with any of them.
"""

import asyncio
import logging
from contextlib import suppress
from functools import partial

from eachpod.client.client import Client
from eachpod.client.correlate import Note
from eachpod.client.discovery import discover
from eachpod.client.informer import Informer
from eachpod.kit.backoff import Backoff
from eachpod.model.errors import Conflict, NotFound, StatusError
from eachpod.model.objects import Object, deleting, finalizers, name, namespace, owners, revision, uid
from eachpod.model.resource import Resource

from .context import Context
from .ownergraph import (
    FOREGROUND,
    ORPHAN,
    Node,
    OwnerGraph,
    Task,
    Verdict,
    judge,
    unblocked,
    without_finalizer,
    without_owners,
)
from .queue import Queue
from .view import Key

log = logging.getLogger(__name__)

_WORKERS = 20
_REDISCOVER_SECONDS, _RETRY_SECONDS = 30.0, 1.0
# A kind that cannot be listed must not keep the others waiting.
_FIRST_LIST_SECONDS = 10.0
_IGNORED = {"events", "events.events.k8s.io"}


class GarbageCollector:
    name = "garbage-collector-controller"
    by_default = True

    async def run(self, context: Context) -> None:
        await _Collecting(context).run()


class _Collecting:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._client: Client = context.client
        self._recorder = context.events.recorder("garbage-collector-controller")
        self._graph = OwnerGraph()
        self._queue = Queue(Backoff())
        self._watched: dict[str, tuple[Informer, asyncio.Task[None] | None]] = {}
        self._kinds: dict[tuple[str, str], Resource] = {}

    async def run(self) -> None:
        try:
            await self._begin_to_watch()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_watching())
                for _ in range(_WORKERS):
                    group.create_task(self._work())
        finally:
            for _, task in self._watched.values():
                if task:
                    task.cancel()
            self._queue.close()

    # Watching every kind

    async def _begin_to_watch(self) -> None:
        """Nothing is judged before the graph is whole: who orphans must know all dependents."""
        while True:
            if await self._watch_all():
                return
            await asyncio.sleep(_RETRY_SECONDS)

    async def _keep_watching(self) -> None:
        while True:
            await asyncio.sleep(_REDISCOVER_SECONDS)
            await self._watch_all()

    async def _watch_all(self) -> bool:
        """Follow the kinds that the server has now; those that are gone take their objects out of the graph. Whether
        the server has answered."""
        try:
            found = await discover(self._client)
        except (StatusError, ConnectionError) as error:
            log.debug("discovery: %s", error)
            return False
        fresh: list[Informer] = []
        wanted = set()
        for resource in found.resources:
            group = resource.group
            self._kinds[group, resource.kind] = resource
            if not {"list", "watch", "delete"} <= set(resource.verbs) or resource.group_resource in _IGNORED:
                continue
            wanted.add(resource.group_resource)
            if resource.group_resource not in self._watched:
                informer = self._context.informer(resource)
                informer.listen(partial(self._on_change, resource))
                self._watched[resource.group_resource] = informer, None
                fresh.append(informer)
        if not found.failures:
            for gone in self._watched.keys() - wanted:
                del self._watched[gone]
        if fresh:
            tasks = [asyncio.ensure_future(informer.synced()) for informer in fresh]
            try:
                await asyncio.wait(tasks, timeout=_FIRST_LIST_SECONDS)
            finally:
                for task in tasks:
                    task.cancel()
        return True

    def _on_change(self, resource: Resource, old: Object | None, new: Object | None) -> None:
        tasks: list[Task] = []
        if old is not None and (new is None or uid(old) != uid(new)):
            tasks += self._graph.remove(uid(old))
        if new is not None:
            tasks += self._graph.observe(resource, new)
        self._add(tasks)

    def _add(self, tasks: list[Task]) -> None:
        for task in tasks:
            self._queue.add(Key(task.verb, task.uid))

    # Working through the graph

    async def _work(self) -> None:
        while True:
            key = await self._queue.get()
            try:
                node = self._graph.nodes.get(key.name)
                if node is not None:
                    await (self._orphan(node) if key.namespace == "orphan" else self._collect(node))
                self._queue.forget(key)
            except (StatusError, ConnectionError) as error:
                delay = self._queue.failed(key)
                level = logging.DEBUG if isinstance(error, Conflict) or delay < 1 else logging.WARNING
                log.log(level, "garbage collection of %s: %s", key.name, error)
            except Exception:
                self._queue.failed(key)
                log.exception("garbage collection of %s: a fault in the controller", key.name)
            finally:
                self._queue.done(key)

    async def _read(self, node: Node) -> Object | None:
        """The object as the server has it, None if it is gone."""
        if node.resource is None:
            return None
        try:
            live = await self._client.get(node.resource, node.place.name, node.place.namespace)
        except NotFound:
            return None
        return live if uid(live) == node.uid else None

    async def _collect(self, node: Node) -> None:
        if self._graph.settled(node):
            return
        live = await self._read(node)
        if live is None or node.resource is None:
            return  # the watch will tell, or it was never there; its dependents are looked into by themselves
        if deleting(live):
            if FOREGROUND in finalizers(live):
                await self._finish_foreground(node, node.resource, live)
            return
        if not owners(live):
            return
        states = {ref.get("uid") or "": await self._state(live, ref) for ref in owners(live)}
        dependents = list(self._graph.dependents(node.uid))
        verdict = judge(live, states, bool(dependents))
        if verdict.action == "release":
            await self._set_owners(node.resource, live, without_owners(live, verdict.release))
        elif verdict.action == "delete":
            await self._delete(node.resource, live, dependents, verdict)

    async def _delete(self, resource: Resource, live: Object, dependents: list[Node], verdict: Verdict) -> None:
        if verdict.propagation == "Foreground" and any(one.waits for one in dependents):
            # Owners in a circle would wait for each other for ever.
            live = await self._set_owners(resource, live, unblocked(live))
        with suppress(NotFound):
            await self._client.delete(
                resource,
                name(live),
                namespace(live),
                uid=uid(live),
                resource_version=revision(live),
                propagation=verdict.propagation,
            )

    async def _state(self, live: Object, ref: Object) -> str:
        """Whether an owner exists under the name and in the namespace that the reference implies."""
        group = (ref.get("apiVersion") or "").rpartition("/")[0]
        resource = self._kinds.get((group, ref.get("kind") or ""))
        if resource is None:
            raise ConnectionError(f"the server has no kind {ref.get('kind')} in {ref.get('apiVersion')}")
        where = namespace(live) if resource.namespaced else ""
        if resource.namespaced and not where:
            self._tell_if_misplaced(live, ref)
            return "nowhere"
        try:
            owner = await self._client.get(resource, ref.get("name") or "", where)
        except NotFound:
            owner = {}
        if uid(owner) != ref.get("uid"):
            self._tell_if_misplaced(live, ref)
            return "absent"
        return "waiting" if deleting(owner) and FOREGROUND in finalizers(owner) else "solid"

    def _tell_if_misplaced(self, live: Object, ref: Object) -> None:
        if self._graph.misplaced(namespace(live), ref):
            what = f"{ref.get('apiVersion')}/{ref.get('kind')}, namespace: {namespace(live)}"
            text = (
                f"ownerRef [{what}, name: {ref.get('name')}, uid: {ref.get('uid')}] does not exist in namespace "
                f'"{namespace(live)}"'
            )
            self._recorder.tell(Note(live, "OwnerRefInvalidNamespace", text, "Warning"))

    async def _finish_foreground(self, node: Node, resource: Resource, live: Object) -> None:
        """Let the owner go once nothing blocks it; until then see to its dependents."""
        blocking = self._graph.blocking(node.uid)
        if not blocking:
            await self._set_finalizers(resource, live, without_finalizer(live, FOREGROUND))
            return
        self._add([Task("collect", one.uid) for one in blocking if not one.waits])

    async def _orphan(self, node: Node) -> None:
        """Take the owner out of all its dependents, and only then let it go."""
        live = await self._read(node)
        if live is None or node.resource is None or not deleting(live) or ORPHAN not in finalizers(live):
            return
        await asyncio.gather(*(self._release(kind, node) for kind in self._kinds_below(node)))
        await self._set_finalizers(node.resource, live, without_finalizer(live, ORPHAN))

    def _kinds_below(self, owner: Node) -> list[Resource]:
        watched = [informer.resource for informer, _ in self._watched.values()]
        return [kind for kind in watched if kind.namespaced or not owner.place.namespace]

    async def _release(self, kind: Resource, owner: Node) -> None:
        """Not from the graph: dependents that no watch has told of yet would be garbage once the owner is gone."""
        with suppress(NotFound):  # the kind has gone
            listed = await self._client.list(kind, owner.place.namespace)
            owned = [live for live in listed.items if any(ref.get("uid") == owner.uid for ref in owners(live))]
            await asyncio.gather(*(self._set_owners(kind, live, without_owners(live, (owner.uid,))) for live in owned))

    async def _set_owners(self, resource: Resource, live: Object, references: list[Object]) -> Object:
        if references == owners(live):
            return live
        return await self._set_metadata(resource, live, {"ownerReferences": references or None})

    async def _set_finalizers(self, resource: Resource, live: Object, kept: list[str]) -> None:
        if kept != finalizers(live):
            await self._set_metadata(resource, live, {"finalizers": kept or None})

    async def _set_metadata(self, resource: Resource, live: Object, change: Object) -> Object:
        patch = {"metadata": {"uid": uid(live), "resourceVersion": revision(live), **change}}
        with suppress(NotFound):
            return await self._client.patch(resource, name(live), namespace(live), patch)
        return live


CONTROLLER = GarbageCollector()
