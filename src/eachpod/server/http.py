"""The API server on sockets: HTTP/1.1 over TLS with client certificates where they are shown.

aiohttp's low-level server, since it shows the peer's certificate and lets a connection be taken over for SPDY. This
file reads and writes HTTP; everything about Kubernetes is behind `ApiServer`.
"""

import asyncio
import gzip
import logging
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import orjson
import yaml
from aiohttp import web

from eachpod.model import errors
from eachpod.wire.channels import bearer_token
from eachpod.wire.http import Request, Response

from . import endpoints, requestinfo
from .answers import as_http, headers_of
from .app import ApiServer
from .authn import Authenticator
from .calls import unknown_path
from .impersonation import impersonated
from .metrics import CONTENT_TYPE, Metrics
from .negotiate import wants_yaml
from .nodes.passing import pass_on
from .nodes.targets import NODE_PARTS, find_target
from .user import User
from .watches import Watch

log = logging.getLogger(__name__)

BODY_LIMIT = 3 * 1024 * 1024
_JSON = "application/json"
# A client that reads nothing for so long is cut off, so that what waits for it is freed.
_STALL_SECONDS = 60.0
# Smaller answers are not worth the time.
_GZIP_FROM = 128 * 1024


@dataclass(slots=True)
class HttpFront:
    """Turns aiohttp's requests into `wire.http` ones and answers into bytes."""

    server: ApiServer
    authenticator: Authenticator
    # How node agents are spoken to; None is without TLS.
    agent_tls: ssl.SSLContext | None = None
    metrics: Metrics = field(default_factory=Metrics)
    _watches: set[Watch] = field(default_factory=set)

    def end_watches(self) -> None:
        """End all streams in good order, as the server is about to end: clients come back to the next one."""
        for watch in self._watches:
            watch.close()

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        query = _query(request)
        info = requestinfo.parse(request.method, request.path, query)
        started = time.perf_counter()
        response: web.StreamResponse | None = None
        try:
            with self.metrics.under_way(info):
                response = await self._answer(request, info, query)
        except errors.StatusError as error:
            response = as_http(Response(error.status_code, error.status()))
        except (asyncio.CancelledError, ConnectionError):
            raise
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            response = as_http(Response(500, errors.InternalError("Internal error occurred").status()))
        self.metrics.seen(info, response.status, time.perf_counter() - started)
        return response

    async def _answer(
        self, request: web.BaseRequest, info: requestinfo.RequestInfo, query: requestinfo.Query
    ) -> web.StreamResponse:
        user = self._user(request, info)
        accept = request.headers.get("Accept", "")
        if not info.resource:
            self.server.authorize(user, info)
            return self._elsewhere(request, accept, query)
        if info.group not in self.server.registry.groups():
            self.server.authorize(user, info)
            return as_http(endpoints.outside(info))
        if info.verb == "watch":
            asked = Request("GET", request.path, query, accept=accept)
            return await self._stream(request, self.server.watch(asked, user))
        if info.subresource in NODE_PARTS:
            return await self._to_node(request, query, user)
        body = await _body(request)
        content_type = request.headers.get("Content-Type", "")
        agent = request.headers.get("User-Agent", "") or "unknown"
        asked = Request(request.method, request.path, query, body, content_type, accept, agent)
        return _written(await self.server.handle(asked, user, encoded=True), request)

    def _elsewhere(self, request: web.BaseRequest, accept: str, query: requestinfo.Query) -> web.StreamResponse:
        """What is not about objects."""
        if request.path == "/metrics":
            return web.Response(body=self.metrics.text(), headers={"Content-Type": CONTENT_TYPE})
        found = endpoints.answer(self.server, request.method, request.path, accept, query)
        if found is None:
            return as_http(endpoints.text(404, "404 page not found\n"))
        tag = found.headers.get("Etag")
        if tag and request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"Etag": tag})
        return as_http(found)

    async def _to_node(self, request: web.BaseRequest, query: requestinfo.Query, user: User) -> web.StreamResponse:
        call = self.server.call(Request(request.method, request.path, query), user)
        if call.resource.subresource(call.info.subresource) is None:
            raise unknown_path()
        target = find_target(call.info, query, self.server.view)
        if target is None:
            return web.Response(status=204)
        return await pass_on(request, target, self.agent_tls)

    def _user(self, request: web.BaseRequest, info: requestinfo.RequestInfo) -> User:
        transport = request.transport
        certificate: Mapping[str, object] | None = transport.get_extra_info("peercert") if transport else None
        authorization = request.headers.get("Authorization", "")
        if not authorization and (token := bearer_token(request.headers.get("Sec-WebSocket-Protocol", ""))):
            authorization = f"Bearer {token}"
        user = self.authenticator.user(certificate, authorization)
        return impersonated(user, request.headers.items(), info, self.server.authorize)

    async def _stream(self, request: web.BaseRequest, watch: Watch) -> web.StreamResponse:
        headers = headers_of(_JSON)
        response = web.StreamResponse(status=200, headers=headers)
        response.enable_chunked_encoding()
        self._watches.add(watch)
        try:
            await response.prepare(request)
            async for batch in watch.batches():
                async with asyncio.timeout(_STALL_SECONDS):
                    await response.write(b"".join(batch))
            await response.write_eof()
        except TimeoutError:
            log.info("a watch of %s is cut: its client does not read", request.path)
            if request.transport is not None:
                request.transport.abort()
        except ConnectionError:
            log.debug("the client of a watch has gone away")
        finally:
            self._watches.discard(watch)
            watch.close()
        return response


def _written(response: Response, request: web.BaseRequest) -> web.Response:
    """The answer in the form that the client reads best: YAML where asked for, big ones compressed."""
    if wants_yaml(request.headers.get("Accept", "")):
        value = orjson.loads(response.body) if isinstance(response.body, bytes) else response.body
        text = yaml.safe_dump(value, default_flow_style=False).encode()
        return as_http(replace(response, body=text, content_type="application/yaml"))
    made = as_http(response)
    if (
        isinstance(made.body, bytes)
        and len(made.body) > _GZIP_FROM
        and "gzip" in request.headers.get("Accept-Encoding", "")
    ):
        made.body = gzip.compress(made.body, 1)
        made.headers["Content-Encoding"] = "gzip"
        made.headers["Vary"] = "Accept-Encoding"
    return made


async def _body(request: web.BaseRequest) -> bytes:
    """The whole body; 413 beyond the limit, without reading on."""
    if not request.can_read_body:
        return b""
    gathered = bytearray()
    async for chunk in request.content.iter_any():
        gathered += chunk
        if len(gathered) > BODY_LIMIT:
            message = f"Request entity too large: limit is {BODY_LIMIT}"
            raise errors.TooLarge(message)
    return bytes(gathered)


def _query(request: web.BaseRequest) -> dict[str, str | tuple[str, ...]]:
    found: dict[str, str | tuple[str, ...]] = {}
    for key in request.query:
        values = request.query.getall(key)
        found[key] = values[0] if len(values) == 1 else tuple(values)
    return found
