"""What the runtime is asked for: the sandbox and the containers of a pod, as values of the runtime contract."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eachpod.model import objects
from eachpod.model.objects import Object, dig

from . import podspec
from .expansion import expand
from .hosts import kernel_hostname
from .podstate import Container
from .runtime import ContainerSpec, Dns, ImageState, Mount, PortMapping, SandboxSpec
from .security import container_security, limits, sandbox_security

POD_NAME, POD_NAMESPACE, POD_UID = "io.kubernetes.pod.name", "io.kubernetes.pod.namespace", "io.kubernetes.pod.uid"
CONTAINER_NAME = "io.kubernetes.container.name"
RESTART_COUNT = "io.kubernetes.container.restartCount"
MESSAGE_PATH = "io.kubernetes.container.terminationMessagePath"
MESSAGE_POLICY = "io.kubernetes.container.terminationMessagePolicy"


@dataclass(frozen=True, slots=True)
class Ground:
    """What of the node goes into every spec."""

    log_root: str
    cluster_domain: str
    memory: int
    cgroup_parent: str = ""


def log_directory(pod: Object, root: str) -> str:
    return f"{root}/{objects.namespace(pod)}_{objects.name(pod)}_{objects.uid(pod)}"


def log_path(name: str, attempt: int) -> str:
    return f"{name}/{attempt}.log"


def _labels(pod: Object) -> dict[str, str]:
    return {
        POD_NAME: objects.name(pod),
        POD_NAMESPACE: objects.namespace(pod),
        POD_UID: objects.uid(pod),
    }


def sandbox_spec(pod: Object, attempt: int, ground: Ground, dns: Dns, wishes: Sequence[str] = ()) -> SandboxSpec:
    on_host = podspec.host_network(pod)
    uid = objects.uid(pod)
    return SandboxSpec(
        name=objects.name(pod),
        namespace=objects.namespace(pod),
        uid=uid,
        attempt=attempt,
        hostname="" if on_host else kernel_hostname(pod, ground.cluster_domain),
        log_directory=log_directory(pod, ground.log_root),
        dns=dns,
        port_mappings=() if on_host else _ports(pod),
        labels={**objects.labels(pod), **_labels(pod)},
        annotations=objects.annotations(pod),
        security=sandbox_security(pod),
        sysctls={each["name"]: each["value"] for each in dig(pod, "spec", "securityContext", "sysctls", default=[])},
        cgroup_parent=f"{ground.cgroup_parent}/pod{uid}" if ground.cgroup_parent else "",
        addresses=tuple(wishes),
    )


def _ports(pod: Object) -> tuple[PortMapping, ...]:
    return tuple(
        PortMapping(port["containerPort"], port["hostPort"], port.get("protocol") or "TCP", port.get("hostIP") or "")
        for container in podspec.all_containers(pod)
        for port in container.get("ports") or []
        if port.get("hostPort")
    )


@dataclass(frozen=True, slots=True)
class Provided:
    """What was prepared for a container: its environment, mounts, image and the files of the pod."""

    env: Mapping[str, str]
    mounts: Sequence[Mount]
    image: ImageState
    hosts_file: Path | None
    message_file: Path


def container_spec(
    pod: Object, spec: Object, attempt: int, given: Provided, ground: Ground, target: str
) -> ContainerSpec:
    message_path = spec.get("terminationMessagePath") or "/dev/termination-log"
    annotations = {
        podspec.HASH: podspec.fingerprint(spec),
        podspec.RESOURCES: json.dumps(podspec.resources(spec)),
        RESTART_COUNT: str(attempt),
        MESSAGE_PATH: message_path,
        MESSAGE_POLICY: spec.get("terminationMessagePolicy") or "File",
    }
    mounts = [*given.mounts, Mount(str(given.message_file), message_path)]
    if given.hosts_file and not any(each.container_path == "/etc/hosts" for each in mounts):
        mounts.append(Mount(str(given.hosts_file), "/etc/hosts"))
    return ContainerSpec(
        name=spec["name"],
        image=given.image.id,
        image_name=spec.get("image") or "",
        attempt=attempt,
        command=tuple(expand(each, given.env) for each in spec.get("command") or ()),
        args=tuple(expand(each, given.env) for each in spec.get("args") or ()),
        working_dir=spec.get("workingDir") or "",
        env=tuple(given.env.items()),
        mounts=tuple(mounts),
        labels={**_labels(pod), CONTAINER_NAME: spec["name"]},
        annotations=annotations,
        log_path=log_path(spec["name"], attempt),
        stdin=bool(spec.get("stdin")),
        stdin_once=bool(spec.get("stdinOnce")),
        tty=bool(spec.get("tty")),
        resources=limits(pod, spec, ground.memory),
        security=container_security(pod, spec, given.image.user, target),
        stop_signal=dig(spec, "lifecycle", "stopSignal", default=""),
    )


def target_of(pod: Object, name: str, containers: Mapping[str, Container]) -> str:
    """The id of the container whose processes an ephemeral one shares, "" for none."""
    spec = next((each for each in podspec.ephemeral_containers(pod) if each["name"] == name), None)
    known = containers.get((spec or {}).get("targetContainerName") or "")
    return known.seen.id if known and known.seen and known.running else ""
