"""The informer against a server that follows a script: one entry per list or watch request."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from eachpod.client import informer as module
from eachpod.client.client import Client
from eachpod.client.informer import Informer
from eachpod.kit.backoff import Backoff
from eachpod.model.errors import BadRequest, Expired
from eachpod.model.resources import POD
from eachpod.wire.http import Request, Response, WatchEvent


def pod(name: str, revision: int) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "d", "uid": name, "resourceVersion": str(revision)}}


def bookmark(revision: int, *, end: bool = False) -> WatchEvent:
    meta: dict[str, Any] = {"resourceVersion": str(revision)}
    if end:
        meta["annotations"] = {"k8s.io/initial-events-end": "true"}
    return WatchEvent("BOOKMARK", {"metadata": meta})


class Script:
    """Each entry answers one request: a list of events (an exception among them is raised), or a list answer."""

    def __init__(self, *entries: Any) -> None:
        self.entries = list(entries)
        self.requests: list[dict[str, Any]] = []
        self.finished = asyncio.Event()

    async def send(self, request: Request) -> Response:
        self.requests.append(dict(request.query))
        return Response(200, self.entries.pop(0))

    async def watch(self, request: Request) -> AsyncIterator[WatchEvent]:
        self.requests.append(dict(request.query))
        if not self.entries:
            self.finished.set()
            await asyncio.Event().wait()
        for event in self.entries.pop(0):
            if isinstance(event, Exception):
                raise event
            yield event

    async def close(self) -> None:
        pass


async def played(monkeypatch: pytest.MonkeyPatch, script: Script) -> tuple[Informer, list[tuple[str, str]]]:
    monkeypatch.setattr(module, "_RETRY", Backoff(0.0001, 0.001))
    informer = Informer(Client(script), POD)
    told: list[tuple[str, str]] = []

    def listener(old: Any, new: Any) -> None:
        what = "add" if old is None else "delete" if new is None else "update"
        told.append((what, (new or old)["metadata"]["name"]))

    informer.listen(listener)
    task = asyncio.create_task(informer.run())
    await asyncio.wait_for(script.finished.wait(), 60)
    task.cancel()
    return informer, told


async def test_stream_of_the_whole_state_then_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(
        [WatchEvent("ADDED", pod("a", 1)), WatchEvent("ADDED", pod("b", 2)), bookmark(5, end=True),
         WatchEvent("MODIFIED", pod("a", 6)), WatchEvent("DELETED", pod("b", 7)), bookmark(9)],
    )  # fmt: skip
    informer, told = await played(monkeypatch, script)
    assert told == [("add", "a"), ("add", "b"), ("update", "a"), ("delete", "b")]
    assert script.requests[0]["sendInitialEvents"] == "true"
    assert script.requests[1]["resourceVersion"] == "9"
    await informer.synced()


async def test_broken_watch_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(
        [WatchEvent("ADDED", pod("a", 1)), bookmark(5, end=True), ConnectionError("gone")],
        [WatchEvent("MODIFIED", pod("a", 6))],
    )
    _, told = await played(monkeypatch, script)
    assert told == [("add", "a"), ("update", "a")]
    assert script.requests[1]["resourceVersion"] == "5"


async def test_what_was_told_before_is_not_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event that comes twice, and a watch that begins again further back, do not bring back what is gone."""
    script = Script(
        [WatchEvent("ADDED", pod("a", 1)), bookmark(5, end=True), WatchEvent("MODIFIED", pod("a", 6)),
         WatchEvent("MODIFIED", pod("a", 6)), WatchEvent("DELETED", pod("a", 7))],
        [WatchEvent("MODIFIED", pod("a", 6)), WatchEvent("DELETED", pod("a", 7)), WatchEvent("ADDED", pod("a", 8)),
         WatchEvent("DELETED", pod("a", 7))],
    )  # fmt: skip
    informer, told = await played(monkeypatch, script)
    assert told == [("add", "a"), ("update", "a"), ("delete", "a"), ("add", "a")]
    assert informer.cache.revision == "8"


async def test_forgotten_revision_reads_everything_anew_and_tells_the_difference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script = Script(
        [WatchEvent("ADDED", pod("a", 1)), WatchEvent("ADDED", pod("b", 2)), bookmark(5, end=True), Expired("old")],
        [WatchEvent("ADDED", pod("a", 1)), WatchEvent("ADDED", pod("c", 8)), bookmark(9, end=True)],
    )
    informer, told = await played(monkeypatch, script)
    assert told[2:] == [("delete", "b"), ("add", "c")]
    assert informer.cache.revision == "9"


async def test_interrupted_initial_stream_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(
        [WatchEvent("ADDED", pod("a", 1))],
        [WatchEvent("ADDED", pod("b", 2)), bookmark(5, end=True)],
    )
    _, told = await played(monkeypatch, script)
    assert told == [("add", "b")]


async def test_older_server_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = {"metadata": {"resourceVersion": "5"}, "items": [pod("a", 1)]}
    script = Script([BadRequest("sendInitialEvents")], listed)
    informer, told = await played(monkeypatch, script)
    assert told == [("add", "a")]
    assert script.requests[2]["resourceVersion"] == "5"
    cached = informer.cache.get("a", "d")
    assert cached is not None
    assert cached["kind"] == "Pod"


async def test_late_listener_hears_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script([WatchEvent("ADDED", pod("a", 1)), bookmark(5, end=True)])
    informer, _ = await played(monkeypatch, script)
    late: list[Any] = []
    stop = informer.listen(lambda old, new: late.append((old, new)))
    assert late == [(None, pod("a", 1))]
    stop()


async def test_a_listener_that_fails_does_not_stop_the_others(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    script = Script([WatchEvent("ADDED", pod("a", 1)), bookmark(5, end=True), WatchEvent("MODIFIED", pod("a", 6))])
    monkeypatch.setattr(module, "_RETRY", Backoff(0.0001, 0.001))
    informer = Informer(Client(script), POD)
    heard: list[Any] = []

    def failing(old: Any, new: Any) -> None:
        raise RuntimeError("a bug")

    informer.listen(failing)
    informer.listen(lambda old, new: heard.append(new))
    task = asyncio.create_task(informer.run())
    await asyncio.wait_for(script.finished.wait(), 60)
    task.cancel()
    assert len(heard) == 2
    assert "a listener to pods failed" in caplog.text
