"""Reads the CRI's messages into the runtime contract's values."""

import json
from dataclasses import replace
from typing import Any

from eachpod.node.runtime import ContainerState, ContainerStats, ImageState, Mount, Phase, SandboxState

Message = Any

_PHASES = {0: Phase.CREATED, 1: Phase.RUNNING, 2: Phase.EXITED}
_PROPAGATION = {1: "HostToContainer", 2: "Bidirectional"}
_READY = 0


def sandbox(listed: Message) -> SandboxState:
    """A sandbox of a list."""
    about = listed.metadata
    return SandboxState(
        id=listed.id,
        name=about.name,
        namespace=about.namespace,
        uid=about.uid,
        attempt=about.attempt,
        ready=listed.state == _READY,
        created_at=_seconds(listed.created_at),
        labels=dict(listed.labels),
        annotations=dict(listed.annotations),
    )


def sandbox_status(reply: Message) -> SandboxState:
    """A sandbox of a verbose status: its process and network namespace are told in the part that is for people."""
    status = reply.status
    plain = sandbox(status)
    network = status.network
    addresses = tuple(ip for ip in (network.ip, *(more.ip for more in network.additional_ips)) if ip)
    info = _info(reply.info)
    return replace(plain, addresses=addresses, pid=int(info.get("pid") or 0), netns=_network_namespace(info))


def container(listed: Message) -> ContainerState:
    """A container of a list."""
    return ContainerState(
        id=listed.id,
        sandbox_id=listed.pod_sandbox_id,
        name=listed.metadata.name,
        attempt=listed.metadata.attempt,
        phase=_PHASES.get(listed.state, Phase.UNKNOWN),
        created_at=_seconds(listed.created_at),
        labels=dict(listed.labels),
        annotations=dict(listed.annotations),
        image=listed.image.image,
        image_ref=listed.image_ref,
    )


def container_status(reply: Message) -> ContainerState:
    """A container of a verbose status; the sandbox is told in the part that is for people."""
    status = reply.status
    finished = _seconds(status.finished_at)
    started = _seconds(status.started_at)
    return ContainerState(
        id=status.id,
        sandbox_id=str(_info(reply.info).get("sandboxID") or ""),
        name=status.metadata.name,
        attempt=status.metadata.attempt,
        phase=_PHASES.get(status.state, Phase.UNKNOWN),
        created_at=_seconds(status.created_at),
        labels=dict(status.labels),
        annotations=dict(status.annotations),
        image=status.image.image,
        image_ref=status.image_ref,
        # containerd notes a start when it has returned from it; a process may have ended before that.
        started_at=min(started, finished) if finished else started,
        finished_at=finished,
        exit_code=status.exit_code,
        reason=status.reason,
        message=status.message,
        log_path=status.log_path,
        mounts=tuple(_mount(mount) for mount in status.mounts),
    )


def image(listed: Message) -> ImageState:
    # An image that names no user runs as root.
    user: int | str = listed.uid.value if listed.HasField("uid") else listed.username or 0
    return ImageState(
        id=listed.id,
        reference=listed.repo_digests[0] if listed.repo_digests else listed.id,
        tags=tuple(listed.repo_tags),
        size=listed.size,
        user=user,
    )


def stats(listed: Message) -> ContainerStats:
    about, cpu, memory = listed.attributes, listed.cpu, listed.memory
    return ContainerStats(
        id=about.id,
        name=about.metadata.name,
        labels=dict(about.labels),
        timestamp=_seconds(cpu.timestamp),
        cpu_nanoseconds=cpu.usage_core_nano_seconds.value,
        memory_working_set=memory.working_set_bytes.value,
        memory_usage=memory.usage_bytes.value or memory.working_set_bytes.value,
    )


def _seconds(nanoseconds: int) -> float:
    return nanoseconds / 1e9


def _mount(mount: Message) -> Mount:
    return Mount(mount.host_path, mount.container_path, mount.readonly, _PROPAGATION.get(mount.propagation, ""))


def _info(info: Any) -> dict[str, Any]:
    try:
        parsed = json.loads(info["info"]) if "info" in info else {}
    except ValueError:
        parsed = {}
    return parsed if isinstance(parsed, dict) else {}


def _network_namespace(info: dict[str, Any]) -> str:
    linux = (info.get("runtimeSpec") or {}).get("linux") or {}
    found = (each for each in linux.get("namespaces") or () if each.get("type") == "network")
    return next((str(each.get("path") or "") for each in found), "")
