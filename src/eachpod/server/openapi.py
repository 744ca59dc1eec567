"""OpenAPI v3 documents, one per group and version, made from the table of kinds and the shapes of their structs.

kubectl reads from them which kinds take server-side field validation and dry runs, how lists merge, and what `explain`
shows. Field descriptions are not carried: they are a megabyte of text that only `explain` prints.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from eachpod.model.objects import Object
from eachpod.model.registry import Registry
from eachpod.model.resource import Resource, Subresource
from eachpod.model.structure import struct_of
from eachpod.wire.http import APPLY_PATCH, JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH

from . import openapiv2
from .openapischema import INT_OR_STRING, MICRO_TIME, QUANTITY, TIME, define, definition_name

_PATCH = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch"
_OPTIONS = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions"
_LIST_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta"

_BASIC: dict[str, Object] = {
    _PATCH: {"type": "object"},
    TIME: {"type": "string", "format": "date-time"},
    MICRO_TIME: {"type": "string", "format": "date-time"},
    QUANTITY: {"oneOf": [{"type": "string"}, {"type": "number"}]},
    INT_OR_STRING: {"oneOf": [{"type": "integer"}, {"type": "string"}], "format": "int-or-string"},
    _LIST_META: {
        "type": "object",
        "properties": {
            "continue": {"type": "string"},
            "remainingItemCount": {"type": "integer", "format": "int64"},
            "resourceVersion": {"type": "string"},
            "selfLink": {"type": "string"},
        },
    },
}
_LIST = [
    "allowWatchBookmarks", "continue", "fieldSelector", "labelSelector", "limit", "resourceVersion",
    "resourceVersionMatch", "sendInitialEvents", "shardSelector", "timeoutSeconds", "watch",
]  # fmt: skip
_DELETE = [
    "dryRun", "gracePeriodSeconds", "ignoreStoreReadErrorWithClusterBreakingPotential", "orphanDependents",
    "propagationPolicy",
]  # fmt: skip
_WRITE = ["dryRun", "fieldManager", "fieldValidation"]
_INTEGERS = (
    "limit", "timeoutSeconds", "gracePeriodSeconds", "limitBytes", "ports", "sinceSeconds", "tailLines",
)  # fmt: skip
_BOOLEANS = (
    "allowWatchBookmarks", "sendInitialEvents", "watch", "force", "orphanDependents", "follow", "previous",
    "insecureSkipTLSVerifyBackend", "timestamps", "stderr", "stdin", "stdout", "tty",
)  # fmt: skip


@dataclass(slots=True)
class Documents:
    """The documents of a registry; each is made when it is first asked for."""

    registry: Registry
    _made: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    _whole: tuple[bytes, bytes] | tuple[()] = ()

    def paths(self) -> list[str]:
        found = dict.fromkeys((kind.resource.group, kind.resource.version) for kind in self.registry)
        return sorted(f"apis/{group}/{version}" if group else f"api/{version}" for group, version in found)

    def index(self) -> bytes:
        shown = {
            path: {"serverRelativeURL": f"/openapi/v3/{path}?hash={found[1]}"}
            for path in self.paths()
            if (found := self.document(path))
        }
        return orjson.dumps({"paths": shown})

    def document(self, path: str) -> tuple[bytes, str] | None:
        """A group's document and its hash, None for groups that are not served."""
        found = self._made.get(path)
        if found is None and path in self.paths():
            data = orjson.dumps(self._build(path), option=orjson.OPT_SORT_KEYS)
            found = self._made[path] = data, hashlib.sha512(data).hexdigest().upper()
        return found

    def everything(self, *, as_protobuf: bool) -> bytes:
        """The OpenAPI v2 document of all groups."""
        if not self._whole:
            whole = openapiv2.converted([self._build(path) for path in self.paths()])
            self._whole = orjson.dumps(whole, option=orjson.OPT_SORT_KEYS), openapiv2.encoded(whole)
        return self._whole[as_protobuf]

    def _build(self, path: str) -> Object:
        root, *names = path.split("/")
        group, version = (names[0], names[1]) if root == "apis" else ("", names[0])
        resources = [k.resource for k in self.registry if (k.resource.group, k.resource.version) == (group, version)]
        answers = {code: {"description": _CODES[code]} for code in ("200", "401")}
        paths: Object = {f"/{path}/": {"get": {"responses": answers}}}
        schemas: Object = dict(_BASIC)
        foreign = {_struct_of_sub(r, sub) for r in resources for sub in r.subresources if sub.kind}
        define(["meta/v1.DeleteOptions", *foreign, *(struct_of(resource) for resource in resources)], schemas)
        for resource in resources:
            paths |= _paths(resource)
            _kind_marks(resource, schemas)
        return {
            "openapi": "3.0.0",
            "info": {"title": "Kubernetes", "version": "v1.37.2"},
            "paths": paths,
            "components": {"schemas": schemas},
        }


def _kind_marks(resource: Resource, schemas: Object) -> None:
    name = definition_name(struct_of(resource)) if struct_of(resource) else ""
    if name not in schemas:
        return
    shown = {"group": resource.group, "kind": resource.kind, "version": resource.version}
    schemas[name] = {**schemas[name], "x-kubernetes-group-version-kind": [shown]}
    schemas[f"{name}List"] = {
        "type": "object",
        "required": ["items"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"allOf": [{"$ref": f"#/components/schemas/{_LIST_META}"}], "default": {}},
            "items": {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}},
        },
        "x-kubernetes-group-version-kind": [{**shown, "kind": f"{resource.kind}List"}],
    }


def _paths(resource: Resource) -> Object:
    where = resource.path("{namespace}") if resource.namespaced else resource.path()
    kind = {"group": resource.group, "kind": resource.kind, "version": resource.version}
    body = definition_name(struct_of(resource)) if struct_of(resource) else ""
    names = ["namespace"] if resource.namespaced else []
    collection = _operations(
        resource.verbs, {"list": "get", "create": "post", "deletecollection": "delete"}, kind, body
    )
    single = _operations(
        resource.verbs, {"get": "get", "update": "put", "patch": "patch", "delete": "delete"}, kind, body
    )
    paths: Object = {}
    if collection:
        paths[where] = {**collection, "parameters": _parameters([*names, "pretty"])}
    if single:
        paths[f"{where}/{{name}}"] = {**single, "parameters": _parameters(["name", *names, "pretty"])}
    if resource.namespaced and "list" in resource.verbs:
        everywhere = _operations(("list",), {"list": "get"}, kind, body)
        paths[resource.path()] = {**everywhere, "parameters": _parameters(["pretty"])}
    for sub in resource.subresources:
        made = _subresource(resource, sub, body)
        if made:
            shared = ["name", *names] if sub.kind in _CONNECTIONS else ["name", *names, "pretty"]
            paths[f"{where}/{{name}}/{sub.name}"] = {**made, "parameters": _parameters(shared)}
    return paths


def _subresource(resource: Resource, sub: Subresource, body: str) -> Object:
    kind = {
        "group": sub.group or resource.group,
        "kind": sub.kind or resource.kind,
        "version": sub.version or resource.version,
    }
    if sub.kind in _CONNECTIONS:
        methods = {"get": "get", "update": "put", "patch": "patch", "create": "post", "delete": "delete"}
        return {methods[verb]: _connection(kind, _CONNECTIONS[sub.kind]) for verb in sub.verbs}
    verbs = {"get": "get", "update": "put", "patch": "patch", "create": "post"}
    made = _operations(sub.verbs, verbs, kind, definition_name(_struct_of_sub(resource, sub)) if sub.kind else body)
    if sub.name == "log":
        made["get"]["parameters"] = _parameters(_LOG)
    return made


def _struct_of_sub(resource: Resource, sub: Subresource) -> str:
    group = (sub.group or resource.group).partition(".")[0] or "core"
    return f"{group}/{sub.version or resource.version}.{sub.kind}"


def _connection(kind: Object, options: list[str]) -> Object:
    """A stream instead of an object: its options are query parameters."""
    return {
        "x-kubernetes-action": "connect",
        "x-kubernetes-group-version-kind": kind,
        "responses": {code: {"description": _CODES[code]} for code in ("200", "401")},
        "parameters": _parameters(options),
    }


_STREAMS = ["container", "stderr", "stdin", "stdout", "tty"]
_CONNECTIONS = {
    "PodAttachOptions": _STREAMS,
    "PodExecOptions": ["command", *_STREAMS],
    "PodPortForwardOptions": ["ports"],
    "PodProxyOptions": ["path"],
    "ServiceProxyOptions": ["path"],
    "NodeProxyOptions": ["path"],
}
_LOG = [
    "container", "follow", "insecureSkipTLSVerifyBackend", "limitBytes", "previous", "sinceSeconds", "stream",
    "tailLines", "timestamps",
]  # fmt: skip
_CODES = {"200": "OK", "201": "Created", "202": "Accepted", "401": "Unauthorized"}
_ANSWERS = {
    "create": ("200", "201", "202", "401"),
    "update": ("200", "201", "401"),
    "patch": ("200", "201", "401"),
    "delete": ("200", "202", "401"),
}
_ACTIONS = {"create": "post", "update": "put"}


def _operations(verbs: Iterable[str], methods: dict[str, str], kind: Object, body: str) -> Object:
    return {methods[verb]: _operation(verb, kind, body) for verb in verbs if verb in methods}


def _operation(verb: str, kind: Object, body: str) -> Object:
    made: Object = {
        "x-kubernetes-action": _ACTIONS.get(verb, verb),
        "x-kubernetes-group-version-kind": kind,
        "responses": {code: {"description": _CODES[code]} for code in _ANSWERS.get(verb, ("200", "401"))},
    }
    parameters = {
        "list": _LIST,
        "create": _WRITE,
        "update": _WRITE,
        "patch": [*_WRITE, "force"],
        "delete": _DELETE,
        "deletecollection": sorted({*_LIST, *_DELETE} - {"allowWatchBookmarks", "watch"}),
    }.get(verb, [])
    if parameters:
        made["parameters"] = _parameters(parameters)
    if verb == "patch":
        made["requestBody"] = _content((APPLY_PATCH, JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH), _PATCH)
    elif verb in ("delete", "deletecollection"):
        made["requestBody"] = _content(("*/*",), _OPTIONS)
    elif verb in ("create", "update") and body:
        made["requestBody"] = _content(("*/*",), body)
    return made


def _content(types: Iterable[str], schema: str) -> Object:
    return {"content": {each: {"schema": {"$ref": f"#/components/schemas/{schema}"}} for each in types}}


def _parameters(names: Iterable[str]) -> list[Any]:
    made = []
    for name in names:
        kind = "integer" if name in _INTEGERS else "boolean" if name in _BOOLEANS else "string"
        place = {"in": "path", "required": True} if name in ("name", "namespace") else {"in": "query"}
        made.append({"name": name, **place, "schema": {"type": kind, "uniqueItems": True}})
    return made
