"""Asking the host's resolvers: UDP, then TCP where the answer was cut; the next resolver after a silence."""

import asyncio
import os
import secrets
import struct
import time
from pathlib import Path

from . import forward, message
from .counters import Counters

_PORT = 53
_PATIENCE_SECONDS = 2.0
_MAX_UNDER_WAY = 1000


class _Asking(asyncio.DatagramProtocol):
    def __init__(self, query: bytes) -> None:
        self.query = query
        self.reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:
        if not self.reply.done() and forward.matches(self.query, data):
            self.reply.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self.reply.done():
            self.reply.set_exception(exc)


class Upstream:
    """`own` are addresses at which we answer ourselves."""

    def __init__(self, resolv_conf: str, own: frozenset[str], counters: Counters, port: int = _PORT) -> None:
        self._path = Path(resolv_conf)
        self._own = own
        self._port = port
        self._counters = counters
        self._kept = forward.Kept()
        self._servers: tuple[str, ...] = ()
        self._stamp = -1
        self._under_way = 0
        self._asking_from: set[tuple[str, int]] = set()

    def is_own(self, address: str, port: int) -> bool:
        """Whether a question comes from a socket that we are asking with: then we are asking ourselves."""
        return (address, port) in self._asking_from

    async def ask(self, name: bytes, type_: int) -> bytes | None:
        """The reply of the first resolver that gives one, or None."""
        now = time.monotonic()
        kept = self._kept.get(name, type_, now)
        if kept is not None:
            return kept
        if self._under_way >= _MAX_UNDER_WAY:
            return None
        self._under_way += 1
        self._counters.forwarded += 1
        try:
            for server in self._resolvers():
                reply = await self._ask_one(server, name, type_)
                if reply is not None:
                    self._kept.put(name, type_, reply, now)
                    return reply
        finally:
            self._under_way -= 1
        self._counters.forward_failures += 1
        return None

    def _resolvers(self) -> tuple[str, ...]:
        try:
            stamp = os.stat(self._path).st_mtime_ns
            if stamp != self._stamp:
                self._servers = forward.resolvers(self._path.read_text(errors="replace"), self._own)
                self._stamp = stamp
        except OSError:
            self._servers = ()
        return self._servers

    async def _ask_one(self, server: str, name: bytes, type_: int) -> bytes | None:
        query = message.question_message(secrets.token_bytes(2), name, type_)
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                reply = await self._by_udp(server, query)
                return await self._by_tcp(server, query) if reply[2] & 0x02 else reply
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return None

    async def _by_udp(self, server: str, query: bytes) -> bytes:
        loop = asyncio.get_running_loop()
        transport, asking = await loop.create_datagram_endpoint(
            lambda: _Asking(query), remote_addr=(server, self._port)
        )
        place = transport.get_extra_info("sockname")[:2]
        self._asking_from.add(place)
        try:
            transport.sendto(query)
            return await asking.reply
        finally:
            self._asking_from.discard(place)
            transport.close()

    async def _by_tcp(self, server: str, query: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(server, self._port)
        try:
            writer.write(struct.pack("!H", len(query)) + query)
            (length,) = struct.unpack("!H", await reader.readexactly(2))
            reply = await reader.readexactly(length)
            if not forward.matches(query, reply):
                raise OSError("the answer is to another question")
            return reply
        finally:
            writer.close()
