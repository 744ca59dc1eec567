"""When events go."""

from eachpod.client.client import Client
from eachpod.model.objects import name
from eachpod.model.resources import EVENT
from eachpod.model.timestamps import render
from eachpod.server.expiry import KEEP_SECONDS, expire_once
from eachpod.store.memory import MemoryStore

NOW = 2_000_000_000.0


async def test_events_go_an_hour_after_they_were_last_seen(client: Client, store: MemoryStore) -> None:
    for event, seen in (("old", NOW - KEEP_SECONDS - 5), ("new", NOW - 60)):
        about = {"kind": "Pod", "name": "p", "namespace": "x"}
        body = {"involvedObject": about, "lastTimestamp": render(seen), "type": "Normal", "reason": "R", "count": 1}
        await client.create(EVENT, {"metadata": {"name": event, "namespace": "x"}, **body})
    await expire_once(store, NOW)
    assert [name(item) for item in (await client.list(EVENT, "x")).items] == ["new"]
