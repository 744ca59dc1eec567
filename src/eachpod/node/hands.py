"""What carries out the pod machine's commands: real containers (`containers.py`) or none (`simulated.py`)."""

from collections.abc import Awaitable
from typing import Protocol

from eachpod.model.objects import Object

from .podstate import Done, PodEvent, PodState, Verdict, Work


class Hands(Protocol):
    def admit(self, pod: Object, others: list[Object]) -> Verdict | None:
        """The node's own decision about a pod, given the pods that it has already."""
        ...

    def adopt(self, pod: Object) -> list[PodEvent]:
        """What is there of a pod already, when the agent begins with it."""
        ...

    def perform(self, state: PodState, work: Work, operation: str) -> Done | Awaitable[Done]:
        """At once where it can be, so that nothing waits for a turn of the loop."""
        ...

    def watch_probes(self, state: PodState) -> list[PodEvent]:
        """Keep the probes that run equal to those that the state asks for; what is known at once is returned."""
        ...
