"""What only a store on disk has: restarts, faults, kills."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from eachpod.store.contract import Change, Compacted, Event, Key, RevisionConflict
from eachpod.store.sqlite import SCHEMA, SqliteStore

KEYS = [Key("pods", "x", name) for name in "abc"]


async def fill(path: Path) -> int:
    store = SqliteStore.open(path)
    entries = [await store.commit(Change(key, {"metadata": {"name": key.name}}, 0)) for key in KEYS]
    await store.commit(Change(KEYS[0], {"metadata": {}, "n": 2}, entries[0].revision))
    await store.commit(Change(KEYS[1], None, entries[1].revision))
    revision = store.revision
    await store.close()
    return revision


async def test_state_revision_and_history_survive_a_restart(tmp_path: Path) -> None:
    revision = await fill(tmp_path / "s")
    store = SqliteStore.open(tmp_path / "s")
    assert store.revision == revision
    assert [entry.key.name for entry in store.entries("pods")] == ["a", "c"]
    events: list[Event] = []
    store.subscribe("pods", 3, events.append)
    assert [(event.type, event.entry.key.name) for event in events] == [("MODIFIED", "a"), ("DELETED", "b")]
    assert (await store.commit(Change(KEYS[1], {"metadata": {}}, 0))).revision == revision + 1
    await store.close()


async def test_only_the_owner_reads_what_is_stored(tmp_path: Path) -> None:
    store = SqliteStore.open(tmp_path / "s")
    await store.commit(Change(KEYS[0], {"metadata": {"name": "a"}}, 0))
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {"s": 0o600, "s-wal": 0o600}
    await store.close()


async def test_compaction_removes_rows_but_never_takes_the_revision_back(tmp_path: Path) -> None:
    revision = await fill(tmp_path / "s")
    for _ in range(2):
        store = SqliteStore.open(tmp_path / "s")
        store.compact(store.revision)
        await store.close()
    rows = [row[0] for row in apsw.Connection(str(tmp_path / "s")).execute("SELECT name FROM changes")]
    assert sorted(rows) == ["a", "c"]
    store = SqliteStore.open(tmp_path / "s")
    assert store.revision == revision
    with pytest.raises(Compacted):
        store.subscribe("pods", revision - 1, lambda event: None)
    await store.close()


@pytest.mark.parametrize(
    ("prepare", "text"),
    [
        (lambda path: apsw.Connection(str(path)).pragma("user_version", SCHEMA + 1), "newer eachpod"),
        (lambda path: path.write_bytes(b"no database at all, but long enough to be looked at" * 30), "not an eachpod"),
        (lambda path: path.mkdir(), "cannot be opened"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, prepare: object, text: str) -> None:
    path = tmp_path / "s"
    assert callable(prepare)
    prepare(path)
    with pytest.raises(OSError, match=text) as caught:
        SqliteStore.open(path)
    assert str(path) in str(caught.value)


async def test_a_refused_write_is_an_error_and_leaves_the_store_usable(tmp_path: Path) -> None:
    store = SqliteStore.open(tmp_path / "s")
    first = await store.commit(Change(KEYS[0], {"metadata": {}}, 0))
    pages = store._connection.pragma("page_count")
    store._connection.pragma("max_page_count", pages)
    with pytest.raises(OSError, match="cannot write"):
        await store.commit(Change(KEYS[1], {"metadata": {}, "big": "x" * 10_000_000}, 0))
    assert store.get(KEYS[1]) is None
    store._connection.pragma("max_page_count", 1 << 30)
    after = await store.commit(Change(KEYS[1], {"metadata": {}}, 0))
    assert after.revision > first.revision
    await store.close()


_WRITER = """
import asyncio, sys
from eachpod.store.contract import Change, Key
from eachpod.store.sqlite import SqliteStore

async def write(store, worker):
    for number in range(10**6):
        key = Key("pods", str(worker), str(number))
        entry = await store.commit(Change(key, {"metadata": {}}, 0))
        print(worker, number, entry.revision, flush=True)

async def main():
    store = SqliteStore.open(sys.argv[1])
    await asyncio.gather(*(write(store, worker) for worker in range(4)))

asyncio.run(main())
"""


@pytest.mark.e2e
async def test_kill_9_loses_nothing_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "s"
    process = subprocess.Popen([sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(500)]
    os.kill(process.pid, signal.SIGKILL)
    lines += [line for line in process.stdout if line.endswith("\n")]
    process.wait()
    process.stdout.close()
    store = SqliteStore.open(path)
    for line in lines:
        worker, number, revision = line.split()
        entry = store.get(Key("pods", worker, number))
        assert entry is not None
        assert entry.revision == int(revision)
    await store.close()
    await asyncio.sleep(0)


async def test_a_change_is_acted_on_before_the_next_one_shows_and_by_its_writer_first(tmp_path: Path) -> None:
    store = SqliteStore.open(tmp_path / "s")
    told: list[tuple[str, int]] = []
    seen: asyncio.Queue[Event] = asyncio.Queue()
    store.subscribe("pods", 0, seen.put_nowait)

    async def watch() -> None:
        for _ in KEYS:
            event = await seen.get()
            told.append((f"watcher of {event.revision}", store.revision))

    async def write(key: Key) -> None:
        entry = await store.commit(Change(key, {"metadata": {}}, 0))
        told.append((f"writer of {entry.revision}", store.revision))

    async with asyncio.TaskGroup() as group:
        group.create_task(watch())
        for key in KEYS:
            group.create_task(write(key))
    await store.close()
    expected = [
        (f"{who} of {revision}", revision) for revision in range(1, len(KEYS) + 1) for who in ("writer", "watcher")
    ]
    assert told == expected


async def test_a_writer_that_gives_up_neither_undoes_its_change_nor_disturbs_the_next(tmp_path: Path) -> None:
    store = SqliteStore.open(tmp_path / "s")
    gone = asyncio.ensure_future(store.commit(Change(KEYS[0], {"metadata": {}, "n": 1}, 0)))
    await asyncio.sleep(0)
    late = asyncio.ensure_future(store.commit(Change(KEYS[0], {"metadata": {}, "n": 2}, 0)))
    await asyncio.sleep(0)
    gone.cancel()
    with pytest.raises(RevisionConflict):
        await late
    entry = store.get(KEYS[0])
    assert entry is not None
    assert entry.object["n"] == 1
    await store.close()
