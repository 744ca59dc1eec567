"""Pods without containers: addresses, phases and readiness at once, for tests and for plans of scale.

A simulated pod runs as long as it is wanted. Annotations of the pod make it less smooth:
`simulated.eachpod.dev/start-delay: SECONDS` before its containers run, `/ready-delay: SECONDS` before its probes pass,
`/exit-code: N` with `/exit-after: SECONDS` to end.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from eachpod.model import objects
from eachpod.model.objects import Object, dig
from eachpod.model.podphase import is_finished
from eachpod.model.timestamps import parse

from . import admission, podspec
from .addresses import KEEP_ADDRESS, Addresses
from .podstate import (
    ContainerSeen,
    Done,
    PodEvent,
    PodState,
    Probed,
    RunSandbox,
    SandboxSeen,
    StartContainer,
    StopContainer,
    StopSandbox,
    Verdict,
    Work,
)
from .runtime import ContainerState, Phase, SandboxState

_PREFIX = "simulated.eachpod.dev/"
_SCHEME = "simulated://"

Post = Callable[[str, PodEvent], None]


class SimulatedHands:
    """`post` gives a later event to the pod with a uid."""

    def __init__(self, node: Object, pod_cidrs: tuple[str, ...], clock: Callable[[], float], post: Post) -> None:
        self._node, self._clock, self._post = node, clock, post
        self._addresses = Addresses(pod_cidrs)

    def admit(self, pod: Object, others: list[Object]) -> Verdict | None:
        return admission.admit(pod, self._node, others)

    def adopt(self, pod: Object) -> list[PodEvent]:
        """Nothing survives an agent but what it told the API; so that is what is there."""
        status = pod.get("status") or {}
        addresses = tuple(each["ip"] for each in status.get("podIPs") or [])
        if not addresses or is_finished(pod):
            return []
        if not podspec.host_network(pod):
            for address in addresses:
                self._addresses.note(address)
        found: list[PodEvent] = [SandboxSeen("", self._sandbox(pod, 0, addresses))]
        for kind in ("initContainerStatuses", "containerStatuses"):
            found += [ContainerSeen(state) for each in status.get(kind) or [] if (state := _known(each))]
        return found

    def perform(self, state: PodState, work: Work, operation: str) -> Done | Awaitable[Done]:
        match work:
            case RunSandbox(attempt):
                return self._run(state, attempt, operation)
            case StartContainer(name, attempt):
                delay = _seconds(state.pod, "start-delay")
                if delay:
                    return self._later(delay, lambda: self._start(state, name, attempt, operation))
                return self._start(state, name, attempt, operation)
            case StopContainer(name):
                return Done(operation, self._ended(state, name, 0))
            case StopSandbox():
                if not podspec.host_network(state.pod):
                    self._addresses.give_back(state.addresses)
        return Done(operation)

    def watch_probes(self, state: PodState) -> list[PodEvent]:
        found: list[PodEvent] = []
        delay = _seconds(state.pod, "ready-delay")
        for known in state.containers.values():
            if not known.running or known.seen is None or (known.started and known.ready):
                continue
            if delay:
                due = known.seen.started_at + delay
                if self._clock() < due:
                    self._at(due, objects.uid(state.pod), Probed(known.name, known.seen.id, "readiness", True))
                    continue
            if not known.started:
                found.append(Probed(known.name, known.seen.id, "startup", True))
            if not known.ready:
                found.append(Probed(known.name, known.seen.id, "readiness", True))
        return found

    def _run(self, state: PodState, attempt: int, operation: str) -> Done:
        pod = state.pod
        if podspec.host_network(pod):
            addresses: tuple[str, ...] = ()
        else:
            keep = objects.annotations(pod).get(KEEP_ADDRESS) == "true"
            addresses = self._addresses.take(f"{objects.namespace(pod)}/{objects.name(pod)}" if keep else "")
            if not addresses:
                return Done(operation, failed=True, message="no addresses are left in the node's pod range")
        return Done(operation, self._sandbox(pod, attempt, addresses))

    def _sandbox(self, pod: Object, attempt: int, addresses: tuple[str, ...]) -> SandboxState:
        return SandboxState(
            id=f"{_SCHEME}{objects.uid(pod)}/{attempt}", name=objects.name(pod), namespace=objects.namespace(pod),
            uid=objects.uid(pod), attempt=attempt, ready=True, created_at=self._clock(), labels={}, annotations={},
            addresses=addresses,
        )  # fmt: skip

    def _start(self, state: PodState, name: str, attempt: int, operation: str) -> Done:
        now = self._clock()
        spec = podspec.container(state.pod, name) or {}
        image = spec.get("image") or ""
        made_from = {podspec.HASH: podspec.fingerprint(spec)}
        seen = ContainerState(
            id=f"{_SCHEME}{objects.uid(state.pod)}/{name}/{attempt}",
            sandbox_id=state.sandbox.id if state.sandbox else "", name=name, attempt=attempt,
            phase=Phase.RUNNING, created_at=now, labels={}, annotations=made_from, image=image, image_ref=image,
            started_at=now,
        )  # fmt: skip
        init = any(each.get("name") == name for each in podspec.init_containers(state.pod))
        if init and not podspec.is_sidecar(spec):
            return Done(operation, replace(seen, phase=Phase.EXITED, finished_at=now, reason="Completed"))
        after = objects.annotations(state.pod).get(f"{_PREFIX}exit-after")
        if after is not None:
            code = int(_seconds(state.pod, "exit-code"))
            ended = _exited(seen, code, now + _seconds(state.pod, "exit-after"))
            self._at(ended.finished_at, objects.uid(state.pod), ContainerSeen(ended))
        return Done(operation, seen)

    def _ended(self, state: PodState, name: str, code: int) -> ContainerState | None:
        seen = state.containers[name].seen
        return _exited(seen, code, self._clock()) if seen else None

    async def _later(self, delay: float, work: Callable[[], Done]) -> Done:
        await asyncio.sleep(delay)
        return work()

    def _at(self, time: float, uid: str, event: PodEvent) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(max(time - self._clock(), 0) + 0.001, self._post, uid, event)


def _exited(seen: ContainerState, code: int, at: float) -> ContainerState:
    reason = "Error" if code else "Completed"
    return replace(seen, phase=Phase.EXITED, finished_at=at, exit_code=code, reason=reason)


def _known(status: Object) -> ContainerState | None:
    id = str(status.get("containerID") or "")
    running, ended = dig(status, "state", "running"), dig(status, "state", "terminated")
    if not id or (running is None and ended is None):
        return None
    told = running or ended or {}
    return ContainerState(
        id=id, sandbox_id="", name=status["name"], attempt=int(status.get("restartCount") or 0),
        phase=Phase.RUNNING if running is not None else Phase.EXITED, created_at=0.0, labels={}, annotations={},
        image=status.get("image") or "", image_ref=status.get("imageID") or "",
        started_at=parse(told.get("startedAt")) or 0.0, finished_at=parse(told.get("finishedAt")) or 0.0,
        exit_code=int(told.get("exitCode") or 0), reason=told.get("reason") or "",
    )  # fmt: skip


def _seconds(pod: Object, name: str) -> float:
    try:
        return float(objects.annotations(pod).get(_PREFIX + name) or 0)
    except ValueError:
        return 0.0
