"""Pods for tests of the node agent, and a small world that carries the machine's commands out at once."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest

from eachpod.node import podmachine
from eachpod.node.podstate import (
    Admitted,
    Cancel,
    CleanUp,
    Command,
    DeletePod,
    Done,
    PodEvent,
    PodState,
    PrepareVolumes,
    RunSandbox,
    StartContainer,
    StatusWritten,
    StopContainer,
    StopSandbox,
)
from eachpod.node.runtime import ContainerState, Phase, SandboxState

Object = dict[str, Any]


def pod(*containers: Object, **spec: Any) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web-0", "namespace": "default", "uid": "u1", "generation": 1, "resourceVersion": "5"},
        "spec": {
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "containers": list(containers) or [{"name": "c", "image": "nginx"}],
            **spec,
        },
        "status": {"phase": "Pending"},
    }


def deleted(obj: Object, grace: int = 30) -> Object:
    about = {**obj["metadata"], "deletionTimestamp": "2026-01-01T00:00:30Z", "deletionGracePeriodSeconds": grace}
    return {**obj, "metadata": about}


def sandbox(attempt: int = 0) -> SandboxState:
    return SandboxState(f"s{attempt}", "web-0", "default", "u1", attempt, True, 1.0, {}, {}, ("10.0.0.2",))


def container(name: str, attempt: int = 0, phase: Phase = Phase.RUNNING, **fields: Any) -> ContainerState:
    """One that runs since second 2, or that ended at 3."""
    ended = {"finished_at": 3.0, "reason": "Completed"} if phase is Phase.EXITED else {}
    times = {"started_at": 2.0, **ended, **fields}
    return ContainerState(f"{name}-{attempt}", "s0", name, attempt, phase, 1.0, {}, {}, "nginx", "nginx@x", **times)


@dataclass
class World:
    """Does what the machine orders; `exits` are the exit codes that a container's runs end with at once."""

    state: PodState
    now: float = 0.0
    exits: dict[str, list[int]] = field(default_factory=dict)
    orders: list[Command] = field(default_factory=list)

    @classmethod
    def of(cls, obj: Object, **exits: list[int]) -> "World":
        world = cls(podmachine.begin(obj, 0.0), exits=exits)
        world.tell(Admitted())
        return world

    def tell(self, *events: PodEvent) -> None:
        todo = list(events)
        while todo:
            self.state, commands = podmachine.handle(self.state, todo.pop(0), self.now)
            self.orders += commands
            for command in commands:
                todo += self.effects(command)
            if not todo and self.state.cleaned and not self.state.final_status_written:
                todo.append(StatusWritten())

    def effects(self, command: Command) -> Iterable[PodEvent]:
        match command:
            case PrepareVolumes():
                return [Done("volumes")]
            case RunSandbox(attempt):
                return [Done("sandbox", sandbox(attempt))]
            case StartContainer(name, attempt):
                return [Done(f"start:{name}", self.started(name, attempt))]
            case StopContainer(name):
                seen = self.state.containers[name].seen
                assert seen
                ended = replace(seen, phase=Phase.EXITED, finished_at=self.now, exit_code=0)
                return [Done(f"stop:{name}", ended)]
            case StopSandbox():
                return [Done("stop-sandbox")]
            case CleanUp():
                return [Done("clean")]
            case DeletePod():
                return [Done("delete")]
            case Cancel():
                return []
        return []

    def started(self, name: str, attempt: int) -> ContainerState:
        codes = self.exits.get(name)
        if not codes:
            return container(name, attempt, started_at=self.now)
        code = codes.pop(0)
        return container(name, attempt, Phase.EXITED, started_at=self.now, finished_at=self.now, exit_code=code)

    def of_kind(self, *kinds: type) -> list[Any]:
        return [each for each in self.orders if isinstance(each, kinds)]


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    """The builders of this file, for tests to call."""
    return SimpleNamespace(pod=pod, deleted=deleted, container=container, sandbox=sandbox, world=World.of)
