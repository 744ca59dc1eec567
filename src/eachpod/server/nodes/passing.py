"""Passes a request on to a node agent or a pod, and its answer back: message by message, or as bytes after an upgrade.

A connection is handed over only after the agent has agreed to the upgrade (101). Otherwise what the client sends next
would reach the agent unread, past authorization.
"""

import asyncio
import contextlib
import ssl
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from yarl import URL

from eachpod.kit.hostport import joined
from eachpod.model import errors
from eachpod.wire.channels import without_bearer_token
from eachpod.wire.relay import CONNECT_SECONDS, BrokenOff, passed_headers, relay
from eachpod.wire.takeover import taken_over
from eachpod.wire.unanswered import why
from eachpod.wire.unchecked import unchecked

from . import logmessages
from .targets import Target

_HEAD_SECONDS = 30.0
_HEAD_LIMIT = 64 * 1024


@dataclass(frozen=True, slots=True)
class AgentTls:
    """How the server shows itself to agents, and whose agents it trusts. Empty paths: plain connections (tests)."""

    ca_path: str = ""
    cert_path: str = ""
    key_path: str = ""

    def context(self) -> ssl.SSLContext | None:
        if not self.ca_path:
            return None
        context = ssl.create_default_context(cafile=self.ca_path)
        # Agents are reached at addresses that come and go (a forwarded port, a node's); the CA says that they are ours.
        context.check_hostname = False
        if self.cert_path:
            context.load_cert_chain(self.cert_path, self.key_path)
        return context


async def pass_on(request: web.BaseRequest, target: Target, context: ssl.SSLContext | None) -> web.StreamResponse:
    if target.scheme:
        context = unchecked() if target.scheme == "https" else None
    if "upgrade" in request.headers.get("Connection", "").lower() and not target.answers_text:
        return await _upgrade(request, target, context)
    return await _forward(request, target, context)


async def _forward(request: web.BaseRequest, target: Target, context: ssl.SSLContext | None) -> web.StreamResponse:
    url = URL(f"{'https' if context else 'http'}://{_shown(target)}{target.path}", encoded=True)
    refused = _refused if target.answers_text else None
    try:
        if target.answers_text and logmessages.wanted(request):
            return await logmessages.send(request, url, context or False, _refused)
        return await relay(request, url, passed_headers(request, "authorization"), context or False, refused)
    except BrokenOff:
        raise
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise _unreachable(target, error) from error


def _refused(status: int, sentence: str) -> errors.StatusError:
    text = sentence.strip()
    if status == errors.BadRequest.code:
        return errors.BadRequest(text)
    if status == errors.NotFound.code:
        return errors.NotFound(text)
    return errors.InternalError(f"Internal error occurred: {text}", code=status)


def _unreachable(target: Target, error: Exception) -> errors.InternalError:
    text = f"Internal error occurred: error dialing backend: dial tcp {_shown(target)}: {why(error)}"
    return errors.InternalError(text)


def _shown(target: Target) -> str:
    return joined(target.host, target.port)


async def _upgrade(request: web.BaseRequest, target: Target, context: ssl.SSLContext | None) -> web.StreamResponse:
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            agent_reader, agent_writer = await asyncio.open_connection(target.host, target.port, ssl=context)
    except (OSError, TimeoutError) as error:
        raise _unreachable(target, error) from error
    try:
        agent_writer.write(_head(request, target))
        try:
            async with asyncio.timeout(_HEAD_SECONDS):
                head = await agent_reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError, TimeoutError) as error:
            raise _unreachable(target, error) from error
        status = int(head.split(b" ", 2)[1])
        if status != 101:
            return await _refusal(head, status, agent_reader)
        async with taken_over(request) as (reader, writer):
            writer.write(head)
            await both_ways(reader, writer, agent_reader, agent_writer)
        return web.Response()
    finally:
        agent_writer.close()
        with contextlib.suppress(OSError, TimeoutError, asyncio.CancelledError):
            async with asyncio.timeout(1):
                await agent_writer.wait_closed()


def _head(request: web.BaseRequest, target: Target) -> bytes:
    lines = [f"{request.method} {target.path} HTTP/1.1", f"Host: {_shown(target)}"]
    for raw_key, raw_value in request.raw_headers:
        key, value = raw_key.decode("latin-1"), raw_value.decode("latin-1")
        if key.lower() == "sec-websocket-protocol":
            value = without_bearer_token(value)
        if key.lower() not in ("host", "authorization") and value:
            lines.append(f"{key}: {value}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def _refusal(head: bytes, status: int, reader: asyncio.StreamReader) -> web.StreamResponse:
    """The agent's refusal as an ordinary answer."""
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = min(int(line.partition(b":")[2]), _HEAD_LIMIT)
    body = await reader.readexactly(length) if length else b""
    return web.Response(status=status, body=body, content_type="text/plain")


async def both_ways(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    other_reader: asyncio.StreamReader,
    other_writer: asyncio.StreamWriter,
) -> None:
    """Bytes in both directions until both have ended, or one is broken."""
    there = asyncio.ensure_future(_pump(reader, other_writer))
    back = asyncio.ensure_future(_pump(other_reader, writer))
    try:
        await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
        if back.done():
            there.cancel()  # the agent has said all; the client has nothing more to ask
        else:
            await back
    finally:
        there.cancel()
        back.cancel()
        await asyncio.gather(there, back, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, OSError):
        while block := await reader.read(64 * 1024):
            writer.write(block)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
