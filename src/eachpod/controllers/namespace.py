"""Empties namespaces that are being deleted: pods first, then everything else there is, then the namespace itself.

It runs by itself since it needs no cache of any kind but all kinds that the server has, which discovery tells.
"""

import asyncio
import logging
from contextlib import suppress

from eachpod.client.client import Client
from eachpod.client.discovery import discover
from eachpod.kit.backoff import Backoff
from eachpod.model.errors import Conflict, MethodNotAllowed, NotFound, StatusError
from eachpod.model.objects import Object, dig, name, namespace
from eachpod.model.resource import Resource
from eachpod.model.resources import NAMESPACE, POD
from eachpod.wire.http import Request

from .context import Context
from .namespacecontent import Remaining, deleted_at, finalized, is_ending, seconds_of_grace, with_conditions
from .queue import Queue
from .view import Key

log = logging.getLogger(__name__)

_WORKERS = 10
_AT_A_TIME = 8


class NamespaceController:
    name = "namespace-controller"
    by_default = True

    async def run(self, context: Context) -> None:
        await _Emptying(context).run()


class _Emptying:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._client: Client = context.client
        self._namespaces = context.informer(NAMESPACE)
        self._pods = context.informer(POD)
        # What is left goes when its finalizers do, mostly at once, so that the first looks are soon.
        self._queue = Queue(Backoff(base=0.02, limit=5.0))

    async def run(self) -> None:
        await self._namespaces.synced()
        await self._pods.synced()
        stops = (self._namespaces.listen(self._on_namespace), self._pods.listen(self._on_pod))
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(_WORKERS):
                    group.create_task(self._work())
        finally:
            for stop in stops:
                stop()
            self._queue.close()

    def _on_namespace(self, old: Object | None, new: Object | None) -> None:
        if new is not None and is_ending(new) and not is_ending(old):
            self._queue.add(Key("", name(new)))

    def _on_pod(self, old: Object | None, new: Object | None) -> None:
        if new is None and old is not None:
            where = self._namespaces.cache.get(namespace(old))
            if is_ending(where):
                self._queue.add(Key("", namespace(old)))

    async def _work(self) -> None:
        while True:
            key = await self._queue.get()
            try:
                if await self._empty(key.name):
                    self._queue.forget(key)
                else:
                    self._queue.failed(key)
            except Conflict:
                self._queue.failed(key)
            except (StatusError, ConnectionError) as error:
                delay = self._queue.failed(key)
                log.log(logging.WARNING if delay > 1 else logging.DEBUG, "namespace %s: %s", key.name, error)
            except Exception:
                self._queue.failed(key)
                log.exception("namespace %s: a fault in the controller", key.name)
            finally:
                self._queue.done(key)

    async def _empty(self, namespace_name: str) -> bool:
        """One pass; whether the namespace needs no further one."""
        try:
            current = await self._client.get(NAMESPACE, namespace_name)
        except NotFound:
            return True
        if not is_ending(current):
            return True
        remaining = await self._delete_content(current)
        updated = with_conditions(current, remaining, self._context.clock())
        if updated is not current:
            updated = await self._client.update(NAMESPACE, updated, "status")
        if not remaining.nothing:
            return False
        await self._finalize(updated)
        return True

    async def _finalize(self, current: Object) -> None:
        with suppress(NotFound):
            await self._client.update(NAMESPACE, finalized(current), "finalize")

    async def _delete_content(self, current: Object) -> Remaining:
        where = name(current)
        found = await discover(self._client)
        remaining = Remaining(discovery=found.failures)
        namespaced = [one for one in found.resources if one.namespaced and "delete" in one.verbs]
        pods = await self._delete_kind(where, POD)
        if pods:
            grace = seconds_of_grace(pods, deleted_at(current), self._context.clock())
            remaining.only_pods = True
            remaining.add(where, POD, pods, graceful=grace > 0)
            return remaining
        others = [one for one in namespaced if one.group_resource != POD.group_resource]
        limit = asyncio.Semaphore(_AT_A_TIME)
        await asyncio.gather(*(self._delete_into(remaining, where, one, limit) for one in others))
        return remaining

    async def _delete_into(
        self, remaining: Remaining, where: str, resource: Resource, limit: asyncio.Semaphore
    ) -> None:
        async with limit:
            try:
                remaining.add(where, resource, await self._delete_kind(where, resource), graceful=False)
            except (MethodNotAllowed, NotFound):
                pass  # a kind that went away meanwhile, or that cannot be listed
            except (StatusError, ConnectionError) as error:
                remaining.errors.append(str(error))

    async def _delete_kind(self, where: str, resource: Resource) -> list[Object]:
        """Ask for all objects of a kind to be deleted; what is left after that."""
        if "list" not in resource.verbs:
            return []
        listed = await self._client.list(resource, where)
        if not listed.items:
            return []
        if all(dig(item, "metadata", "deletionTimestamp") for item in listed.items):
            return listed.items
        if "deletecollection" in resource.verbs:
            options = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
            await self._client.transport.send(Request("DELETE", resource.path(where), body=options))
        else:
            for item in listed.items:
                with suppress(NotFound):
                    await self._client.delete(resource, name(item), where, propagation="Background")
        return (await self._client.list(resource, where)).items


CONTROLLER = NamespaceController()
