"""Contract values to messages and back; what the agent means must be on the wire, zero values included."""

import json
from dataclasses import replace

import pytest

from eachpod.node.cri import faults, replies, requests
from eachpod.node.runtime import (
    ContainerSpec,
    Dns,
    Mount,
    NamespaceMode,
    NotFoundFault,
    Phase,
    PortMapping,
    Resources,
    SandboxSpec,
    Security,
)
from eachpod.wire import cri

SANDBOX = SandboxSpec(
    name="web-0",
    namespace="default",
    uid="u",
    attempt=2,
    hostname="web-0",
    dns=Dns(("1.1.1.1",), ("a", "b"), ("ndots:5",)),
    port_mappings=(PortMapping(80, 8080, "UDP", "127.0.0.1"),),
    sysctls={"net.core.somaxconn": "9"},
    cgroup_parent="/pods/u",
)


def test_a_sandbox_has_its_own_process_namespace_unless_it_says_otherwise() -> None:
    made = requests.sandbox(SANDBOX)
    options = made.linux.security_context.namespace_options
    assert (options.network, options.pid, options.ipc) == (0, 1, 0)
    shared = Security(network=NamespaceMode.NODE, pid=NamespaceMode.POD, ipc=NamespaceMode.NODE)
    options = requests.sandbox(replace(SANDBOX, security=shared)).linux.security_context.namespace_options
    assert (options.network, options.pid, options.ipc) == (2, 0, 2)
    assert (made.metadata.attempt, made.linux.cgroup_parent) == (2, "/pods/u")
    assert made.linux.sysctls == {"net.core.somaxconn": "9"}
    assert (made.port_mappings[0].protocol, made.port_mappings[0].host_ip) == (1, "127.0.0.1")
    assert list(made.dns_config.searches) == ["a", "b"]
    assert not requests.sandbox(replace(SANDBOX, dns=None)).HasField("dns_config")


@pytest.mark.parametrize(
    ("signal", "number"),
    [("", 0), ("SIGHUP", 8), ("SIGTERM", 23), ("SIGUSR1", 29), ("SIGRTMIN", 35), ("SIGRTMIN+15", 50),
     ("SIGRTMAX-14", 51), ("SIGRTMAX", 65)],
)  # fmt: skip
def test_stop_signals_are_numbered_by_the_cri(signal: str, number: int) -> None:
    assert requests.container(ContainerSpec("c", "id", stop_signal=signal)).stop_signal == number


def test_a_container_hides_kernel_files_unless_it_is_privileged_or_unmasked() -> None:
    plain = requests.container(ContainerSpec("c", "id")).linux.security_context
    assert "/proc/kcore" in plain.masked_paths
    assert "/proc/sys" in plain.readonly_paths
    for security in (Security(privileged=True), Security(unmasked_proc=True)):
        open_one = requests.container(ContainerSpec("c", "id", security=security)).linux.security_context
        assert not open_one.masked_paths
        assert not open_one.readonly_paths


@pytest.mark.parametrize(
    ("name", "kind", "path"),
    [("", 1, ""), ("Unconfined", 1, ""), ("RuntimeDefault", 0, ""), ("Localhost:/p/a.json", 2, "/p/a.json")],
)
def test_seccomp_profiles(name: str, kind: int, path: str) -> None:
    made = requests.container(ContainerSpec("c", "id", security=Security(seccomp=name))).linux.security_context
    assert (made.seccomp.profile_type, made.seccomp.localhost_ref) == (kind, path)


def test_apparmor_is_left_unset_where_nothing_is_asked() -> None:
    made = requests.container(ContainerSpec("c", "id")).linux.security_context
    assert not made.HasField("apparmor")
    asked = requests.container(ContainerSpec("c", "id", security=Security(apparmor="Localhost:mine")))
    assert asked.linux.security_context.apparmor_profile == "localhost/mine"
    assert asked.linux.security_context.apparmor.localhost_ref == "mine"


def test_users_are_set_only_where_given_and_root_is_a_user() -> None:
    unset = requests.container(ContainerSpec("c", "id")).linux.security_context
    assert not unset.HasField("run_as_user")
    root = requests.container(ContainerSpec("c", "id", security=Security(run_as_user=0, run_as_group=5)))
    assert root.linux.security_context.HasField("run_as_user")
    assert root.linux.security_context.run_as_group.value == 5


def test_a_container_carries_what_it_runs() -> None:
    spec = ContainerSpec(
        "c",
        "sha256:1",
        "nginx",
        command=("a",),
        args=("b",),
        env=(("K", "ü"),),
        mounts=(Mount("/h", "/c", True, "HostToContainer"),),
        resources=Resources(cpu_shares=2, memory_limit=7, hugepage_limits=(("2MB", 4),)),
    )
    made = requests.container(spec)
    assert (made.image.image, made.image.user_specified_image) == ("sha256:1", "nginx")
    assert made.envs[0].value == "ü".encode()
    assert (made.mounts[0].host_path, made.mounts[0].readonly, made.mounts[0].propagation) == ("/h", True, 1)
    assert made.linux.resources.memory_limit_in_bytes == 7
    assert made.linux.resources.hugepage_limits[0].page_size == "2MB"


def test_a_sandbox_status_tells_addresses_process_and_namespace() -> None:
    about = {"pid": 42, "runtimeSpec": {"linux": {"namespaces": [{"type": "pid"}, {"type": "network", "path": "/n"}]}}}
    reply = cri.PodSandboxStatusResponse(
        status={
            "id": "s",
            "state": 0,
            "created_at": 1_500_000_000,
            "network": {"ip": "10.0.0.1", "additional_ips": [{"ip": "fd00::1"}]},
        },
        info={"info": json.dumps(about)},
    )
    state = replies.sandbox_status(reply)
    assert (state.addresses, state.pid, state.netns, state.created_at) == (("10.0.0.1", "fd00::1"), 42, "/n", 1.5)
    reply.info["info"] = "no JSON"
    assert replies.sandbox_status(reply).pid == 0


def test_a_process_that_ended_before_its_start_was_noted_did_not_end_before_it_began() -> None:
    reply = cri.ContainerStatusResponse(
        status={"id": "c", "state": 2, "started_at": 3_000_000_000, "finished_at": 2_000_000_000, "exit_code": 7}
    )
    state = replies.container_status(reply)
    assert (state.phase, state.started_at, state.finished_at, state.exit_code) == (Phase.EXITED, 2.0, 2.0, 7)


def test_an_images_user_and_reference() -> None:
    assert replies.image(cri.Image(id="i")).user == 0
    assert replies.image(cri.Image(id="i", username="nginx")).user == "nginx"
    assert replies.image(cri.Image(id="i", uid={"value": 101})).user == 101
    assert replies.image(cri.Image(id="i", repo_digests=["r@d"])).reference == "r@d"


@pytest.mark.parametrize(
    ("method", "code", "details", "reason", "message"),
    [
        ("PullImage", "NotFound", "no x", "ErrImagePull", "rpc error: code = NotFound desc = no x"),
        (
            "PullImage",
            "Unknown",
            "RegistryUnavailable: y",
            "RegistryUnavailable",
            "rpc error: code = Unknown desc = RegistryUnavailable: y",
        ),
        ("StartContainer", "Unknown", "no such file", "RunContainerError", "no such file"),
        ("RunPodSandbox", "Unknown", "z", "CreatePodSandboxError", "rpc error: code = Unknown desc = z"),
        ("ExecSync", "Internal", "w", "", "rpc error: code = Internal desc = w"),
    ],
)
def test_faults_are_worded_as_the_kubelet_does(method: str, code: str, details: str, reason: str, message: str) -> None:
    fault = faults.fault(method, code, details)
    assert (fault.reason, fault.message) == (reason, message)
    assert not isinstance(fault, NotFoundFault)


def test_an_unknown_id_is_told_apart() -> None:
    assert isinstance(faults.fault("ContainerStatus", "NotFound", "x"), NotFoundFault)
    assert faults.code_name(4) == "DeadlineExceeded"
    assert faults.code_name(99) == "Code(99)"
