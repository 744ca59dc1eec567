"""The way from one process to the server, with faults: a transport around the real one.

A request that has left is in the network's hands: the crash of who sent it does not call it back. For the laws the link
remembers what its process can know: how far its watches have told it, and which of its writes it had an answer to.
"""

import asyncio
from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import dataclass, replace
from random import Random

from eachpod.model import objects
from eachpod.model.errors import Conflict, StatusError
from eachpod.model.wellknown import INITIAL_EVENTS_END
from eachpod.server.inprocess import InProcessTransport
from eachpod.wire.http import Request, Response, WatchEvent

from .faults import FAIR, Fate, Sky, Trip, lag, trip
from .server import Server
from .story import Story

_PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends a request, and up to which revision its watches had told it of each resource when it decided that."""

    link: "Link"
    seen: dict[str, int]
    method: str
    # Whether the sender will not get the answer.
    unanswered: bool


# The sender of the request that the server is working on.
SENDER: ContextVar[Sender | None] = ContextVar("sender", default=None)
# What was known when the plan was made that is being carried out; None where requests are decided one by one.
_DECIDED: ContextVar[dict[str, int] | None] = ContextVar("decided", default=None)


class Direct:
    """The way of somebody who always gets through."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def close(self) -> None:
        return

    async def send(self, request: Request) -> Response:
        return await InProcessTransport(self._server.api).send(request)

    def watch(self, request: Request) -> AsyncIterator[WatchEvent]:
        return InProcessTransport(self._server.api).watch(request)


class Link:
    """See `client.transport.Transport`. `dead` when its process is."""

    def __init__(self, name: str, server: Server, sky: Sky, chance: Random, story: Story) -> None:
        self.name, self.dead = name, False
        self._server, self._sky, self._chance, self._story = server, sky, chance, story
        self._seen: dict[str, int] = {}
        self._silent: dict[str, float] = {}

    def fall_silent(self, plural: str, seconds: float) -> None:
        """The watch of a resource tells nothing for so long: the cache is stale."""
        self._silent[plural] = asyncio.get_running_loop().time() + seconds

    async def close(self) -> None:
        return

    def decide(self) -> None:
        """A plan is made now; the requests that follow in this task, and in those that it begins, are of this plan."""
        _DECIDED.set(dict(self._seen))

    async def send(self, request: Request) -> Response:
        if self.dead:
            raise ConnectionError("this process is gone")
        if request.path.endswith("/events"):
            return self._heard(request)
        chosen = trip(self._chance, self._sky.weather, request.method)
        decided = _DECIDED.get()
        seen = dict(self._seen) if decided is None else decided
        sender = Sender(self, seen, request.method, chosen.fate in (Fate.UNANSWERED, Fate.FAILED))
        travel = asyncio.get_running_loop().create_task(self._travel(request, chosen, sender))
        travel.add_done_callback(_forgotten)
        return await asyncio.shield(travel)

    def _heard(self, request: Request) -> Response:
        """Events are for people, so they go into the story and no further."""
        body = request.body if isinstance(request.body, dict) else {}
        self._story.tell(f"{self.name} says {body.get('reason')}: {body.get('message')}")
        return Response(201, body)

    async def _travel(self, request: Request, chosen: Trip, sender: Sender) -> Response:
        SENDER.set(sender)
        if chosen.fate is not Fate.DONE and request.method != "GET":
            self._story.tell(f"{self.name} {request.method} {request.path}: {chosen.fate.value}")
        await asyncio.sleep(chosen.there)
        self._before(chosen.fate)
        if chosen.fate is Fate.LOST:
            await asyncio.sleep(_PATIENCE_SECONDS)
            raise ConnectionError("no answer")
        epoch = self._server.epoch
        response = await InProcessTransport(self._server.api).send(request)
        await asyncio.sleep(chosen.back)
        if chosen.fate is Fate.FAILED:
            raise StatusError("Internal error occurred")
        if chosen.fate is Fate.UNANSWERED or self._server.epoch != epoch:
            raise ConnectionError("the connection broke")
        return response

    def _before(self, fate: Fate) -> None:
        if not self._server.up:
            raise ConnectionError("connection refused")
        if fate is Fate.REFUSED:
            code, reason = self._chance.choice(((429, "TooManyRequests"), (500, "InternalError")))
            raise StatusError("the server cannot do that now", code=code, reason=reason)
        if fate is Fate.CONFLICT:
            raise Conflict("the object has been modified")

    async def watch(self, request: Request) -> AsyncIterator[WatchEvent]:
        await asyncio.sleep(self._chance.expovariate(500.0))
        self._connected(self._server.epoch)
        epoch, plural = self._server.epoch, request.path.rpartition("/")[2]
        known = "sendInitialEvents" not in request.query
        begun = self._begun_earlier(request)
        async for event in InProcessTransport(self._server.api).watch(begun):
            await self._delay(plural)
            if begun is not request and int(objects.revision(event.object)) <= self._seen.get(plural, 0):
                await asyncio.sleep(self._chance.uniform(0.0, 2.0))  # what was seen before shows for a while
            self._connected(epoch)
            if self._drawn(self._sky.weather.cut):
                raise ConnectionError("the watch broke")
            known = known or INITIAL_EVENTS_END in objects.annotations(event.object)
            if known:
                revision = int(objects.revision(event.object))
                self._seen[plural] = max(revision, self._seen.get(plural, 0))
            yield event
            if known and self._drawn(self._sky.weather.repeated):
                yield event
        self._connected(epoch)
        if self._drawn(0.5):
            raise ConnectionError("the watch broke")

    async def _delay(self, plural: str) -> None:
        silent = self._silent.get(plural, 0.0) - asyncio.get_running_loop().time()
        await asyncio.sleep(max(silent, lag(self._chance, self._sky.weather)))

    def _connected(self, epoch: int) -> None:
        if self.dead or not self._server.up or self._server.epoch != epoch:
            raise ConnectionError("the connection broke")

    def _drawn(self, probability: float) -> bool:
        return probability > 0 and self._sky.weather is not FAIR and self._chance.random() < probability

    def _begun_earlier(self, request: Request) -> Request:
        """A watch that goes on may begin with what was seen already."""
        since = request.query.get("resourceVersion")
        if not since or not self._drawn(self._sky.weather.further_back):
            return request
        earlier = max(1, int(str(since)) - self._chance.randint(1, 40))
        return replace(request, query={**request.query, "resourceVersion": str(earlier)})


def _forgotten(travel: "asyncio.Task[Response]") -> None:
    """An error that nobody waits for any more is nobody's."""
    if not travel.cancelled():
        travel.exception()
