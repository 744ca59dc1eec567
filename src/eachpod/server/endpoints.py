"""The endpoints that are not about objects: discovery, version, health."""

from collections.abc import Sequence

import orjson

from eachpod.model import errors
from eachpod.model.objects import Object
from eachpod.model.resources import CUSTOMRESOURCEDEFINITION
from eachpod.wire.http import Response

from . import discovery, openapiv2
from .calls import Core, unknown_path
from .negotiate import check_media
from .requestinfo import Query, RequestInfo

VERSION: Object = {
    "major": "1",
    "minor": "37",
    "emulationMajor": "1",
    "emulationMinor": "37",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "36",
    "gitVersion": "v1.37.2+eachpod",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": "linux/amd64",
}
_KEYS = "application/jwk-set+json"
_CHECKS: dict[str, Sequence[str]] = {
    "healthz": ("ping", "log", "etcd"),
    "livez": ("ping", "log", "etcd"),
    "readyz": ("ping", "log", "etcd", "informer-sync", "shutdown"),
}


def answer(core: Core, method: str, path: str, accept: str, query: Query) -> Response | None:
    """The answer for a path that is known here, else None."""
    parts = [part for part in path.split("/") if part]
    if not parts:
        return _root()
    if parts[0] in _CHECKS:
        return _health(parts, query)
    if parts[0] == "openapi":
        return _openapi(core, parts, accept, query)
    if parts == ["openid", "v1", "jwks"] and core.tokens is not None:
        check_media(accept, _KEYS)
        return Response(200, core.tokens.jwks(), _KEYS)
    if parts == [".well-known", "openid-configuration"] and core.tokens is not None:
        check_media(accept, "application/json")
        return Response(200, core.tokens.discovery(core.config.advertise_address, core.config.advertise_port))
    if parts == ["version"]:
        return Response(200, VERSION)
    if parts[0] in ("api", "apis") and len(parts) <= (2 if parts[0] == "api" else 3):
        return _discovery(core, parts, accept)
    return None


def outside(info: RequestInfo) -> Response:
    """The answer about objects of a group that is not served.

    There are no custom resources yet, and that is what their list says: kubectl reads it before it says that a kind is
    misspelt, and would show a failure to read it instead.
    """
    crds = CUSTOMRESOURCEDEFINITION
    if (info.verb, info.group, info.resource) == ("list", crds.group, crds.plural):
        kind = {"kind": f"{crds.kind}List", "apiVersion": f"{crds.group}/{info.version}"}
        return Response(200, {**kind, "metadata": {}, "items": []})
    return text(404, "404 page not found\n")


def _root() -> Response:
    paths = [
        "/api",
        "/api/v1",
        "/apis",
        "/healthz",
        "/livez",
        "/metrics",
        "/openapi/v2",
        "/openapi/v3",
        "/readyz",
        "/version",
    ]
    return Response(200, {"paths": paths})


def _health(parts: list[str], query: Query) -> Response:
    names = list(_CHECKS[parts[0]])
    if len(parts) > 1:
        if parts[1] not in names:
            return text(404, "404 page not found\n")
        return text(200, "ok")
    excluded = query.get("exclude", ())
    excluded = (excluded,) if isinstance(excluded, str) else excluded
    if "verbose" not in query:
        return text(200, "ok")
    lines = [f"[+]{name} excluded: ok" if name in excluded else f"[+]{name} ok" for name in names]
    return text(200, "\n".join([*lines, f"{parts[0]} check passed", ""]))


def text(status: int, content: str) -> Response:
    return Response(status, content.encode(), content_type="text/plain; charset=utf-8")


def _openapi(core: Core, parts: list[str], accept: str, query: Query) -> Response:
    if parts == ["openapi", "v2"]:
        binary = openapiv2.wants_protobuf(accept)
        shown = openapiv2.PROTOBUF if binary else openapiv2.JSON
        return Response(200, core.documents.everything(as_protobuf=binary), shown, headers={"Vary": "Accept"})
    if parts[:2] != ["openapi", "v3"]:
        return text(404, "404 page not found\n")
    if len(parts) == 2:
        return Response(200, core.documents.index(), "text/plain; charset=utf-8")
    path = "/".join(parts[2:])
    found = core.documents.document(path)
    if found is None:
        return text(404, "404 page not found\n")
    data, tag = found
    wanted = query.get("hash")
    if wanted and wanted != tag:
        return Response(301, b"", headers={"Location": f"/openapi/v3/{path}?hash={tag}"})
    return Response(200, data, headers={"Etag": f'"{tag}"', "Vary": "Accept"})


def _discovery(core: Core, parts: list[str], accept: str) -> Response:
    registry = core.registry
    if len(parts) == 1:
        if discovery.wants_aggregated(accept):
            data, tag = discovery.aggregated(registry, core=parts[0] == "api")
            headers = {"Etag": f'"{tag}"', "Vary": "Accept", "Cache-Control": "public"}
            return Response(200, data, discovery.AGGREGATED, headers=headers)
        if "apidiscovery.k8s.io" in accept and "application/json," not in accept + ",":
            raise errors.NotAcceptable("only the following media types are accepted: application/json")
        address = f"{core.config.advertise_address}:{core.config.advertise_port}"
        return Response(
            200, discovery.versions_document(address) if parts[0] == "api" else discovery.groups_document(registry)
        )
    if parts[0] == "api":
        found = discovery.resources_document(registry, "", parts[1])
    elif len(parts) == 2:
        found = discovery.group_document(registry, parts[1])
    else:
        found = discovery.resources_document(registry, parts[1], parts[2])
        if found is None and parts[1] in registry.groups():
            raise unknown_path()
    return Response(200, found) if found else text(404, "404 page not found\n")


def encoded(body: object) -> bytes:
    return orjson.dumps(body)
