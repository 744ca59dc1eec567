"""A DNS process: datagrams in the main thread, everything that waits (watch, TCP, forwarding, health) in a second one.

The two share the index and nothing else. A short switch interval keeps a busy watch from delaying answers: at Python's
default of 5 ms a busy second thread costs 100 ms of latency, at half a millisecond less than one.
"""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import Any

from eachpod.client import kubeconfig
from eachpod.client.client import Client
from eachpod.client.http import HttpTransport

from . import answer, follow, forward, health
from .config import DnsConfig
from .counters import Counters, exposition
from .forward import Ask
from .message import REFUSED, failure
from .reply import Transport
from .tcp import TcpFront
from .udp import UdpLoop
from .upstream import Upstream
from .zone import Index

log = logging.getLogger(__name__)

_SWITCH_SECONDS = 0.0005
# The index is large and has few cycles: looking through it for garbage after every 700 objects costs milliseconds.
_GARBAGE = 20_000


def run(config: DnsConfig, ready: Callable[[], None] = lambda: None) -> None:
    """Serve until SIGTERM or SIGINT, then answer on until it is quiet. KubeconfigError where that is unusable. `ready`
    is called once, from another thread, when the cluster's names are answered."""
    access = kubeconfig.load(config.kubeconfig, config.context)
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.set_threshold(_GARBAGE, 20, 50)
    server = Server(config, access, ready)
    stop = server.udp.stop

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    server.run()


class Server:
    def __init__(self, config: DnsConfig, access: kubeconfig.Access, ready: Callable[[], None]) -> None:
        self._config, self._access, self._ready = config, access, ready
        self._index = Index(config.zone_options())
        self._counters = Counters()
        follow.restore(self._index, config.snapshot)
        self.udp = UdpLoop(self._index, config.udp_fds, self._counters, self._hand_over)
        own = frozenset(config.addresses) | self.udp.addresses() - {"127.0.0.1", "::1", "0.0.0.0", "::"}
        self._upstream = Upstream(config.resolv_conf, own, self._counters)
        self._draining = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = _new_loop()

    def run(self) -> None:
        """Until `udp.stop`."""
        thread = threading.Thread(target=self._background, name="dns-background", daemon=True)
        thread.start()
        try:
            self.udp.run()
            self._draining = True
            self.udp.drain(self._config.drain_seconds)
        finally:
            with contextlib.suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._cancel)
            thread.join(timeout=2.0)
            self.udp.close()

    def _background(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._main = self._loop.create_task(self._wait_for_things())
        try:
            with contextlib.suppress(asyncio.CancelledError):
                self._loop.run_until_complete(self._main)
        except Exception:
            log.exception("the DNS process cannot go on")
            self.udp.stop()
        finally:
            self._loop.close()

    def _cancel(self) -> None:
        self._main.cancel()

    async def _wait_for_things(self) -> None:
        front = TcpFront(self._respond_tcp)
        servers = [await front.listen(fd) for fd in self._config.tcp_fds]
        if self._config.health_fd >= 0:
            servers.append(await health.listen(self._config.health_fd, self._page))
        transport = HttpTransport(self._access)
        follower = follow.Follower(self._index, Client(transport), self._counters, self._config.snapshot)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(follower.run())
                tasks.create_task(self._announce(follower))
        finally:
            for server in servers:
                server.close()
            await transport.close()

    async def _announce(self, follower: follow.Follower) -> None:
        if not self._index.synced:
            await follower.synced.wait()
        self._ready()

    def _page(self, path: str) -> tuple[int, str] | None:
        """HTTP status and text; None for a path that is no page."""
        if path == "/health":
            return (503, "draining\n") if self._draining else (200, "OK\n")
        if path == "/ready":
            return (200, "OK\n") if self._index.synced and not self._draining else (503, "kubernetes\n")
        if path == "/metrics":
            return 200, exposition(self._counters, len(self._index.names), synced=self._index.synced)
        return None

    async def _respond_tcp(self, query: bytes, peer: Any) -> bytes | None:
        self._counters.tcp += 1
        reply = answer.respond(self._index, query, time.time(), Transport.TCP)
        made = await self._ask(reply, peer) if isinstance(reply, Ask) else reply
        if made is not None:
            self._counters.rcodes[made[3] & 15] += 1
        return made

    def _hand_over(self, ask: Ask, sock: socket.socket, peer: Any) -> None:
        """From the datagram thread: answer later, from the other one."""
        with contextlib.suppress(RuntimeError):  # closing
            self._loop.call_soon_threadsafe(self._spawn, self._answer_later(ask, sock, peer))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer_later(self, ask: Ask, sock: socket.socket, peer: Any) -> None:
        reply = await self._ask(ask, peer)
        self._counters.rcodes[reply[3] & 15] += 1
        with contextlib.suppress(OSError):
            sock.sendto(reply, peer)

    async def _ask(self, ask: Ask, peer: Any) -> bytes:
        if self._upstream.is_own(peer[0], peer[1]):
            return failure(ask.question, REFUSED)  # a resolver of the host leads back to us
        reply = await self._upstream.ask(ask.name, ask.type)
        return forward.finish(self._index, ask, reply, time.time())


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # not on every system
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
