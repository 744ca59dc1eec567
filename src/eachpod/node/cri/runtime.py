"""The runtime contract over the CRI: what the agent asks, containerd (or another CRI runtime) does."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

from eachpod.node.network.namespaces import inside
from eachpod.node.runtime import (
    ContainerSpec,
    ContainerState,
    ContainerStats,
    Credentials,
    ExecResult,
    ImageState,
    NotFoundFault,
    RuntimeFault,
    SandboxSpec,
    SandboxState,
    Snapshot,
    StreamTarget,
    Version,
)

from . import events, replies, requests
from .channel import Channel

log = logging.getLogger(__name__)

# Seconds that the runtime may take. Lists and statuses are a matter of milliseconds; what starts and stops processes
# has the kubelet's two minutes; a pull ends when it ends.
_QUICK, _SLOW = 10.0, 120.0


class CriRuntime:
    """`wishes` is the folder that the node's IPAM plugin reads wished-for addresses from (see `config.py`). `netns` is
    the runtime's network namespace where it is not the agent's: the streaming server listens on loopback there."""

    def __init__(self, path: str, wishes: Path | None = None, netns: str = "") -> None:
        self._channel = Channel(path)
        self._wishes, self._netns = wishes, netns

    async def close(self) -> None:
        await self._channel.close()

    async def version(self) -> Version:
        said = await self._channel.call("Version", _QUICK)
        return Version(said.runtime_name, said.runtime_version, said.runtime_api_version)

    async def run_sandbox(self, spec: SandboxSpec) -> str:
        wish = self._wish(spec)
        try:
            reply = await self._channel.call(
                "RunPodSandbox", 2 * _SLOW, config=requests.sandbox(spec), runtime_handler=spec.runtime_handler
            )
        finally:
            if wish:
                wish.unlink(missing_ok=True)
        return str(reply.pod_sandbox_id)

    async def stop_sandbox(self, sandbox_id: str) -> None:
        await self._gone_is_done("StopPodSandbox", _SLOW, pod_sandbox_id=sandbox_id)

    async def remove_sandbox(self, sandbox_id: str) -> None:
        await self._gone_is_done("RemovePodSandbox", _SLOW, pod_sandbox_id=sandbox_id)

    async def sandbox_status(self, sandbox_id: str) -> SandboxState:
        reply = await self._channel.call("PodSandboxStatus", _QUICK, pod_sandbox_id=sandbox_id, verbose=True)
        return replies.sandbox_status(reply)

    async def create_container(self, sandbox: SandboxState, sandbox_spec: SandboxSpec, spec: ContainerSpec) -> str:
        reply = await self._channel.call(
            "CreateContainer",
            _SLOW,
            pod_sandbox_id=sandbox.id,
            config=requests.container(spec),
            sandbox_config=requests.sandbox(sandbox_spec),
        )
        return str(reply.container_id)

    async def start_container(self, container_id: str) -> None:
        await self._channel.call("StartContainer", _SLOW, container_id=container_id)

    async def stop_container(self, container_id: str, grace_seconds: int) -> None:
        limit = grace_seconds + _SLOW
        await self._gone_is_done("StopContainer", limit, container_id=container_id, timeout=grace_seconds)

    async def remove_container(self, container_id: str) -> None:
        await self._gone_is_done("RemoveContainer", _SLOW, container_id=container_id)

    async def container_status(self, container_id: str) -> ContainerState:
        reply = await self._channel.call("ContainerStatus", _QUICK, container_id=container_id, verbose=True)
        return replies.container_status(reply)

    async def snapshot(self) -> Snapshot:
        # Sandboxes first: a container that is listed then has its sandbox in the list before it.
        sandboxes = await self._channel.call("ListPodSandbox", _QUICK)
        containers = await self._channel.call("ListContainers", _QUICK)
        return Snapshot(
            tuple(map(replies.sandbox, sandboxes.items)), tuple(map(replies.container, containers.containers))
        )

    def events(self) -> AsyncIterator[str]:
        return events.hints(self._channel)

    async def pull_image(self, image: str, credentials: Credentials | None, sandbox: SandboxSpec | None = None) -> str:
        fields = {"image": {"image": image}}
        more = {"auth": requests.credentials(credentials)} if credentials else {}
        if sandbox:
            more["sandbox_config"] = requests.sandbox(sandbox)
        await self._channel.call("PullImage", None, **fields, **more)
        found = await self.image_status(image)
        if found is None:
            raise RuntimeFault(f"image {image} was pulled and is gone already", "ErrImagePull")
        return found.id

    async def image_status(self, image: str) -> ImageState | None:
        reply = await self._channel.call("ImageStatus", _QUICK, image={"image": image})
        return replies.image(reply.image) if reply.HasField("image") else None

    async def exec_sync(self, container_id: str, command: tuple[str, ...], timeout_seconds: int) -> ExecResult:
        limit = timeout_seconds + _SLOW if timeout_seconds else None
        try:
            reply = await self._channel.call(
                "ExecSync", limit, container_id=container_id, cmd=command, timeout=timeout_seconds
            )
        except RuntimeFault as fault:
            if "code = DeadlineExceeded" in fault.message:
                return ExecResult(0, timed_out=True)
            raise
        return ExecResult(reply.exit_code, reply.stdout, reply.stderr)

    async def open_exec(
        self, container_id: str, command: tuple[str, ...], *, tty: bool, stdin: bool, stdout: bool, stderr: bool
    ) -> StreamTarget:
        streams = {"tty": tty, "stdin": stdin, "stdout": stdout, "stderr": stderr and not tty}
        reply = await self._channel.call("Exec", _QUICK, container_id=container_id, cmd=command, **streams)
        return self._target(reply.url)

    async def open_attach(
        self, container_id: str, *, tty: bool, stdin: bool, stdout: bool, stderr: bool
    ) -> StreamTarget:
        streams = {"tty": tty, "stdin": stdin, "stdout": stdout, "stderr": stderr and not tty}
        reply = await self._channel.call("Attach", _QUICK, container_id=container_id, **streams)
        return self._target(reply.url)

    async def open_port_forward(self, sandbox_id: str, ports: tuple[int, ...]) -> StreamTarget:
        reply = await self._channel.call("PortForward", _QUICK, pod_sandbox_id=sandbox_id, port=ports)
        return self._target(reply.url)

    async def reopen_log(self, container_id: str) -> None:
        await self._channel.call("ReopenContainerLog", _QUICK, container_id=container_id)

    async def stats(self) -> tuple[ContainerStats, ...]:
        reply = await self._channel.call("ListContainerStats", _QUICK)
        return tuple(map(replies.stats, reply.stats))

    async def _gone_is_done(self, method: str, limit: float, /, **fields: object) -> None:
        try:
            await self._channel.call(method, limit, **fields)
        except NotFoundFault:
            return

    def _wish(self, spec: SandboxSpec) -> Path | None:
        """Leaves word for the IPAM plugin, which knows a pod by its uid. A wish is no more than that: a pod whose wish
        cannot be told gets another address."""
        if self._wishes is None or not spec.addresses:
            return None
        path = self._wishes / spec.uid
        try:
            self._wishes.mkdir(parents=True, exist_ok=True)
            path.write_text(" ".join(spec.addresses))
        except OSError as error:
            log.warning("pod %s/%s may get another address: %s", spec.namespace, spec.name, error)
            return None
        return path

    def _target(self, url: str) -> StreamTarget:
        parts = urlsplit(url)
        host, port = parts.hostname or "127.0.0.1", parts.port or 80

        async def connect() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            if not self._netns:
                return await asyncio.open_connection(host, port)
            made = await asyncio.to_thread(inside, self._netns, lambda: socket.create_connection((host, port), 5))
            return await asyncio.open_connection(sock=made)

        return StreamTarget(parts.path, connect)
