"""One suite for all stores."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from eachpod.model.objects import Object, revision
from eachpod.store.contract import Change, Compacted, Event, Key, RevisionConflict, Unstorable
from eachpod.store.memory import MemoryStore
from eachpod.store.sqlite import SqliteStore

Any_ = MemoryStore | SqliteStore
A, B = Key("pods", "x", "a"), Key("pods", "x", "b")


def thing(key: Key, text: str = "") -> Object:
    return {"kind": "Pod", "metadata": {"name": key.name, "namespace": key.namespace}, "text": text}


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any_]:
    made: Any_ = MemoryStore() if request.param == "memory" else SqliteStore.open(tmp_path / "s.sqlite")
    yield made
    await made.close()


async def test_a_new_object_carries_the_revision_of_its_change(store: Any_) -> None:
    entry = await store.commit(Change(A, thing(A), 0))
    assert revision(entry.object) == str(entry.revision) == str(store.revision)
    assert store.get(A) is entry
    assert entry.raw.startswith(b'{"kind":"Pod"')


async def test_a_change_is_decided_on_one_revision(store: Any_) -> None:
    first = await store.commit(Change(A, thing(A), 0))
    await store.commit(Change(A, thing(A, "2"), first.revision))
    for stale in (0, first.revision):
        with pytest.raises(RevisionConflict):
            await store.commit(Change(A, thing(A, "3"), stale))
    with pytest.raises(RevisionConflict):
        await store.commit(Change(B, None, 0))


async def test_of_writers_at_once_one_wins_and_the_loser_then_sees_its_state(store: Any_) -> None:
    async def write(text: str) -> str:
        try:
            await store.commit(Change(A, thing(A, text), 0))
        except RevisionConflict:
            found = store.get(A)
            assert found is not None
            return str(found.object["text"])
        return "won"

    answers = await asyncio.gather(*(write(str(n)) for n in range(5)))
    assert sorted(answers) == ["0", "0", "0", "0", "won"]


async def test_entries_are_sorted_and_of_the_namespace_asked(store: Any_) -> None:
    keys = [Key("pods", space, name) for space in ("z", "x") for name in ("b", "a.b", "a")]
    for key in keys:
        await store.commit(Change(key, thing(key), 0))
    await store.commit(Change(Key("nodes", "", "n"), thing(Key("nodes", "", "n")), 0))
    assert [e.key for e in store.entries("pods")] == sorted(keys)
    assert [e.key.name for e in store.entries("pods", "x")] == ["a", "a.b", "b"]
    assert store.entries("secrets") == []


async def test_history_then_live_events_without_gap_or_repeat(store: Any_) -> None:
    first = await store.commit(Change(A, thing(A), 0))
    await store.commit(Change(B, thing(B), 0))
    events: list[Event] = []
    stop = store.subscribe("pods", first.revision, events.append)
    changed = await store.commit(Change(A, thing(A, "2"), first.revision))
    gone = await store.commit(Change(A, None, changed.revision))
    stop()
    await store.commit(Change(A, thing(A), 0))
    assert [(e.type, e.entry.key.name) for e in events] == [("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "a")]
    assert [e.revision for e in events] == sorted({e.revision for e in events})
    last = events[-1]
    assert last.entry.object["text"] == "2"
    assert revision(last.entry.object) == str(gone.revision)
    assert last.previous is not None
    assert revision(last.previous.object) == str(changed.revision)


async def test_an_older_state_can_be_listed_until_it_is_compacted(store: Any_) -> None:
    a = await store.commit(Change(A, thing(A, "1"), 0))
    b = await store.commit(Change(B, thing(B, "1"), 0))
    then = store.revision
    await store.commit(Change(A, thing(A, "2"), a.revision))
    await store.commit(Change(B, None, b.revision))
    await store.commit(Change(Key("pods", "x", "c"), thing(Key("pods", "x", "c")), 0))
    old = await store.entries_at("pods", "x", then)
    assert [(e.key.name, e.object["text"]) for e in old] == [("a", "1"), ("b", "1")]
    store.compact(store.revision)
    with pytest.raises(Compacted):
        await store.entries_at("pods", "x", then)
    with pytest.raises(Compacted):
        store.subscribe("pods", then, lambda event: None)
    store.subscribe("pods", store.revision, lambda event: None)


async def test_what_cannot_be_written_down_is_refused_and_changes_nothing(store: Any_) -> None:
    deep: Object = {}
    for _ in range(400):
        deep = {"a": deep}
    key = Key("configmaps", "default", "deep")
    with pytest.raises(Unstorable):
        await store.commit(Change(key, {"metadata": {"name": "deep"}, "data": deep}, 0))
    assert store.get(key) is None
    kept = await store.commit(Change(key, {"metadata": {"name": "deep"}}, 0))
    assert store.get(key) is kept
