"""Removes the directories of local volumes that nobody will use again, and says so by removing their finalizer.

The other side of this is the provisioner (`controllers/provisioner.py`): a volume that is Released and being deleted
keeps its finalizer until the node that has its directory has removed it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from eachpod.client.client import Client
from eachpod.client.informer import Informer
from eachpod.model import nodeaffinity, objects
from eachpod.model.errors import Conflict, NotFound, StatusError
from eachpod.model.objects import Object, dig
from eachpod.model.resources import PERSISTENTVOLUME
from eachpod.model.wellknown import LOCAL_VOLUME

log = logging.getLogger(__name__)

_RETRY_SECONDS = 1.0


def to_be_removed(volume: Object, nodes: Iterable[Object]) -> bool:
    """Whether one of these nodes has the directory of a volume that is done with."""
    if not objects.deleting(volume) or LOCAL_VOLUME not in objects.finalizers(volume):
        return False
    if dig(volume, "status", "phase") != "Released":
        return False
    required = dig(volume, "spec", "nodeAffinity", "required")
    return required is not None and any(nodeaffinity.selector_matches(required, node) for node in nodes)


def without_finalizer(volume: Object) -> Object:
    """The patch that says so; of this state of the volume only."""
    kept = [each for each in objects.finalizers(volume) if each != LOCAL_VOLUME]
    return {"metadata": {"finalizers": kept, "resourceVersion": objects.revision(volume)}}


async def run(client: Client, nodes: list[Object], remove: Callable[[Object], Awaitable[None]]) -> None:
    """Until cancelled. `remove` does away with a volume's directory."""
    volumes = Informer(client, PERSISTENTVOLUME)
    waiting: asyncio.Queue[Object] = asyncio.Queue()

    def changed(old: Object | None, new: Object | None) -> None:
        if new is not None and to_be_removed(new, nodes):
            waiting.put_nowait(new)

    volumes.listen(changed)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(volumes.run())
        while True:
            volume = await waiting.get()
            try:
                await remove(volume)
                await client.patch(PERSISTENTVOLUME, objects.name(volume), "", without_finalizer(volume))
            except (Conflict, NotFound):
                continue  # it has changed: the watch brings the new state
            except (StatusError, ConnectionError, OSError) as error:
                log.warning("volume %s is not removed yet: %s", objects.name(volume), error)
                await asyncio.sleep(_RETRY_SECONDS)
                waiting.put_nowait(volume)
