"""Events are kept for an hour after they were last seen."""

import asyncio
import contextlib
import time
from collections.abc import Iterable

from eachpod.model.objects import Object, dig
from eachpod.model.resources import EVENT
from eachpod.model.timestamps import parse
from eachpod.store.contract import Change, Entry, RevisionConflict, Store

KEEP_SECONDS = 3600.0
_EACH_SECONDS = 60.0
# So many are deleted before others get their turn.
_SLICE = 200


def last_seen(event: Object) -> float:
    """When it happened last, as Unix seconds."""
    times = (
        event.get("lastTimestamp"),
        event.get("eventTime"),
        dig(event, "series", "lastObservedTime"),
        dig(event, "metadata", "creationTimestamp"),
    )
    return max((parse(text) or 0.0 for text in times), default=0.0)


def outdated(entries: Iterable[Entry], now: float) -> list[Entry]:
    return [entry for entry in entries if now - last_seen(entry.object) > KEEP_SECONDS]


async def expire_events(store: Store) -> None:
    """Delete outdated events for ever."""
    while True:
        await asyncio.sleep(_EACH_SECONDS)
        await expire_once(store, time.time())


async def expire_once(store: Store, now: float) -> None:
    for number, entry in enumerate(outdated(store.entries(EVENT.group_resource), now), 1):
        with contextlib.suppress(RevisionConflict, OSError):  # changed meanwhile, or a full disk: the next time, then
            await store.commit(Change(entry.key, None, entry.revision))
        if number % _SLICE == 0:
            await asyncio.sleep(0)
