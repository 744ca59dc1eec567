"""Notices what happens to containers behind the agent's back: compares two lists of the runtime.

The runtime's events are only a hint when to look; a list a second finds what they missed.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable

from .podstate import ContainerLost, ContainerSeen, PodEvent, SandboxSeen
from .runtime import ContainerState, Runtime, RuntimeFault, Snapshot

log = logging.getLogger(__name__)

_PERIOD_SECONDS = 1.0
_SETTLE = 0.01  # one exit is several events


class Relist:
    def __init__(
        self,
        runtime: Runtime,
        post: Callable[[str, PodEvent], None],
        detailed: Callable[[ContainerState], Awaitable[ContainerState]],
    ) -> None:
        self._runtime, self._post, self._detailed = runtime, post, detailed
        self._last = Snapshot((), ())
        self._hint = asyncio.Event()
        self.fault = ""  # why the runtime does not answer, "" while it does

    async def run(self) -> None:
        """Until cancelled."""
        hints = asyncio.ensure_future(self._listen())
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_PERIOD_SECONDS):
                        await self._hint.wait()
                        await asyncio.sleep(_SETTLE)
                self._hint.clear()
                try:
                    await self.look()
                    self.fault = ""
                except RuntimeFault as fault:
                    self.fault = f"container runtime is down: {fault.message}"
                    log.debug(self.fault)
        finally:
            hints.cancel()

    async def _listen(self) -> None:
        async for _ in self._runtime.events():
            self._hint.set()

    async def look(self) -> None:
        now = await self._runtime.snapshot()
        before, self._last = self._last, now
        uids = {sandbox.id: sandbox.uid for sandbox in (*before.sandboxes, *now.sandboxes)}
        for uid, event in compare(before, now, uids):
            if isinstance(event, ContainerSeen):
                with contextlib.suppress(RuntimeFault):  # gone meanwhile: the next list tells
                    self._post(uid, ContainerSeen(await self._detailed(event.container)))
            else:
                self._post(uid, event)


def compare(before: Snapshot, now: Snapshot, uids: dict[str, str]) -> Iterable[tuple[str, PodEvent]]:
    """What is new, by pod uid. `uids` are those of sandboxes."""
    old_containers = {each.id: each for each in before.containers}
    old_sandboxes = {each.id: each for each in before.sandboxes}
    for container in now.containers:
        old = old_containers.pop(container.id, None)
        if old is None or old.phase is not container.phase:
            yield uids.get(container.sandbox_id, ""), ContainerSeen(container)
    for gone in old_containers.values():
        yield uids.get(gone.sandbox_id, ""), ContainerLost(gone.id)
    for sandbox in now.sandboxes:
        old_sandbox = old_sandboxes.pop(sandbox.id, None)
        if old_sandbox is not None and old_sandbox.ready != sandbox.ready:
            yield sandbox.uid, SandboxSeen(sandbox.id, sandbox)
    for gone_sandbox in old_sandboxes.values():
        yield gone_sandbox.uid, SandboxSeen(gone_sandbox.id, None)
