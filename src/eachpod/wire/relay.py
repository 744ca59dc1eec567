"""An HTTP request passed on to somewhere else, and the answer back as it comes: the API server does it towards node
agents, an agent towards pods."""

import ssl
from collections.abc import Callable

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

# Headers of one connection, not of the message (RFC 9110, 7.6.1), and those that are made anew for each.
HOP_HEADERS = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
        "upgrade", "host", "content-length",
    }
)  # fmt: skip
CONNECT_SECONDS = 10.0
_REFUSAL_LIMIT = 50_000
_NOT_MADE = ("User-Agent", "Content-Type", "Accept-Encoding")


class BrokenOff(ConnectionResetError):
    """The answer ended before its end, after its head was sent: nothing else can be said to the client any more."""


def passed_headers(request: web.BaseRequest, *dropped: str) -> "CIMultiDict[str]":
    """The headers of a request that go on; `dropped` (lower case) stay behind as well."""
    kept = ((key, value) for key, value in request.headers.items() if key.lower() not in HOP_HEADERS)
    return CIMultiDict((key, value) for key, value in kept if key.lower() not in dropped)


async def relay(
    request: web.BaseRequest,
    url: URL,
    headers: "CIMultiDict[str]",
    tls: ssl.SSLContext | bool,
    refused: Callable[[int, str], Exception] | None = None,
) -> web.StreamResponse:
    """The answer, already sent. aiohttp.ClientError, OSError or TimeoutError where none came; BrokenOff.

    With `refused` an answer that is no success is not passed on: its status and text become the exception raised.
    """
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)
    body = request.content if request.body_exists else None
    sent: web.StreamResponse | None = None
    try:
        async with (
            aiohttp.ClientSession(auto_decompress=False, timeout=timeout) as session,
            session.request(
                request.method, url, headers=headers, data=body, allow_redirects=False, ssl=tls,
                skip_auto_headers=_NOT_MADE,
            ) as answer,
        ):  # fmt: skip
            if refused and not 200 <= answer.status <= 206:
                raise refused(answer.status, (await answer.content.read(_REFUSAL_LIMIT)).decode(errors="replace"))
            sent = web.StreamResponse(status=answer.status, reason=answer.reason)
            for key, value in answer.headers.items():
                if key.lower() not in HOP_HEADERS - {"content-length"}:
                    sent.headers.add(key, value)
            await sent.prepare(request)
            async for block in answer.content.iter_any():
                await sent.write(block)
            await sent.write_eof()
            return sent
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        if sent is not None and sent.prepared:
            raise BrokenOff("the answer broke off") from error
        raise
