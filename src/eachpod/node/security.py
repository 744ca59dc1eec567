"""The effective security context and limits of a container: the pod's settings under the container's own."""

from eachpod.model import quantity
from eachpod.model.objects import Object, dig
from eachpod.model.podspec.qos import qos_class

from . import podspec
from .runtime import NamespaceMode, Resources, Security

_PERIOD = 100_000
_LOWEST_SHARES, _LOWEST_QUOTA = 2, 1000


class SecurityFault(Exception):
    """The container may not run like this (CreateContainerConfigError)."""


def sandbox_security(pod: Object) -> Security:
    context = dig(pod, "spec", "securityContext", default={})
    network, pid, ipc = _namespaces(pod)
    privileged = any(dig(each, "securityContext", "privileged") for each in podspec.all_containers(pod))
    return Security(
        run_as_user=context.get("runAsUser"),
        run_as_group=context.get("runAsGroup") if context.get("runAsUser") is not None else None,
        supplemental_groups=_groups(context),
        privileged=privileged,
        seccomp="RuntimeDefault",
        network=network, pid=pid, ipc=ipc,
    )  # fmt: skip


def container_security(pod: Object, spec: Object, image_user: int | str | None, target_id: str = "") -> Security:
    of_pod = dig(pod, "spec", "securityContext", default={})
    own = spec.get("securityContext") or {}
    merged = {**of_pod, **{key: value for key, value in own.items() if value is not None}}
    _check_user(merged, spec, image_user)
    network, pid, ipc = _namespaces(pod)
    capabilities = own.get("capabilities") or {}
    privileged = bool(own.get("privileged"))
    may_escalate = merged.get("allowPrivilegeEscalation")
    return Security(
        run_as_user=merged.get("runAsUser"),
        # A group without a user needs the image's user beside it.
        run_as_group=merged.get("runAsGroup") if merged.get("runAsUser") is not None else None,
        supplemental_groups=_groups(of_pod),
        privileged=privileged,
        read_only_root=bool(own.get("readOnlyRootFilesystem")),
        no_new_privileges=may_escalate is False,
        add_capabilities=tuple(capabilities.get("add") or ()),
        drop_capabilities=tuple(capabilities.get("drop") or ()),
        seccomp="" if privileged else _profile(merged.get("seccompProfile")),
        apparmor="" if privileged else _apparmor(merged.get("appArmorProfile")),
        unmasked_proc=own.get("procMount") == "Unmasked",
        network=network,
        pid=NamespaceMode.TARGET if target_id else pid,
        ipc=ipc,
        target_id=target_id,
    )


def _check_user(merged: Object, spec: Object, image_user: int | str | None) -> None:
    if not merged.get("runAsNonRoot"):
        return
    user = merged.get("runAsUser")
    name = spec.get("name")
    if user == 0:
        raise SecurityFault(f"container's runAsUser breaks non-root policy (container: {name})")
    if user is None and isinstance(image_user, str):
        text = (
            f"container has runAsNonRoot and image has non-numeric user ({image_user}), cannot verify user is non-root"
        )
        raise SecurityFault(f"{text} (container: {name})")
    if user is None and not image_user:
        raise SecurityFault(f"container has runAsNonRoot and image will run as root (container: {name})")


def _namespaces(pod: Object) -> tuple[NamespaceMode, NamespaceMode, NamespaceMode]:
    """The modes of network, PID and IPC namespaces."""
    spec = pod.get("spec") or {}
    network = NamespaceMode.NODE if spec.get("hostNetwork") else NamespaceMode.POD
    ipc = NamespaceMode.NODE if spec.get("hostIPC") else NamespaceMode.POD
    pid = NamespaceMode.CONTAINER
    if spec.get("hostPID"):
        pid = NamespaceMode.NODE
    elif spec.get("shareProcessNamespace"):
        pid = NamespaceMode.POD
    return network, pid, ipc


def _groups(context: Object) -> tuple[int, ...]:
    groups = [*(context.get("supplementalGroups") or [])]
    if context.get("fsGroup") is not None:
        groups.append(context["fsGroup"])
    return tuple(dict.fromkeys(groups))


def _profile(profile: Object | None) -> str:
    kind = (profile or {}).get("type")
    if kind == "Localhost":
        return f"Localhost:/var/lib/kubelet/seccomp/{(profile or {}).get('localhostProfile')}"
    return "RuntimeDefault" if kind == "RuntimeDefault" else ""


def _apparmor(profile: Object | None) -> str:
    kind = (profile or {}).get("type")
    if kind == "Localhost":
        return str((profile or {}).get("localhostProfile"))
    return ""


def limits(pod: Object, spec: Object, node_memory: int) -> Resources:
    """Linux limits: shares from the CPU request, quota from its limit, memory, and who is killed first."""
    wants = dig(spec, "resources", "requests", default={})
    may = dig(spec, "resources", "limits", default={})
    request = quantity.parse(wants.get("cpu") or may.get("cpu") or "0")
    limit = quantity.parse(may["cpu"]) if "cpu" in may else None
    memory = int(quantity.parse(may["memory"])) if "memory" in may else 0
    quota = max(int(limit * _PERIOD), _LOWEST_QUOTA) if limit else 0
    return Resources(
        cpu_shares=max(int(request * 1024), _LOWEST_SHARES),
        cpu_quota=quota,
        cpu_period=_PERIOD if quota else 0,
        memory_limit=memory,
        oom_score_adj=_oom_score(pod, wants, node_memory),
    )


def _oom_score(pod: Object, wants: Object, node_memory: int) -> int:
    match qos_class(pod.get("spec") or {}):
        case "Guaranteed":
            return -997
        case "BestEffort":
            return 1000
    request = quantity.parse(wants.get("memory") or "0")
    return min(max(1000 - int(1000 * request / max(node_memory, 1)), 3), 999)
