"""Watches: what is seen of which change, and how streams begin and end."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from eachpod.client.client import Client
from eachpod.model.errors import Expired
from eachpod.model.objects import Object, annotations, name, revision
from eachpod.model.resources import CONFIGMAP, STATEFULSET
from eachpod.model.wellknown import INITIAL_EVENTS_END
from eachpod.server.app import ApiServer
from eachpod.server.user import LOOPBACK
from eachpod.server.watches import QUEUE_LIMIT
from eachpod.store.memory import MemoryStore
from eachpod.wire.http import Request, WatchEvent


def config(name_: str, label: str = "", value: str = "") -> Object:
    return {"metadata": {"name": name_, "namespace": "x", "labels": {"l": label}}, "data": {"v": value}}


async def take(events: AsyncIterator[WatchEvent], count: int) -> list[tuple[str, str]]:
    async with asyncio.timeout(60):
        return [(event.type, name(event.object)) for event in [await anext(events) for _ in range(count)]]


async def test_the_whole_state_comes_first_and_its_end_is_marked(client: Client, store: MemoryStore) -> None:
    await client.create(CONFIGMAP, config("a"))
    events = client.watch(CONFIGMAP, "x", initial_events=True)
    assert await take(events, 1) == [("ADDED", "a")]
    mark = await anext(events)
    assert (mark.type, annotations(mark.object)) == ("BOOKMARK", {INITIAL_EVENTS_END: "true"})
    assert revision(mark.object) == str(store.revision)
    await client.create(CONFIGMAP, config("b"))
    assert await take(events, 1) == [("ADDED", "b")]


async def test_an_empty_state_ends_as_well(client: Client) -> None:
    mark = await anext(client.watch(CONFIGMAP, "x", initial_events=True))
    assert mark.type == "BOOKMARK"


async def test_a_mark_has_the_form_of_its_kind(client: Client) -> None:
    mark = (await anext(client.watch(STATEFULSET, "x", initial_events=True))).object
    template = {"metadata": {}, "spec": {"containers": None}}
    empty = {"replicas": 0, "selector": None, "serviceName": "", "template": template, "updateStrategy": {}}
    assert (mark["spec"], mark["status"]) == (empty, {"replicas": 0, "availableReplicas": 0})


async def test_after_a_revision_nothing_is_lost_or_repeated(client: Client) -> None:
    first = await client.create(CONFIGMAP, config("a"))
    second = await client.update(CONFIGMAP, config("a", value="2"))
    events = client.watch(CONFIGMAP, "x", resource_version=revision(first))
    assert (await anext(events)).object == second
    await client.delete(CONFIGMAP, "a", "x")
    gone = await anext(events)
    assert (gone.type, gone.object["data"]) == ("DELETED", {"v": "2"})
    assert int(revision(gone.object)) > int(revision(second))


async def test_selected_objects_come_and_go(client: Client) -> None:
    await client.create(CONFIGMAP, config("a", "in"))
    await client.create(CONFIGMAP, config("b", "out"))
    events = client.watch(CONFIGMAP, "x", label_selector="l=in")
    assert await take(events, 1) == [("ADDED", "a")]
    for label in ("in", "out", "out", "in"):
        await client.update(CONFIGMAP, config("b", label, value=str(object())))
    await client.delete(CONFIGMAP, "b", "x")
    await client.update(CONFIGMAP, config("a", "in", "2"))
    seen = [("ADDED", "b"), ("DELETED", "b"), ("ADDED", "b"), ("DELETED", "b"), ("MODIFIED", "a")]
    assert await take(events, 5) == seen


async def test_an_object_that_leaves_is_shown_as_it_was(client: Client) -> None:
    await client.create(CONFIGMAP, config("a", "in", "old"))
    events = client.watch(CONFIGMAP, "x", label_selector="l=in")
    await anext(events)
    left = await client.update(CONFIGMAP, config("a", "out", "new"))
    gone = await anext(events)
    assert (gone.type, gone.object["data"], revision(gone.object)) == ("DELETED", {"v": "old"}, revision(left))


async def test_a_forgotten_revision_is_said(client: Client, store: MemoryStore) -> None:
    first = await client.create(CONFIGMAP, config("a"))
    await client.update(CONFIGMAP, config("a", value="2"))
    store.compact(store.revision)
    with pytest.raises(Expired):
        await anext(client.watch(CONFIGMAP, "x", resource_version=revision(first)))


async def test_watchers_share_one_encoding_and_a_slow_one_is_cut(server: ApiServer, client: Client) -> None:
    request = Request("GET", CONFIGMAP.path("x"), {"watch": "true"})
    slow, fast = (server.watch(request, LOOPBACK) for _ in range(2))
    await client.create(CONFIGMAP, config("a"))
    assert slow._queue[0] is fast._queue[0]
    fast._queue.clear()
    slow._queue.extend([b""] * QUEUE_LIMIT)
    await client.create(CONFIGMAP, config("b"))
    ended = [line async for batch in slow.batches() for line in batch]
    assert b'"name":"b"' not in b"".join(ended)
    assert b'"name":"b"' in (await anext(aiter(fast.batches())))[0]


async def test_a_watch_ends_when_its_time_is_over(client: Client) -> None:
    events = [event async for event in client.watch(CONFIGMAP, "x", timeout_seconds=1)]
    assert events == []
