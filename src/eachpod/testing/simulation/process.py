"""A program of the cluster that can crash at any moment and start again with nothing in its memory."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from random import Random
from typing import Any

from eachpod.client.client import Client

from .faults import Sky
from .link import Link
from .server import Server
from .story import Story

EPOCH = 1_700_000_000.0


@dataclass(slots=True)
class Clock:
    """Unix seconds as one machine sees them; `offset` jumps."""

    offset: float = 0.0

    def __call__(self) -> float:
        return EPOCH + asyncio.get_running_loop().time() + self.offset


@dataclass(frozen=True, slots=True)
class Scene:
    """What all processes share."""

    server: Server
    sky: Sky
    chance: Random
    story: Story


Program = Callable[[Client, Clock], Coroutine[Any, Any, None]]


class Process:
    def __init__(self, name: str, scene: Scene, program: Program) -> None:
        self.name, self.clock = name, Clock()
        self._scene, self._program = scene, program
        self._link, self._task = self._begin()

    def _begin(self) -> tuple[Link, "asyncio.Task[None]"]:
        scene = self._scene
        link = Link(self.name, scene.server, scene.sky, scene.chance, scene.story)
        task = asyncio.get_running_loop().create_task(self._program(Client(link), self.clock))
        task.add_done_callback(self._ended)
        return link, task

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled():
            self._scene.story.fail(f"{self.name} ended by itself: {task.exception()!r}")

    def blind(self, plural: str, seconds: float) -> None:
        """It hears nothing of a resource for a while."""
        self._scene.story.tell(f"{self.name} hears nothing of {plural} for {seconds:.0f} s")
        self._link.fall_silent(plural, seconds)

    async def crash(self) -> None:
        """Nothing that it does on its way out reaches anybody."""
        self._scene.story.tell(f"{self.name} crashes")
        self._link.dead = True
        self._task.cancel()
        await asyncio.wait((self._task,))

    def start(self) -> None:
        self._scene.story.tell(f"{self.name} starts")
        self._link, self._task = self._begin()
