"""Carries out the pod machine's commands with real containers: the acting side of the node agent."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from eachpod.client.correlate import Note
from eachpod.model import objects
from eachpod.model.objects import Object, dig

from . import admission, podspec
from .env import EnvironmentFault
from .hosts import NameFault, resolving
from .keptaddresses import KeptAddresses
from .lastwords import with_message
from .podstate import (
    CleanUp,
    ContainerSeen,
    Done,
    PodEvent,
    PodState,
    PrepareVolumes,
    RemoveContainer,
    RunSandbox,
    SandboxSeen,
    StartContainer,
    StopContainer,
    StopSandbox,
    Verdict,
    Work,
)
from .prober import Prober
from .provide import NodeParts, Provider, text_of
from .pulls import Images
from .questions import Subject, ask
from .runtime import ContainerState, NotFoundFault, Phase, RuntimeFault, SandboxSpec, SandboxState
from .security import SecurityFault
from .specs import container_spec, log_directory, log_path, sandbox_spec, target_of
from .volumes.payload import VolumeFault

_SHORTEST_GRACE = 2
_HOOK_SECONDS = 30.0


class ContainerHands:
    def __init__(self, parts: NodeParts, node: Object, prober: Prober) -> None:
        self._parts, self._node, self._prober = parts, node, prober
        self._images, self._provider = Images(parts.runtime), Provider(parts, node)
        self._found: dict[str, tuple[list[SandboxState], list[ContainerState]]] = {}
        self._specs: dict[str, SandboxSpec] = {}
        self._kept = KeptAddresses(parts.data_dir / "addresses.json")

    # What is there at the start

    async def recover(self) -> set[str]:
        """Look at what the runtime has, before the first pod; the uids of the pods that it has something of."""
        runtime = self._parts.runtime
        snapshot = await runtime.snapshot()
        for listed in snapshot.sandboxes:
            self._found.setdefault(listed.uid, ([], []))[0].append(await runtime.sandbox_status(listed.id))
        uids = {sandbox.id: sandbox.uid for sandbox in snapshot.sandboxes}
        for container in snapshot.containers:
            if container.sandbox_id in uids:
                seen = await self.detailed(container)
                self._found[uids[container.sandbox_id]][1].append(seen)
        return set(self._found)

    def adopt(self, pod: Object) -> list[PodEvent]:
        sandboxes, containers = self._found.pop(objects.uid(pod), ([], []))
        found: list[PodEvent] = [
            SandboxSeen(each.id, each) for each in sorted(sandboxes, key=lambda sandbox: sandbox.attempt)
        ]
        containers.sort(key=lambda each: (each.attempt, each.created_at))
        return [*found, *map(ContainerSeen, containers)]

    def admit(self, pod: Object, others: list[Object]) -> Verdict | None:
        return admission.admit(pod, self._node, others)

    def watch_probes(self, state: PodState) -> list[PodEvent]:
        self._prober.keep(state)
        return []

    async def detailed(self, listed: ContainerState) -> ContainerState:
        """The whole state of a listed container, with its last words."""
        return await self._seen(listed.id, listed.sandbox_id)

    # Commands

    def perform(self, state: PodState, work: Work, operation: str) -> Done | Awaitable[Done]:
        match work:
            case PrepareVolumes():
                return self._prepare(state, operation)
            case RunSandbox(attempt):
                return self._run_sandbox(state, attempt, operation)
            case StartContainer(name, attempt):
                return self._start(state, name, attempt, operation)
            case StopContainer():
                return self._stop(state, work, operation)
            case StopSandbox(id):
                return self._simply(self._parts.runtime.stop_sandbox(id), operation)
            case RemoveContainer(id):
                return self._simply(self._parts.runtime.remove_container(id), operation)
            case CleanUp():
                return self._clean(state, operation)

    async def _simply(self, call: Awaitable[None], operation: str) -> Done:
        await call
        return Done(operation)

    async def _prepare(self, state: PodState, operation: str) -> Done:
        uid = objects.uid(state.pod)
        self._parts.volumes.pod_dir(uid).mkdir(parents=True, exist_ok=True)
        try:
            await self._parts.volumes.prepare(state.pod)
        except VolumeFault as fault:
            return Done(operation, failed=True, reason="FailedMount", message=str(fault))
        return Done(operation)

    async def _run_sandbox(self, state: PodState, attempt: int, operation: str) -> Done:
        pod = state.pod
        try:
            spec = self._sandbox_spec(pod, attempt)
        except NameFault as fault:
            return Done(operation, failed=True, message=str(fault))
        _make(spec.log_directory)
        id = await self._parts.runtime.run_sandbox(spec)
        sandbox = await self._parts.runtime.sandbox_status(id)
        self._kept.keep(pod, sandbox.addresses)
        self._provider.write_hosts(pod, sandbox.addresses)
        return Done(operation, sandbox)

    def _sandbox_spec(self, pod: Object, attempt: int) -> SandboxSpec:
        parts = self._parts
        found = resolving(pod, parts.cluster_dns, parts.host.cluster_domain, text_of(parts.resolv_conf))
        if found.fault:
            parts.recorder.tell(Note(pod, found.fault[0], found.fault[1], "Warning"))
        spec = sandbox_spec(pod, attempt, parts.ground, found.dns, self._kept.of(pod))
        self._specs[objects.uid(pod)] = spec
        return spec

    # Starting

    async def _start(self, state: PodState, name: str, attempt: int, operation: str) -> Done:
        pod, runtime = state.pod, self._parts.runtime
        spec = podspec.container(pod, name) or {}
        sandbox = state.sandbox
        assert sandbox is not None, "containers start after the sandbox"
        sandbox_config = self._specs.get(objects.uid(pod)) or self._sandbox_spec(pod, sandbox.attempt)
        id = ""
        try:
            secrets = await self._provider.pull_secrets(pod)
            image = await self._images.ensure(spec, secrets, sandbox_config, self._voice(pod, name))
            given = await self._provider.provide(pod, spec, attempt, image, state.addresses)
            wanted = container_spec(
                pod, spec, attempt, given, self._parts.ground, target_of(pod, name, state.containers)
            )
            _make(f"{sandbox_config.log_directory}/{name}")
            id = await runtime.create_container(sandbox, sandbox_config, wanted)
            self._tell(pod, name, "Created", "Container created")
            await runtime.start_container(id)
        except (EnvironmentFault, SecurityFault, VolumeFault) as fault:
            self._tell(pod, name, "Failed", f"Error: {fault}", "Warning")
            return Done(operation, failed=True, reason="CreateContainerConfigError", message=str(fault))
        except RuntimeFault as fault:
            return await self._start_failed(pod, name, operation, fault, id)
        self._tell(pod, name, "Started", "Container started")
        return await self._started(state, spec, id, operation)

    async def _start_failed(self, pod: Object, name: str, operation: str, fault: RuntimeFault, id: str) -> Done:
        reason = fault.reason or ("RunContainerError" if id else "CreateContainerError")
        pulling = reason in ("ErrImagePull", "ErrImageNeverPull", "RegistryUnavailable", "InvalidImageName")
        self._tell(pod, name, "Failed", f"Error: {reason if pulling else fault.message}", "Warning")
        seen = None
        if id:
            try:
                seen = replace(await self._parts.runtime.container_status(id), name=name)
            except RuntimeFault:
                seen = None
        return Done(operation, seen, failed=True, reason=reason, message=fault.message)

    async def _started(self, state: PodState, spec: Object, id: str, operation: str) -> Done:
        pod, name, runtime = state.pod, spec["name"], self._parts.runtime
        hook = dig(spec, "lifecycle", "postStart")
        if hook:
            outcome = await ask(runtime, self._subject(state, spec, id), hook, _HOOK_SECONDS, "kube-lifecycle/1.37")
            if not outcome.success:
                self._tell(pod, name, "FailedPostStartHook", "PostStartHook failed", "Warning")
                await runtime.stop_container(id, podspec.grace_seconds(pod))
                seen = await self._seen(id, _sandbox_id(state))
                return Done(operation, seen, failed=True, reason="PostStartHookError", message=outcome.text)
        return Done(operation, await self._seen(id, _sandbox_id(state)))

    async def _seen(self, id: str, sandbox_id: str) -> ContainerState:
        seen = replace(await self._parts.runtime.container_status(id), sandbox_id=sandbox_id)
        return await asyncio.to_thread(with_message, seen) if seen.phase is Phase.EXITED else seen

    def _subject(self, state: PodState, spec: Object, id: str) -> Subject:
        address = state.addresses[0] if state.addresses else "127.0.0.1"
        return Subject(state.pod, spec, id, address)

    def _voice(self, pod: Object, name: str) -> Callable[[str, str, str], None]:
        return lambda reason, message, type: self._tell(pod, name, reason, message, type)

    def _tell(self, pod: Object, name: str, reason: str, message: str, type: str = "Normal") -> None:
        self._parts.recorder.tell(Note(pod, reason, message, type, podspec.field_path(pod, name)))

    # Stopping

    async def _stop(self, state: PodState, work: StopContainer, operation: str) -> Done:
        runtime, pod = self._parts.runtime, state.pod
        if not work.message:  # a shorter grace for a stop under way
            await runtime.stop_container(work.id, work.grace)
            return Done(operation, await self._seen(work.id, _sandbox_id(state)))
        self._tell(pod, work.name, "Killing", work.message)
        begun = self._parts.clock()
        spec = podspec.container(pod, work.name) or {}
        hook = dig(spec, "lifecycle", "preStop")
        if hook:
            await self._pre_stop(state, spec, work, hook)
        left = max(int(work.grace - (self._parts.clock() - begun)), min(_SHORTEST_GRACE, work.grace))
        try:
            await runtime.stop_container(work.id, left)
            return Done(operation, await self._seen(work.id, _sandbox_id(state)))
        except NotFoundFault:
            return Done(operation)

    async def _pre_stop(self, state: PodState, spec: Object, work: StopContainer, hook: Object) -> None:
        try:
            async with asyncio.timeout(work.grace):
                subject = self._subject(state, spec, work.id)
                outcome = await ask(self._parts.runtime, subject, hook, work.grace, "kube-lifecycle/1.37")
        except TimeoutError:
            return
        if not outcome.success:
            self._tell(state.pod, work.name, "FailedPreStopHook", "PreStopHook failed", "Warning")

    async def _clean(self, state: PodState, operation: str) -> Done:
        await self.remove_all(objects.uid(state.pod))
        await asyncio.to_thread(shutil.rmtree, log_directory(state.pod, self._parts.ground.log_root), True)
        return Done(operation)

    async def remove_all(self, uid: str) -> None:
        """Everything that the node has of a pod."""
        runtime = self._parts.runtime
        snapshot = await runtime.snapshot()
        ours = [sandbox.id for sandbox in snapshot.sandboxes if sandbox.uid == uid]
        for container in snapshot.containers:
            if container.sandbox_id in ours:
                if container.phase is Phase.RUNNING:
                    await runtime.stop_container(container.id, _SHORTEST_GRACE)
                await runtime.remove_container(container.id)
        for id in ours:
            await runtime.stop_sandbox(id)
            await runtime.remove_sandbox(id)
        await self._parts.volumes.remove(uid)
        self._specs.pop(uid, None)

    def log_file(self, pod: Object, seen: ContainerState) -> Path:
        return Path(log_directory(pod, self._parts.ground.log_root)) / log_path(seen.name, seen.attempt)


def _sandbox_id(state: PodState) -> str:
    return state.sandbox.id if state.sandbox else ""


def _make(folder: str) -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
