"""The real API server over a store in memory, as something that can crash and start again from what it had stored."""

import asyncio
from collections.abc import Callable
from random import Random

from eachpod.model.kind import Kind
from eachpod.model.kinds import builtin
from eachpod.model.registry import Registry
from eachpod.model.resources import (
    CONTROLLERREVISION,
    ENDPOINTSLICE,
    NAMESPACE,
    NODE,
    PERSISTENTVOLUMECLAIM,
    POD,
    SERVICE,
    STATEFULSET,
)
from eachpod.server.admission.lifecycle import lifecycle
from eachpod.server.admission.storage import in_use_protection
from eachpod.server.app import ApiServer
from eachpod.server.user import User
from eachpod.server.watches import Watch
from eachpod.store.contract import Change, Entry
from eachpod.store.reading import InMemoryReads
from eachpod.store.state import State
from eachpod.wire.http import Request

from .story import Story

KINDS = (NAMESPACE, NODE, SERVICE, POD, PERSISTENTVOLUMECLAIM, STATEFULSET, CONTROLLERREVISION, ENDPOINTSLICE)


def _registry() -> Registry:
    """Only the kinds of the scene: the garbage collector watches all there are, and each costs a watch."""
    return Registry(kind for kind in builtin() if _is_wanted(kind))


def _is_wanted(kind: Kind) -> bool:
    return kind.resource in KINDS


_REGISTRY = _registry()
_PLUGINS = (lifecycle, in_use_protection)


class Disk(InMemoryReads):
    """A store whose commits take time, as on a disk, one after the other."""

    def __init__(self, state: State, clock: Callable[[], float], chance: Random) -> None:
        super().__init__(state, clock)
        self._chance = chance
        self._turn = asyncio.Lock()
        self.gone = False

    async def commit(self, change: Change) -> Entry:
        async with self._turn:
            await asyncio.sleep(self._chance.expovariate(2000.0))
            if self.gone:
                raise ConnectionError("the server is gone")
            event = self._state.stage(change)
            self._state.apply(event)
        self._tick()
        return event.entry

    def compact(self, revision: int) -> None:
        self._state.compact(revision)

    async def close(self) -> None:
        return

    def reopened(self) -> "Disk":
        """What a new process reads from the disk: every object, the revision, and no history."""
        self.gone = True
        state = State()
        entries = [entry for kind in KINDS for entry in self._state.entries(kind.group_resource, "")]
        for entry in sorted(entries, key=lambda one: one.revision):
            state.load("ADDED", entry, past=True)
        state.start_at(self.revision, self.revision)
        return Disk(state, self._clock, self._chance)


class _Api(ApiServer):
    """Knows its open watches, so that they can break."""

    def open_watches(self) -> list[Watch]:
        return [watch for watch in self.__dict__.setdefault("_watches", []) if watch._stop is not None]

    def watch(self, request: Request, user: User, *, encoded: bool = True) -> Watch:
        made = ApiServer.watch(self, request, user, encoded=encoded)
        self.__dict__["_watches"] = [*self.open_watches(), made]
        return made


class Server:
    """`epoch` counts the starts. `follow` is called with the store of each."""

    def __init__(
        self, chance: Random, clock: Callable[[], float], story: Story, follow: Callable[[InMemoryReads], None]
    ) -> None:
        self._chance, self._clock, self._story, self._follow = chance, clock, story, follow
        self.store = Disk(State(), asyncio.get_running_loop().time, chance)
        self.epoch = 0
        self.api = self._start()
        self.up = True

    def _start(self) -> _Api:
        self.epoch += 1
        self._follow(self.store)
        return _Api(
            self.store,
            registry=_REGISTRY,
            plugins=_PLUGINS,
            clock=self._clock,
            entropy=lambda: self._chance.randbytes(48),
        )

    def crash(self) -> None:
        self._story.tell("the server crashes")
        self.up = False
        self.epoch += 1
        for watch in self.api.open_watches():
            watch.close()

    def restart(self) -> None:
        self._story.tell("the server starts again")
        self.store = self.store.reopened()
        self.api = self._start()
        self.up = True

    def cut_a_watch(self) -> None:
        watches = self.api.open_watches()
        if watches:
            chosen = self._chance.choice(watches)
            self._story.tell(f"a watch of {chosen.request.resource} breaks")
            chosen.close()

    def compact(self) -> None:
        self._story.tell(f"the server forgets its history up to {self.store.revision}")
        self.store.compact(self.store.revision)
