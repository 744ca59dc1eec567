"""OpenAPI v3 documents, one per group and version, made from the table of kinds and the shapes of their structs.

kubectl reads from them which kinds take server-side field validation and dry runs, how lists merge, and what `explain`
shows. Field descriptions are not carried: they are a megabyte of text that only `explain` prints.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib import resources as files
from typing import Any

import orjson

from eachpod.model.objects import Object
from eachpod.model.registry import Registry
from eachpod.model.resource import Resource, Subresource
from eachpod.model.shape import fields, known
from eachpod.model.structure import field_of, struct_map_type, struct_of
from eachpod.wire.http import APPLY_PATCH, JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH

_PATCH = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch"
_OPTIONS = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions"
_LIST_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta"
_TIME = "io.k8s.apimachinery.pkg.apis.meta.v1.Time"
_QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
_INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"

_PLAIN: dict[str, Object] = {
    "s": {"type": "string"},
    "y": {"type": "string", "format": "byte"},
    "i": {"type": "integer", "format": "int32"},
    "f": {"type": "number", "format": "double"},
    "b": {"type": "boolean"},
}
_BASIC: dict[str, Object] = {
    _PATCH: {"type": "object"},
    _TIME: {"type": "string", "format": "date-time"},
    _QUANTITY: {"oneOf": [{"type": "string"}, {"type": "number"}]},
    _INT_OR_STRING: {"oneOf": [{"type": "integer"}, {"type": "string"}], "format": "int-or-string"},
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
_INTEGERS = ("limit", "timeoutSeconds", "gracePeriodSeconds")
_BOOLEANS = ("allowWatchBookmarks", "sendInitialEvents", "watch", "force", "orphanDependents")


@cache
def _extras() -> dict[str, Any]:
    """Per struct: required fields (r), and per field its format (f), its choices (e) and those of its items (i, if)."""
    text = files.files("eachpod.server.data").joinpath("openapi.json").read_bytes()
    table: dict[str, Any] = orjson.loads(text)
    return table


def definition_name(struct: str) -> str:
    """`io.k8s.api.core.v1.Pod` for `core/v1.Pod`."""
    package, _, kind = struct.rpartition(".")
    group, _, version = package.partition("/")
    if group == "meta":
        return f"io.k8s.apimachinery.pkg.apis.meta.{version}.{kind}"
    return f"io.k8s.api.{group}.{version}.{kind}"


@dataclass(slots=True)
class Documents:
    """The documents of a registry; each is made when it is first asked for."""

    registry: Registry
    _made: dict[str, tuple[bytes, str]] = field(default_factory=dict)

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

    def _build(self, path: str) -> Object:
        root, *names = path.split("/")
        group, version = (names[0], names[1]) if root == "apis" else ("", names[0])
        resources = [k.resource for k in self.registry if (k.resource.group, k.resource.version) == (group, version)]
        answers = {code: {"description": _CODES[code]} for code in ("200", "401")}
        paths: Object = {f"/{path}/": {"get": {"responses": answers}}}
        schemas: Object = dict(_BASIC)
        parts = [sub for resource in resources for sub in resource.subresources if sub.group and sub.version]
        foreign = {f"{sub.group.partition('.')[0]}/{sub.version}.{sub.kind}" for sub in parts}
        _define(["meta/v1.DeleteOptions", *foreign, *(struct_of(resource) for resource in resources)], schemas)
        for resource in resources:
            paths |= _paths(resource)
            _kind_marks(resource, schemas)
        return {
            "openapi": "3.0.0",
            "info": {"title": "Kubernetes", "version": "v1.37.2"},
            "paths": paths,
            "components": {"schemas": schemas},
        }


def _define(structs: Iterable[str], schemas: Object) -> None:
    """The schemas of structs and of all that they refer to."""
    ahead = [struct for struct in structs if struct]
    while ahead:
        struct = ahead.pop()
        name = definition_name(struct)
        if name in schemas or not known(struct):
            continue
        properties: Object = {}
        for field_name, code in fields(struct).items():
            properties[field_name], inner = _property(struct, field_name, code)
            if inner:
                ahead.append(inner)
        schema: Object = {"type": "object", "properties": properties}
        extra = _extras().get(struct, {})
        if extra.get("r"):
            schema["required"] = extra["r"]
        if struct_map_type(struct):
            schema["x-kubernetes-map-type"] = struct_map_type(struct)
        schemas[name] = schema


def _property(struct: str, name: str, code: str) -> tuple[Object, str]:
    """A field's schema, and the struct that it refers to."""
    bare = code.rstrip("!~")
    head, _, inner = bare.partition(":")
    marks = _marks(struct, name)
    if head in ("S", "P"):
        reference = _reference(inner)
        shown: Object = {"allOf": [reference], "default": {}} if head == "S" else {"allOf": [reference]}
        return {**(shown if marks or head == "S" else reference), **marks}, inner
    if head == "L":
        return {"type": "array", "items": _reference(inner), **marks}, inner
    if head == "M":
        return {"type": "object", "additionalProperties": _reference(inner), **marks}, inner
    return {**_refined(_plain(head, always=code.endswith("!")), struct, name), **marks}, ""


def _refined(shown: Object, struct: str, name: str) -> Object:
    """With the format and the choices that the type alone does not tell."""
    extra = _extras().get(struct, {}).get("f", {}).get(name, {})
    if "f" in extra:
        shown["format"] = extra["f"]
    if "e" in extra:
        shown["enum"] = extra["e"]
    if "i" in extra:
        shown["items"] = {**shown.get("items", {}), "enum": extra["i"]}
    if "if" in extra:
        shown["items"] = {**shown.get("items", {}), "format": extra["if"]}
    return shown


def _reference(struct: str) -> Object:
    return {"$ref": f"#/components/schemas/{definition_name(struct)}"}


def _plain(head: str, *, always: bool) -> Object:
    special = {"q": _QUANTITY, "Q": _QUANTITY, "T": _TIME, "t": _TIME, "o": _INT_OR_STRING, "O": _INT_OR_STRING}
    if head in special:
        return {"$ref": f"#/components/schemas/{special[head]}"}
    if head == "R":
        return {"type": "object", "additionalProperties": {"$ref": f"#/components/schemas/{_QUANTITY}"}}
    if head[0] in "lm" and len(head) > 1:
        item = _PLAIN.get(head[1], {})
        return {"type": "array", "items": item} if head[0] == "l" else {"type": "object", "additionalProperties": item}
    plain = _PLAIN.get(head.removeprefix("p"), {"type": "object"})
    zero = {"s": "", "i": 0, "b": False}.get(head)
    return {**plain, "default": zero} if always and zero is not None else dict(plain)


def _marks(struct: str, name: str) -> Object:
    """How the field merges."""
    known_field = field_of(struct, name)
    marks: Object = {}
    if known_field.list_type:
        marks["x-kubernetes-list-type"] = known_field.list_type
    if known_field.list_keys:
        marks["x-kubernetes-list-map-keys"] = list(known_field.list_keys)
    if known_field.map_type and not (known_field.struct and struct_map_type(known_field.struct)):
        marks["x-kubernetes-map-type"] = known_field.map_type
    if known_field.merge_key:
        marks["x-kubernetes-patch-merge-key"] = known_field.merge_key
    strategies = [
        ("merge", known_field.merge),
        ("retainKeys", known_field.retain_keys),
        ("replace", known_field.replace),
    ]
    if any(used for _, used in strategies):
        marks["x-kubernetes-patch-strategy"] = ",".join(strategy for strategy, used in strategies if used)
    return marks


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
            paths[f"{where}/{{name}}/{sub.name}"] = {**made, "parameters": _parameters(["name", *names, "pretty"])}
    return paths


def _subresource(resource: Resource, sub: Subresource, body: str) -> Object:
    kind = {
        "group": sub.group or resource.group,
        "kind": sub.kind or resource.kind,
        "version": sub.version or resource.version,
    }
    verbs = {"get": "get", "update": "put", "patch": "patch", "create": "post"}
    if sub.kind and sub.group and sub.version:
        body = definition_name(f"{sub.group.partition('.')[0]}/{sub.version}.{sub.kind}")
    elif sub.kind:
        body = definition_name(f"{resource.group.partition('.')[0] or 'core'}/{resource.version}.{sub.kind}")
    return _operations(sub.verbs, verbs, kind, body)


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
