"""A Kubernetes API client: one method per verb, for any kind, over any transport.

Objects go in and come out as plain dicts. Failures are the classes of `model/errors.py`; a lost connection is a
ConnectionError. Nothing is retried here: who calls knows whether trying again is right.
"""

from collections.abc import AsyncIterator
from typing import NamedTuple

from eachpod.model import objects
from eachpod.model.objects import Object
from eachpod.model.resource import Resource
from eachpod.wire.http import MERGE_PATCH, Body, Request, Response, WatchEvent

from .transport import Transport

Query = dict[str, str | tuple[str, ...]]


class ObjectList(NamedTuple):
    """A list answer: the items and the store revision that they are of."""

    items: list[Object]
    resource_version: str


class Client:
    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    async def close(self) -> None:
        await self.transport.close()

    async def get(self, resource: Resource, name: str, namespace: str = "", subresource: str = "") -> Object:
        return await self._object("GET", resource.path(namespace, name, subresource))

    async def list(
        self, resource: Resource, namespace: str = "", *, label_selector: str = "", field_selector: str = ""
    ) -> ObjectList:
        query = _selectors(label_selector, field_selector)
        body = await self._object("GET", resource.path(namespace), query=query)
        items = body.get("items") or []
        for item in items:  # lists leave them out (meta/v1 List), and handlers want to tell objects apart
            item.setdefault("apiVersion", resource.api_version)
            item.setdefault("kind", resource.kind)
        return ObjectList(items, objects.revision(body))

    async def create(
        self, resource: Resource, obj: Object, namespace: str = "", *, name: str = "", subresource: str = ""
    ) -> Object:
        """POST to the collection, or to a subresource of the object `name` (eviction, binding, token)."""
        where = namespace or objects.namespace(obj)
        return await self._object("POST", resource.path(where, name, subresource), body=obj)

    async def update(self, resource: Resource, obj: Object, subresource: str = "") -> Object:
        path = resource.path(objects.namespace(obj), objects.name(obj), subresource)
        return await self._object("PUT", path, body=obj)

    async def patch(
        self,
        resource: Resource,
        name: str,
        namespace: str,
        patch: Body,
        *,
        subresource: str = "",
        content_type: str = MERGE_PATCH,
    ) -> Object:
        path = resource.path(namespace, name, subresource)
        return await self._object("PATCH", path, body=patch, content_type=content_type)

    async def delete(
        self,
        resource: Resource,
        name: str,
        namespace: str = "",
        *,
        uid: str = "",
        resource_version: str = "",
        grace_seconds: int | None = None,
        propagation: str = "",
    ) -> Object:
        """DELETE with preconditions. Returns the Status or the object that the server answers with."""
        options: Object = {"kind": "DeleteOptions", "apiVersion": "v1"}
        preconditions = {k: v for k, v in (("uid", uid), ("resourceVersion", resource_version)) if v}
        if preconditions:
            options["preconditions"] = preconditions
        if grace_seconds is not None:
            options["gracePeriodSeconds"] = grace_seconds
        if propagation:
            options["propagationPolicy"] = propagation
        return await self._object("DELETE", resource.path(namespace, name), body=options)

    def watch(
        self,
        resource: Resource,
        namespace: str = "",
        *,
        resource_version: str = "",
        label_selector: str = "",
        field_selector: str = "",
        initial_events: bool = False,
        timeout_seconds: int = 0,
    ) -> AsyncIterator[WatchEvent]:
        """Events after `resource_version`; with `initial_events` the whole state first, ended by the bookmark that
        bears `k8s.io/initial-events-end` (KEP-3157)."""
        query = _selectors(label_selector, field_selector) | {"watch": "true", "allowWatchBookmarks": "true"}
        if resource_version:
            query["resourceVersion"] = resource_version
        if initial_events:
            query |= {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
        if timeout_seconds:
            query["timeoutSeconds"] = str(timeout_seconds)
        return self.transport.watch(Request("GET", resource.path(namespace), query))

    async def _object(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Body = None,
        content_type: str = "application/json",
    ) -> Object:
        response: Response = await self.transport.send(Request(method, path, query or {}, body, content_type))
        return response.body if isinstance(response.body, dict) else {}


def _selectors(label_selector: str, field_selector: str) -> Query:
    pairs = (("labelSelector", label_selector), ("fieldSelector", field_selector))
    return {key: value for key, value in pairs if value}
