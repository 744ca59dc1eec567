"""A small read-only image registry over a store, for container runtimes on machines without any other.

It answers for every registry's names at once: a runtime that takes it as a mirror tells by `?ns=` which registry it
means. The store is read anew for each request, so an image is there to pull as soon as it was added.
"""

import asyncio
import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from socket import socket
from typing import NamedTuple

from aiohttp import hdrs, web

from . import oci
from .reference import Reference
from .store import Store

_NOT_FOUND = {"manifests": "MANIFEST_UNKNOWN", "blobs": "BLOB_UNKNOWN"}


class Login(NamedTuple):
    """A user that a registry asks for."""

    username: str
    password: str

    def header(self) -> str:
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


class Wanted(NamedTuple):
    """What a request is for: `kind` is manifests or blobs, `reference` a tag or a digest."""

    repository: str
    kind: str
    reference: str


def wanted(path: str) -> Wanted | None:
    """Reads /v2/REPOSITORY/KIND/REFERENCE; None for any other path."""
    parts = path.removeprefix("/v2/").split("/")
    if not path.startswith("/v2/") or len(parts) < 3 or parts[-2] not in _NOT_FOUND:
        return None
    return Wanted("/".join(parts[:-2]), parts[-2], parts[-1])


def digest_for(store: Store, asked: Wanted, registry: str) -> str:
    """The digest that a reference stands for, "" where the store has no such tag. Without the name of a registry
    (a client that knows no mirrors) the tag of whichever registry is taken."""
    if asked.reference.startswith("sha256:"):
        return asked.reference
    names = [entry for entry in store.entries() if _names(entry, asked, registry)]
    return names[0]["digest"] if names else ""


def _names(entry: oci.Json, asked: Wanted, registry: str) -> bool:
    host, _, rest = oci.named(entry).partition("/")
    reference = Reference(host, asked.repository, asked.reference)
    return rest == str(reference).partition("/")[2] and registry in ("", host)


async def serve(folder: Path, sockets: Sequence[socket], logins: Mapping[str, Login] | None = None) -> None:
    """Serves the store below `folder` on sockets that listen already, until cancelled. A repository that `logins`
    names is given to its user only."""
    handler = _Handler(Store(folder), logins or {})
    runner = web.ServerRunner(web.Server(handler.answer, access_log=None))
    await runner.setup()
    try:
        for listening in sockets:
            await web.SockSite(runner, listening).start()
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


class _Handler:
    def __init__(self, store: Store, logins: Mapping[str, Login]) -> None:
        self._store, self._logins = store, logins

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method not in (hdrs.METH_GET, hdrs.METH_HEAD):
            return _error(405, "UNSUPPORTED", "this registry is read-only")
        if request.path.rstrip("/") == "/v2":
            return web.json_response({})
        asked = wanted(request.path)
        if asked is None:
            return _error(404, "NAME_UNKNOWN", "no such path")
        login = self._logins.get(asked.repository)
        if login and request.headers.get(hdrs.AUTHORIZATION) != login.header():
            response = _error(401, "UNAUTHORIZED", "authentication required")
            response.headers[hdrs.WWW_AUTHENTICATE] = 'Basic realm="eachpod"'
            return response
        return self._blob(asked, request.query.get("ns", ""))

    def _blob(self, asked: Wanted, registry: str) -> web.StreamResponse:
        digest = digest_for(self._store, asked, registry)
        path = self._store.blob(digest)
        if path is None:
            return _error(404, _NOT_FOUND[asked.kind], f"{asked.repository} has no {asked.reference}")
        kind = "application/octet-stream"
        if asked.kind == "manifests":
            kind = oci.media_type(self._store.document(digest) or {})
        headers = {hdrs.CONTENT_TYPE: kind, "Docker-Content-Digest": digest, hdrs.ETAG: f'"{digest}"'}
        return web.FileResponse(path, headers=headers)


def _error(status: int, code: str, message: str) -> web.Response:
    text = json.dumps({"errors": [{"code": code, "message": message}]})
    return web.Response(status=status, text=text, content_type="application/json")
