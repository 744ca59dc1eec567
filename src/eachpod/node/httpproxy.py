"""`/proxy/SCHEME/ADDRESS/PORT/PATH`: HTTP to a pod, for the API server, which has no route to pods itself."""

import asyncio
import ssl

import aiohttp
from aiohttp import web
from yarl import URL

from eachpod.kit.hostport import joined
from eachpod.wire.relay import CONNECT_SECONDS, BrokenOff, passed_headers, relay
from eachpod.wire.takeover import taken_over
from eachpod.wire.unanswered import why

from .httplogs import Refused


async def serve(request: web.BaseRequest, parts: list[str]) -> web.StreamResponse:
    scheme, host, port = parts[1], parts[2].strip("[]"), parts[3]
    if scheme not in ("http", "https") or not port.isdecimal():
        raise Refused(400, f"{request.path} is not /proxy/http|https/ADDRESS/PORT/PATH")
    raw = request.raw_path.split("/", 5)
    rest = raw[5] if len(raw) > 5 else ""
    if len(raw) == 5 and "?" in raw[4]:
        rest = "?" + raw[4].partition("?")[2]
    target = f"/{rest}"
    shown = joined(host, port)
    if "upgrade" in request.headers.get("Connection", "").lower():
        return await _upgrade(request, scheme, host, int(port), target, shown)
    return await _forward(request, URL(f"{scheme}://{shown}{target}", encoded=True), shown)


def _unreachable(shown: str, error: Exception) -> Refused:
    return Refused(503, f"error trying to reach service: dial tcp {shown}: {why(error)}")


async def _forward(request: web.BaseRequest, url: URL, shown: str) -> web.StreamResponse:
    try:
        # Whoever may use the proxy subresource may see the pod whatever its certificate says.
        return await relay(request, url, passed_headers(request), tls=False)
    except BrokenOff:
        raise
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise _unreachable(shown, error) from None


async def _upgrade(
    request: web.BaseRequest, scheme: str, host: str, port: int, target: str, shown: str
) -> web.StreamResponse:
    """The head as it came, then bytes both ways."""
    context = ssl._create_unverified_context() if scheme == "https" else None
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            inner_reader, inner_writer = await asyncio.open_connection(host, port, ssl=context)
    except (OSError, TimeoutError) as error:
        raise _unreachable(shown, error) from None
    head = [f"{request.method} {target} HTTP/1.1", f"Host: {shown}"]
    head += [f"{key.decode()}: {value.decode()}" for key, value in request.raw_headers if key.lower() != b"host"]
    inner_writer.write(("\r\n".join(head) + "\r\n\r\n").encode())
    async with taken_over(request) as (reader, writer):
        await asyncio.gather(_pipe(reader, inner_writer), _pipe(inner_reader, writer), return_exceptions=True)
    inner_writer.close()
    return web.Response()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while block := await reader.read(64 * 1024):
            writer.write(block)
            await writer.drain()
    finally:
        writer.close()
