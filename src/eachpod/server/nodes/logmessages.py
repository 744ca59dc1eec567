"""A log as WebSocket messages, for clients that cannot read an answer as it grows (browsers, some libraries).

The framing is made here, not by nodes: a kubelet only writes plain text.
"""

import asyncio
import base64
import ssl
from collections.abc import Callable

import aiohttp
from aiohttp import web
from yarl import URL

from eachpod.wire.relay import CONNECT_SECONDS

# Subprotocols of k8s.io/apimachinery wsstream: messages are bytes, or text where the client can only read that.
_BINARY, _BASE64 = "binary.k8s.io", "base64.binary.k8s.io"
_REFUSAL_LIMIT = 64 * 1024


def wanted(request: web.BaseRequest) -> bool:
    return request.headers.get("Upgrade", "").lower() == "websocket"


async def send(
    request: web.BaseRequest, url: URL, tls: ssl.SSLContext | bool, refused: Callable[[int, str], Exception]
) -> web.StreamResponse:
    """The log at `url` to the client, until it ends or the client leaves. aiohttp.ClientError, OSError or TimeoutError
    where the node does not answer; the exception that `refused` makes where it has no log."""
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url, ssl=tls) as log:
        if log.status != 200:
            raise refused(log.status, (await log.content.read(_REFUSAL_LIMIT)).decode(errors="replace"))
        answer = web.WebSocketResponse(protocols=(_BINARY, _BASE64))
        await answer.prepare(request)
        parts = (asyncio.ensure_future(_copy(log.content, answer)), asyncio.ensure_future(_until_left(answer)))
        try:
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
        await answer.close()
    return answer


async def _copy(log: aiohttp.StreamReader, answer: web.WebSocketResponse) -> None:
    async for block in log.iter_any():
        if answer.ws_protocol == _BASE64:
            await answer.send_str(base64.b64encode(block).decode())
        else:
            await answer.send_bytes(block)


async def _until_left(answer: web.WebSocketResponse) -> None:
    async for _ in answer:
        pass  # there is nothing to say to a log
