"""The transport over HTTP: TLS with a client certificate or a token, JSON bodies, watches as streams of lines.

One aiohttp session per transport, so that requests share connections; watches take connections of their own because
an endless answer would otherwise hold a slot of the pool. Few requests are under way at a time: five hundred pods that
become ready together would open five hundred connections, and what these cost both sides is more than they gain.
"""

import asyncio
import ssl
import tempfile
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import aiohttp
import orjson
from yarl import URL

from eachpod.model.errors import StatusError, from_status
from eachpod.wire.http import Request, Response, WatchEvent
from eachpod.wire.unanswered import why

from .kubeconfig import Access, KubeconfigError

# A request that no answer comes to: well above the 60 s in which an API server ends what it cannot finish.
_TIMEOUT = aiohttp.ClientTimeout(total=75, sock_connect=10)
_AT_A_TIME = 32
_WATCH_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10)


class HttpTransport:
    """Sends requests to the server that `access` names. Connections open on first use."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._ssl = tls_context(access)
        unix = access.server.startswith("unix://")
        self._base = "http://localhost" if unix else access.server
        self._socket = access.server.removeprefix("unix://") if unix else ""
        self._headers = _credentials(access)
        self._session: aiohttp.ClientSession | None = None
        self._turns = asyncio.Semaphore(_AT_A_TIME)

    async def send(self, request: Request) -> Response:
        async with self._turns:
            return await self._send(request)

    async def _send(self, request: Request) -> Response:
        data, headers = _payload(request)
        try:
            async with self._open().request(
                request.method,
                self._url(request),
                data=data,
                headers=headers,
                timeout=_TIMEOUT,
                server_hostname=self._access.tls_server_name or None,
            ) as answer:
                raw = await answer.read()
                return _response(answer.status, raw, answer.headers.get("Content-Type", ""), _warnings(answer))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _lost(self._access, error) from None

    async def watch(self, request: Request) -> AsyncIterator[WatchEvent]:
        headers = {"Accept": request.accept}
        try:
            async with self._open().request(
                request.method,
                self._url(request),
                headers=headers,
                timeout=_WATCH_TIMEOUT,
                server_hostname=self._access.tls_server_name or None,
            ) as answer:
                if answer.status >= 400:
                    _response(answer.status, await answer.read(), answer.headers.get("Content-Type", ""), ())
                async for line in _lines(answer.content):
                    yield _event(line)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _lost(self._access, error) from None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _url(self, request: Request) -> URL:
        query = urlencode(request.query, doseq=True)
        return URL(f"{self._base}{request.path}{'?' + query if query else ''}", encoded=True)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector: aiohttp.BaseConnector
            if self._socket:
                connector = aiohttp.UnixConnector(self._socket, limit=0)
            else:
                connector = aiohttp.TCPConnector(limit=0, ssl=self._ssl if self._ssl is not None else True)
            self._session = aiohttp.ClientSession(
                connector=connector, headers=self._headers, auto_decompress=True, trust_env=False
            )
        return self._session


def tls_context(access: Access) -> ssl.SSLContext | None:
    """The TLS settings of an https server; None for plain HTTP and local sockets."""
    if not access.server.startswith("https://"):
        return None
    try:
        context = ssl.create_default_context(cadata=access.ca.decode() or None)
        if access.certificate:
            _load_identity(context, access)
    except (ssl.SSLError, UnicodeDecodeError, ValueError) as error:
        raise KubeconfigError(f"the certificates for {access.server} cannot be used: {error}") from None
    if access.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _load_identity(context: ssl.SSLContext, access: Access) -> None:
    # The ssl module takes a client certificate from files only; these exist for the moment of the call, readable by
    # nobody else.
    with tempfile.NamedTemporaryFile() as file:
        file.write(access.certificate + b"\n" + access.key)
        file.flush()
        context.load_cert_chain(file.name)


def _credentials(access: Access) -> dict[str, str]:
    headers = {"User-Agent": "eachpod"}
    if access.token:
        headers["Authorization"] = f"Bearer {access.token}"
    elif access.username:
        pair = b64encode(f"{access.username}:{access.password}".encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
    if access.impersonate:
        headers["Impersonate-User"] = access.impersonate
    return headers


def _payload(request: Request) -> tuple[bytes | None, dict[str, str]]:
    """The body as bytes, None where there is none, and the headers that say how it is written."""
    headers = {"Accept": request.accept}
    if request.body is None:
        return None, headers
    headers["Content-Type"] = request.content_type
    return request.body if isinstance(request.body, bytes) else encode(request.body), headers


def encode(body: Any) -> bytes:
    """JSON with sorted keys and HTML characters escaped, as Go writes it. It matters where a server keeps the bytes
    of a field and compares them later (ControllerRevision.data may not change by as much as the order of its keys).
    Outside of strings these characters do not occur in JSON."""
    raw = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    for char in "<>&\u2028\u2029":
        raw = raw.replace(char.encode(), b"\\u%04x" % ord(char))
    return raw


def _response(status: int, raw: bytes, content_type: str, warnings: tuple[str, ...]) -> Response:
    kind = content_type.split(";")[0].strip()
    body: Any = raw
    if kind == "application/json" or kind.endswith("+json"):
        try:
            body = orjson.loads(raw) if raw else None
        except orjson.JSONDecodeError:
            raise ConnectionError("the server's answer is not valid JSON") from None
    if status >= 400:
        raise _failure(status, body)
    return Response(status, body, content_type, warnings)


def _failure(status: int, body: Any) -> StatusError:
    if isinstance(body, dict) and body.get("kind") == "Status":
        return from_status(body)
    text = body.decode(errors="replace").strip() if isinstance(body, bytes) else ""
    return from_status({"message": text or f"the server answered {status}", "code": status})


def _warnings(answer: aiohttp.ClientResponse) -> tuple[str, ...]:
    texts = []
    for header in answer.headers.getall("Warning", ()):
        # `299 - "text"`, with quotes and backslashes inside the text escaped (RFC 7234, 5.5)
        _, _, quoted = header.partition(' "')
        texts.append(quoted.removesuffix('"').replace('\\"', '"').replace("\\\\", "\\"))
    return tuple(texts)


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Whole lines of any length (StreamReader.readline refuses lines above its buffer)."""
    rest: list[bytes] = []
    async for chunk in content.iter_any():
        head, *tail = chunk.split(b"\n")
        rest.append(head)
        if not tail:
            continue
        yield b"".join(rest)
        for line in tail[:-1]:
            yield line
        rest = [tail[-1]]
    last = b"".join(rest)
    if last:
        yield last


def _event(line: bytes) -> WatchEvent:
    try:
        event = orjson.loads(line)
        kind, obj = event["type"], event["object"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise ConnectionError("the server sent a watch event that is not valid JSON") from None
    if kind == "ERROR":
        raise from_status(obj)
    return WatchEvent(kind, obj)


def _lost(access: Access, error: Exception) -> ConnectionError:
    if isinstance(error, ConnectionError):
        return error
    return ConnectionError(f"no answer from {access.server}: {why(error)}")
