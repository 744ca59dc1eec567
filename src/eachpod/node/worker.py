"""One pod's worker: feeds the machine, has its commands carried out, and keeps the API's status equal to the machine's.

Events are handled one at a time; the operations that commands start run beside, so that a stop of thirty seconds or a
pull of minutes keeps nothing waiting, not even the same pod. A status is written as soon as the events at hand are
worked off, one write at a time, so that quick successions become one write.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass

from eachpod.client.client import Client
from eachpod.client.correlate import Note
from eachpod.client.events import Recorder
from eachpod.model import objects
from eachpod.model.errors import Conflict, NotFound, StatusError
from eachpod.model.objects import Object
from eachpod.model.resources import POD
from eachpod.wire.http import STRATEGIC_PATCH

from . import podmachine, podspec, status
from .hands import Hands
from .podstate import (
    CLEAN,
    DELETE,
    STOP,
    Cancel,
    Command,
    DeletePod,
    Done,
    HostInfo,
    PodEvent,
    PodSeen,
    PodState,
    StatusWritten,
    Tell,
    Tick,
    WakeAt,
    Work,
    operation_of,
)
from .runtime import RuntimeFault
from .statuspatch import status_patch

log = logging.getLogger(__name__)

_RETRY_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all workers of a node share. `left` is told the uid of a pod that nothing is left to do for."""

    client: Client
    hands: Hands
    host: HostInfo
    recorder: Recorder
    clock: Callable[[], float]
    left: Callable[[str], None]
    # Simulated pods: nobody waits for the last words of a pod without finalizers, so they are not written.
    spare_last_status: bool = False


class PodWorker:
    def __init__(self, around: Surroundings, pod: Object) -> None:
        self._around = around
        self.uid = objects.uid(pod)
        self.state: PodState = podmachine.begin(pod, around.clock())
        self._inbox: deque[PodEvent] = deque()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._scheduled = False
        self._timer: asyncio.TimerHandle | None = None
        self._wake_at = 0.0
        self._writing: asyncio.Task[None] | None = None
        self._closed = False
        self._failures = 0
        self._refused: tuple[str, Object] | None = None

    def post(self, event: PodEvent) -> None:
        self._inbox.append(event)
        if not self._scheduled and not self.state.done and not self._closed:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._drain)

    def close(self) -> None:
        """Let go of the pod; what runs goes on running."""
        self._closed = True
        for task in [*self._tasks.values(), *([self._writing] if self._writing else [])]:
            task.cancel()
        if self._timer:
            self._timer.cancel()

    def _drain(self) -> None:
        self._scheduled = False
        around = self._around
        while True:
            while self._inbox and not self.state.done:
                self.state, commands = podmachine.handle(self.state, self._inbox.popleft(), around.clock())
                for command in commands:
                    self._carry_out(command)
            if self.state.done:
                break
            self._inbox.extend(around.hands.watch_probes(self.state))
            if not self._inbox and self._publish():
                break
        if self.state.done:
            around.hands.watch_probes(self.state)
            if self._timer:
                self._timer.cancel()
            around.left(self.uid)

    def _carry_out(self, command: Command) -> None:
        match command:
            case Tell():
                self._tell(command)
            case WakeAt(time):
                self._wake(time)
            case Cancel(operation):
                if operation in self._tasks:
                    self._tasks[operation].cancel()
            case DeletePod():
                self._spawn(DELETE, self._delete())
            case _:
                self._work(command)

    def _work(self, command: Work) -> None:
        operation = operation_of(command)
        outcome = self._around.hands.perform(self.state, command, operation)
        if isinstance(outcome, Done):
            self._inbox.append(outcome)
        else:
            self._spawn(operation, self._await(operation, outcome), outcome)

    def _spawn(self, name: str, work: Awaitable[None], inner: object = None) -> None:
        key = name if name not in self._tasks else f"{name}#{len(self._tasks)}"
        task = asyncio.ensure_future(work)
        self._tasks[key] = task
        task.add_done_callback(lambda ended: self._ended(key, name, ended, inner))

    def _ended(self, key: str, operation: str, task: asyncio.Task[None], inner: object) -> None:
        self._tasks.pop(key, None)
        if task.cancelled():  # before its first step, so that it could say nothing itself
            if isinstance(inner, Coroutine):
                inner.close()
            self.post(Done(operation, failed=True, reason="Cancelled"))

    async def _await(self, operation: str, outcome: Awaitable[Done]) -> None:
        try:
            done = await outcome
        except asyncio.CancelledError:
            done = Done(operation, failed=True, reason="Cancelled")
        except RuntimeFault as fault:
            done = Done(operation, failed=True, reason=fault.reason, message=fault.message)
        except Exception as error:  # a defect in one pod must not end the others, nor this one's next try
            log.exception("pod %s: %s failed", objects.name(self.state.pod), operation)
            done = Done(operation, failed=True, message=str(error) or type(error).__name__)
        if done.failed and operation.startswith((CLEAN, STOP)):
            await asyncio.sleep(1)  # ordered again at once otherwise
        self.post(done)

    async def _delete(self) -> None:
        pod = self.state.pod
        try:
            await self._around.client.delete(
                POD, objects.name(pod), objects.namespace(pod), uid=self.uid, grace_seconds=0
            )
        except (NotFound, Conflict):
            pass  # gone, or another pod of that name is there
        except (StatusError, ConnectionError) as error:
            log.warning("pod %s/%s was not removed: %s", objects.namespace(pod), objects.name(pod), error)
            await asyncio.sleep(1)
            self.post(Done(DELETE, failed=True))
            return
        self.post(Done(DELETE))

    def _tell(self, told: Tell) -> None:
        pod = self.state.pod
        path = podspec.field_path(pod, told.container) if told.container else ""
        self._around.recorder.tell(Note(pod, told.reason, told.message, told.type, path))

    def _wake(self, time: float) -> None:
        if self._timer and self._wake_at <= time:
            return
        if self._timer:
            self._timer.cancel()
        self._wake_at = time
        delay = max(time - self._around.clock(), 0) + 0.005
        self._timer = asyncio.get_running_loop().call_later(delay, self._woken)

    def _woken(self) -> None:
        self._timer = None
        self.post(Tick())

    def _publish(self) -> bool:
        """See that the API gets the status. False where there is more to do at once."""
        if self.state.gone or self._writing or not (self.state.admitted or objects.deleting(self.state.pod)):
            return True
        pod = self.state.pod
        if self.state.cleaned and self._around.spare_last_status and not objects.finalizers(pod):
            return self._written()
        host = self._around.host
        patch = status_patch(pod, status.generate(self.state, host, self._around.clock()), host.annotations)
        if patch is None or self._refused == (objects.revision(pod), patch):
            return self._written()
        self._writing = asyncio.ensure_future(self._write(patch))
        return True

    def _written(self) -> bool:
        if self.state.cleaned and not self.state.final_status_written:
            self._inbox.append(StatusWritten())
            return False
        return True

    async def _write(self, patch: Object) -> None:
        pod = self.state.pod
        try:
            fresh = await self._around.client.patch(
                POD, objects.name(pod), objects.namespace(pod), patch, subresource="status",
                content_type=STRATEGIC_PATCH,
            )  # fmt: skip
            self._failures = 0
            # Should the server keep something else, asking the same again of the same state would change nothing.
            self._refused = (objects.revision(fresh), patch)
            self._writing = None
            self.post(PodSeen(fresh) if objects.uid(fresh) == self.uid else Tick())
        except (NotFound, Conflict):
            self._writing = None
            self._refused = (objects.revision(pod), patch)  # another pod of that name, or gone: the watch will tell
            self.post(Tick())
        except (StatusError, ConnectionError) as error:
            wait = _RETRY_SECONDS[min(self._failures, len(_RETRY_SECONDS) - 1)]
            self._failures += 1
            level = logging.WARNING if self._failures == 3 else logging.DEBUG
            log.log(level, "status of pod %s/%s: %s", objects.namespace(pod), objects.name(pod), error)
            await asyncio.sleep(wait)
            self._writing = None
            self.post(Tick())
