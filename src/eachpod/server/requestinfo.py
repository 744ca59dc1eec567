"""What a method and a path ask for: the verb, and the resource or the other endpoint that it is about."""

from collections.abc import Mapping
from dataclasses import dataclass

Query = Mapping[str, str | tuple[str, ...]]

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete", "GET": "get", "HEAD": "get"}
_NAMESPACE_SUBRESOURCES = ("status", "finalize")


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """`resource` is "" for paths that are not about objects. `rest` is what follows a proxy subresource."""

    verb: str
    path: str
    group: str = ""
    version: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    rest: str = ""
    field_selector: str = ""

    def selected(self, field: str) -> str:
        """The value that the field selector demands of a field."""
        for term in self.field_selector.split(","):
            key, _, value = term.partition("=")
            if key == field:
                return value.removeprefix("=")
        return ""

    @property
    def asked_name(self) -> str:
        """The one object that is asked for, also where a collection is narrowed to it."""
        return self.name or self.selected("metadata.name")


def text(query: Query, key: str) -> str:
    """A query value; the first of a repeated one."""
    value = query.get(key, "")
    return value if isinstance(value, str) else value[0]


def flag(query: Query, key: str) -> bool:
    """A boolean query value: given without a value it is true."""
    if key not in query:
        return False
    return text(query, key).lower() not in ("false", "0")


def parse(method: str, path: str, query: Query) -> RequestInfo:
    verb = _VERBS.get(method, method.lower())
    parts = [part for part in path.split("/") if part]
    if len(parts) >= 3 and parts[0] == "api":
        group, version, rest = "", parts[1], parts[2:]
    elif len(parts) >= 4 and parts[0] == "apis":
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return RequestInfo(verb, path)
    watch = flag(query, "watch")
    old_form = rest[0] == "watch" and len(rest) > 1
    if old_form:
        watch, rest = True, rest[1:]
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and rest[2] not in _NAMESPACE_SUBRESOURCES:
        namespace, rest = rest[1], rest[2:]
    elif rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
    name = rest[1] if len(rest) > 1 else ""
    subresource = rest[2] if len(rest) > 2 else ""
    tail = path.partition(f"/{name}/proxy")[2] if subresource == "proxy" else "/".join(rest[3:])
    if old_form and verb == "get":
        verb = "watch"
    if not name:
        collection = {"get": "watch" if watch else "list", "delete": "deletecollection"}
        verb = collection.get(verb, verb)
    selector = text(query, "fieldSelector")
    return RequestInfo(verb, path, group, version, rest[0], namespace, name, subresource, tail, selector)
