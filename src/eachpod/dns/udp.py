"""The datagram loop: wait for any of the sockets, empty it, answer.

A blocking loop in a thread of its own, since an asyncio datagram costs six times as much. What needs another server is
handed over and answered from the other thread.
"""

import logging
import os
import select
import socket
import time
from collections.abc import Callable

from . import message
from .answer import respond
from .counters import Counters
from .forward import Ask
from .reply import Transport
from .zone import Index

log = logging.getLogger(__name__)

# One socket may not keep the others waiting: this many answers, then the next one's turn.
_BURST = 64
_RECEIVE = 4096
Forward = Callable[[Ask, socket.socket, object], None]


class UdpLoop:
    def __init__(self, index: Index, fds: tuple[int, ...], counters: Counters, forward: Forward) -> None:
        self._index, self._counters, self._forward = index, counters, forward
        self._sockets = {fd: _take(fd) for fd in fds}
        self._wake_in, self._wake_out = os.pipe()

    def addresses(self) -> frozenset[str]:
        return frozenset(str(sock.getsockname()[0]) for sock in self._sockets.values())

    def stop(self) -> None:
        """May be called from any thread or signal handler."""
        os.write(self._wake_out, b"x")

    def run(self) -> None:
        """Until `stop`."""
        poll = self._poll()
        poll.register(self._wake_in, select.POLLIN)
        while True:
            for fd, _ in poll.poll():
                if fd == self._wake_in:
                    os.read(fd, 64)
                    return
                self._empty(self._sockets[fd])

    def drain(self, seconds: float, quiet: float = 0.1) -> None:
        """Answer on until nobody has asked for `quiet` seconds, for `seconds` at most."""
        poll = self._poll()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            ready = poll.poll(quiet)
            if not ready:
                return
            for fd, _ in ready:
                self._empty(self._sockets[fd])

    def close(self) -> None:
        for sock in self._sockets.values():
            sock.close()
        os.close(self._wake_in)
        os.close(self._wake_out)

    def _poll(self) -> "select.epoll | _Poll":
        poll = select.epoll() if hasattr(select, "epoll") else _Poll()
        for fd in self._sockets:
            poll.register(fd, select.POLLIN)
        return poll

    def _empty(self, sock: socket.socket) -> None:
        index, counters, rcodes = self._index, self._counters, self._counters.rcodes
        receive, send, udp = sock.recvfrom, sock.sendto, Transport.UDP
        now = time.time()
        for _ in range(_BURST):
            try:
                query, peer = receive(_RECEIVE)
            except BlockingIOError:
                return
            except OSError:
                continue  # an earlier answer could not be delivered
            try:
                reply = respond(index, query, now, udp)
            except Exception:
                reply = self._unforeseen(query)
            counters.udp += 1
            if reply.__class__ is bytes:
                rcodes[reply[3] & 15] += 1
                try:
                    send(reply, peer)
                except OSError:
                    continue  # the asker's network is gone, or the buffer is full: it will ask again
            elif isinstance(reply, Ask):
                self._forward(reply, sock, peer)

    def _unforeseen(self, query: bytes) -> bytes | None:
        """A defect of ours must not end the service for everybody."""
        self._counters.errors += 1
        if self._counters.errors <= 10:
            log.exception("no answer could be made to %s", query.hex())
        return message.bare_failure(query, message.SERVFAIL) if len(query) >= message.HEADER else None


class _Poll:
    """What is used of Linux's epoll, for systems without it; the flag for readable has the same value."""

    def __init__(self) -> None:
        self._poll = select.poll()

    def register(self, fd: int, flags: int) -> None:
        self._poll.register(fd, flags)

    def poll(self, seconds: float | None = None) -> list[tuple[int, int]]:
        return self._poll.poll(None if seconds is None else seconds * 1000)


def _take(fd: int) -> socket.socket:
    sock = socket.socket(fileno=fd)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    return sock
