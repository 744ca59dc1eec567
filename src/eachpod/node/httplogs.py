"""GET /containerLogs: the log of one container, as it is now or as it grows."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from eachpod.model import objects
from eachpod.model.timestamps import parse

from .logs import LogOptions, Rendering, read_all, tail_offset
from .podstate import Container
from .worker import PodWorker

if TYPE_CHECKING:
    from .containers import ContainerHands

# Reasons for which a person is told more than the reason's name.
_WAITING_FOR = {
    "ErrImagePull": "image can't be pulled",
    "ImagePullBackOff": "trying and failing to pull image",
}
_BLOCK = 256 * 1024
_POLL_SECONDS = 0.25

Write = Callable[[bytes], Awaitable[None]]
Running = Callable[[], bool]


class Refused(Exception):
    """A request that is answered with a status and a sentence."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


def options(query: web.BaseRequest, now: float) -> LogOptions:
    asked = query.query
    since = 0.0
    if asked.get("sinceSeconds"):
        since = now - _number(asked["sinceSeconds"], "sinceSeconds")
    elif asked.get("sinceTime"):
        since = parse(asked["sinceTime"]) or 0.0
    stream = asked.get("stream", "").lower()
    return LogOptions(
        since=since,
        tail=_number(asked.get("tailLines") or "-1", "tailLines"),
        limit=_number(asked.get("limitBytes") or "-1", "limitBytes"),
        timestamps=asked.get("timestamps") in ("true", "1"),
        stream="" if stream in ("", "all") else stream,
    )


def _number(text: str, name: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise Refused(400, f"{name} must be a number, not {text!r}") from None


async def serve(request: web.BaseRequest, worker: PodWorker, name: str, hands: "ContainerHands") -> web.StreamResponse:
    known = worker.state.containers.get(name)
    if known is None:
        raise Refused(404, f"container {name} is not valid for pod {objects.name(worker.state.pod)}")
    previous = request.query.get("previous") in ("true", "1")
    path = await asyncio.to_thread(_path, worker, known, hands, previous)
    wanted = options(request, time.time())
    follow = request.query.get("follow") in ("true", "1")
    running = (lambda: _still_running(worker, name, path)) if follow else None
    answer = web.StreamResponse(headers={"Content-Type": "text/plain"})
    await answer.prepare(request)
    if running:
        await _follow(answer.write, path, wanted, running)
    else:
        await _copy(answer.write, path, wanted)
    await answer.write_eof()
    return answer


def _path(worker: PodWorker, known: Container, hands: "ContainerHands", previous: bool) -> Path:
    pod = worker.state.pod
    seen = known.seen
    chosen = known.previous if previous and not (known.exited and known.waiting) else seen
    if chosen is None:
        reason = known.waiting[0] if known.waiting else "ContainerCreating"
        raise Refused(400, nothing_yet(known.name, objects.name(pod), "" if previous else reason))
    path = hands.log_file(pod, chosen)
    if not path.exists():
        raise Refused(404, f"the log of container {known.name} is gone from the node")
    return path


def nothing_yet(container: str, pod: str, reason: str) -> str:
    """Why there is no log: the container waits for `reason`, or, where that is empty, has not run before."""
    which = f'container "{container}" in pod "{pod}"'
    if not reason:
        return f"previous terminated {which} not found"
    return f"{which} is waiting to start: {_WAITING_FOR.get(reason, reason)}"


def _still_running(worker: PodWorker, name: str, path: Path) -> bool:
    known = worker.state.containers.get(name)
    attempt = path.name.partition(".")[0]
    return bool(known and known.running and known.seen and str(known.seen.attempt) == attempt and not worker.state.done)


async def _copy(write: Write, path: Path, wanted: LogOptions) -> None:
    lines = read_all(path, wanted)
    while True:
        block = await asyncio.to_thread(_next_block, lines)
        if not block:
            return
        await write(block)


def _next_block(lines: Iterator[bytes]) -> bytes:
    found, size = [], 0
    for text in lines:
        found.append(text)
        size += len(text)
        if size >= _BLOCK:
            break
    return b"".join(found)


async def _follow(write: Write, path: Path, wanted: LogOptions, running: Running) -> None:
    """Rotation renames the file and makes a new one of its name: then the rest of the old one comes first."""
    rendering = Rendering(wanted)
    file = await asyncio.to_thread(path.open, "rb")
    try:
        file.seek(await asyncio.to_thread(tail_offset, path, wanted.tail))
        rest = b""
        while not rendering.full:
            live = running()
            block = file.read(_BLOCK)
            if block:
                whole, end, rest = (rest + block).rpartition(b"\n")
                lines = (whole + b"\n").splitlines(keepends=True) if end else []
                text = b"".join(map(rendering.render, lines))
                if text:
                    await write(text)
                continue
            if _rotated(path, file.fileno()):
                file.close()
                file = await asyncio.to_thread(path.open, "rb")
                continue
            if not live:
                return
            await asyncio.sleep(_POLL_SECONDS)
    finally:
        file.close()


def _rotated(path: Path, descriptor: int) -> bool:
    try:
        return path.stat().st_ino != os.fstat(descriptor).st_ino
    except OSError:
        return False
