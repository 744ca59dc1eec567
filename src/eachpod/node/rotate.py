"""Keeps container logs from filling the disk: a log that has grown large is renamed, and only a few are kept.

The limits are the kubelet's (containerLogMaxSize, containerLogMaxFiles); its looking once in ten seconds, too.
"""

import asyncio
import logging
import time
from pathlib import Path

from .agent import Agent
from .containers import ContainerHands
from .runtime import Runtime, RuntimeFault

log = logging.getLogger(__name__)

_LARGEST, _KEPT, _SECONDS = 10 * 1024 * 1024, 5, 10.0


async def rotate(runtime: Runtime, agent: Agent, hands: ContainerHands) -> None:
    """Until cancelled."""
    while True:
        await asyncio.sleep(_SECONDS)
        for worker in list(agent.workers.values()):
            for known in worker.state.containers.values():
                if known.running and known.seen:
                    path = hands.log_file(worker.state.pod, known.seen)
                    if await asyncio.to_thread(_aside, path):
                        await _reopen(runtime, known.seen.id, path)


async def _reopen(runtime: Runtime, id: str, path: Path) -> None:
    try:
        await runtime.reopen_log(id)
    except RuntimeFault as fault:
        log.warning("the log %s was set aside, and its container writes on to it: %s", path, fault)


def _aside(path: Path) -> bool:
    """Rename a log that is too large, and remove what is too many; whether it was renamed."""
    try:
        if path.stat().st_size <= _LARGEST:
            return False
        path.rename(path.with_name(f"{path.name}.{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}"))
    except OSError:
        return False
    older = sorted(path.parent.glob(f"{path.name}.*"))
    for each in older[: -(_KEPT - 1)]:
        each.unlink(missing_ok=True)
    return True
