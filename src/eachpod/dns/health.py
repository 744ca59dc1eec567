"""A few lines of HTTP for probes and scrapes: /health, /ready, /metrics."""

import asyncio
import socket
from collections.abc import Callable

_PATIENCE_SECONDS = 5.0
# status and text of a path, or None for 404
Pages = Callable[[str], tuple[int, str] | None]


async def listen(fd: int, pages: Pages) -> asyncio.Server:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(answer(head, pages))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # not worth an answer
        finally:
            writer.close()

    return await asyncio.start_server(serve, sock=socket.socket(fileno=fd), limit=8192)


def answer(head: bytes, pages: Pages) -> bytes:
    words = head.split(b"\r\n", 1)[0].split(b" ")
    path = words[1].split(b"?")[0].decode("latin-1") if len(words) == 3 else ""
    status, text = pages(path) or (404, "not found: /health, /ready and /metrics are here\n")
    reason = {200: "OK", 404: "Not Found", 503: "Service Unavailable"}[status]
    body = text.encode()
    return (
        f"HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode() + body
