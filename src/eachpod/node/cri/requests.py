"""Builds the CRI's messages from the runtime contract's values.

Every setting is written out where the CRI's zero value is not what a pod means: an unset pid namespace, for one, is
shared by the whole pod there.
"""

from collections.abc import Iterable
from typing import Any

from eachpod.node.runtime import (
    ContainerSpec,
    Credentials,
    Mount,
    NamespaceMode,
    PortMapping,
    Resources,
    SandboxSpec,
    Security,
)
from eachpod.wire import cri

Message = Any

_NAMESPACE = {
    NamespaceMode.POD: 0,
    NamespaceMode.CONTAINER: 1,
    NamespaceMode.NODE: 2,
    NamespaceMode.TARGET: 3,
}
_PROTOCOL = {"TCP": 0, "UDP": 1, "SCTP": 2}
_PROPAGATION = {"": 0, "None": 0, "HostToContainer": 1, "Bidirectional": 2}
_SIGNALS = (
    "", "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE", "POLL",
    "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU", "URG", "USR1",
    "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN", *(f"RTMIN+{n}" for n in range(1, 16)),
    *(f"RTMAX-{n}" for n in range(14, 0, -1)), "RTMAX",
)  # fmt: skip
_RUNTIME_DEFAULT, _UNCONFINED, _LOCALHOST = 0, 1, 2

# What an ordinary container does not see or cannot write of /proc and /sys (the kubelet's lists).
MASKED_PATHS = (
    "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
    "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
    "/sys/devices/virtual/powercap",
)  # fmt: skip
READ_ONLY_PATHS = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")


def sandbox(spec: SandboxSpec) -> Message:
    config = cri.PodSandboxConfig(
        metadata=cri.PodSandboxMetadata(name=spec.name, uid=spec.uid, namespace=spec.namespace, attempt=spec.attempt),
        hostname=spec.hostname,
        log_directory=spec.log_directory,
        port_mappings=[_port(port) for port in spec.port_mappings],
        labels=dict(spec.labels),
        annotations=dict(spec.annotations),
        linux=cri.LinuxPodSandboxConfig(
            cgroup_parent=spec.cgroup_parent,
            sysctls=dict(spec.sysctls),
            security_context=_sandbox_security(spec.security),
        ),
    )
    if spec.dns:
        dns = spec.dns
        config.dns_config.CopyFrom(
            cri.DNSConfig(servers=dns.servers, searches=dns.searches, options=dns.options)  # in resolv.conf's order
        )
    return config


def container(spec: ContainerSpec) -> Message:
    return cri.ContainerConfig(
        metadata=cri.ContainerMetadata(name=spec.name, attempt=spec.attempt),
        image=cri.ImageSpec(image=spec.image, user_specified_image=spec.image_name),
        command=spec.command,
        args=spec.args,
        working_dir=spec.working_dir,
        envs=[cri.KeyValue(key=key, value=value.encode()) for key, value in spec.env],
        mounts=[_mount(mount) for mount in spec.mounts],
        labels=dict(spec.labels),
        annotations=dict(spec.annotations),
        log_path=spec.log_path,
        stdin=spec.stdin,
        stdin_once=spec.stdin_once,
        tty=spec.tty,
        stop_signal=_signal(spec.stop_signal),
        linux=cri.LinuxContainerConfig(
            resources=_resources(spec.resources), security_context=_container_security(spec.security)
        ),
    )


def _signal(name: str) -> int:
    """The number that the CRI gives a signal by its place in its own list, 0 (the image's) where none is asked for."""
    return _SIGNALS.index(name.removeprefix("SIG"))


def credentials(given: Credentials) -> Message:
    return cri.AuthConfig(username=given.username, password=given.password, identity_token=given.identity_token)


def _port(port: PortMapping) -> Message:
    return cri.PortMapping(
        protocol=_PROTOCOL[port.protocol],
        container_port=port.container_port,
        host_port=port.host_port,
        host_ip=port.host_ip,
    )


def _mount(mount: Mount) -> Message:
    return cri.Mount(
        host_path=mount.host_path,
        container_path=mount.container_path,
        readonly=mount.read_only,
        propagation=_PROPAGATION[mount.propagation],
    )


def _resources(limits: Resources) -> Message:
    return cri.LinuxContainerResources(
        cpu_shares=limits.cpu_shares,
        cpu_quota=limits.cpu_quota,
        cpu_period=limits.cpu_period,
        memory_limit_in_bytes=limits.memory_limit,
        oom_score_adj=limits.oom_score_adj,
        hugepage_limits=[cri.HugepageLimit(page_size=size, limit=limit) for size, limit in limits.hugepage_limits],
    )


def _namespaces(security: Security) -> Message:
    return cri.NamespaceOption(
        network=_NAMESPACE[security.network],
        pid=_NAMESPACE[security.pid],
        ipc=_NAMESPACE[security.ipc],
        target_id=security.target_id,
    )


def _sandbox_security(security: Security) -> Message:
    context = cri.LinuxSandboxSecurityContext(
        namespace_options=_namespaces(security),
        readonly_rootfs=security.read_only_root,
        supplemental_groups=security.supplemental_groups,
        privileged=security.privileged,
        # The sandbox's own process needs nothing; it runs with the default profile whatever the containers have.
        seccomp=cri.SecurityProfile(profile_type=_RUNTIME_DEFAULT),
    )
    _user(context, security)
    return context


def _container_security(security: Security) -> Message:
    hides = not (security.unmasked_proc or security.privileged)
    context = cri.LinuxContainerSecurityContext(
        namespace_options=_namespaces(security),
        privileged=security.privileged,
        readonly_rootfs=security.read_only_root,
        supplemental_groups=security.supplemental_groups,
        no_new_privs=security.no_new_privileges,
        masked_paths=MASKED_PATHS if hides else (),
        readonly_paths=READ_ONLY_PATHS if hides else (),
        seccomp=_profile(security.seccomp),
        capabilities=_capabilities(security.add_capabilities, security.drop_capabilities),
    )
    # Only where asked for: a host without AppArmor refuses the container otherwise.
    if security.apparmor and security.apparmor != "Unconfined":
        context.apparmor.CopyFrom(_profile(security.apparmor))
        context.apparmor_profile = _old_apparmor(security.apparmor)
    _user(context, security)
    return context


def _user(context: Message, security: Security) -> None:
    if security.run_as_user is not None:
        context.run_as_user.value = security.run_as_user
    if security.run_as_group is not None:
        context.run_as_group.value = security.run_as_group


def _capabilities(add: Iterable[str], drop: Iterable[str]) -> Message:
    return cri.Capability(add_capabilities=list(add), drop_capabilities=list(drop))


def _profile(name: str) -> Message:
    """A seccomp or AppArmor profile; the runtimes take local ones by a plain path or name."""
    if name == "RuntimeDefault":
        return cri.SecurityProfile(profile_type=_RUNTIME_DEFAULT)
    if name in ("", "Unconfined"):
        return cri.SecurityProfile(profile_type=_UNCONFINED)
    return cri.SecurityProfile(profile_type=_LOCALHOST, localhost_ref=name.removeprefix("Localhost:"))


def _old_apparmor(name: str) -> str:
    """The same in the field that runtimes before 1.7 read."""
    return "runtime/default" if name == "RuntimeDefault" else f"localhost/{name.removeprefix('Localhost:')}"
