"""The CRI runtime against a real containerd."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from eachpod.node.cri.runtime import CriRuntime
from eachpod.node.runtime import (
    ContainerSpec,
    Dns,
    NotFoundFault,
    Phase,
    Resources,
    RuntimeFault,
    SandboxSpec,
)

pytestmark = pytest.mark.e2e


class Pod:
    """A sandbox with one container, taken away at the end."""

    def __init__(self, runtime: CriRuntime, folder: Path, name: str, **more: Any) -> None:
        self.runtime = runtime
        self.spec = SandboxSpec(
            name=name,
            namespace="default",
            uid=f"uid-{name}",
            hostname=name,
            log_directory=f"{folder}/logs/{name}",
            dns=Dns(("10.247.3.10",), ("default.svc.cluster.local", "svc.cluster.local"), ("ndots:5",)),
            cgroup_parent=f"/eachpod-test-{os.getpid()}/{name}",
            labels={"pod": name},
            **more,
        )
        self.id = self.container = ""

    async def start(self, image: str, *command: str, **more: Any) -> None:
        Path(self.spec.log_directory, "c").mkdir(parents=True, exist_ok=True)
        image_id = await self.runtime.pull_image(image, None, self.spec)
        self.id = await self.runtime.run_sandbox(self.spec)
        state = await self.runtime.sandbox_status(self.id)
        spec = ContainerSpec("c", image_id, image, command=command, log_path="c/0.log", **more)
        self.container = await self.runtime.create_container(state, self.spec, spec)
        await self.runtime.start_container(self.container)

    async def sh(self, script: str, seconds: int = 60) -> tuple[int, str]:
        done = await self.runtime.exec_sync(self.container, ("sh", "-c", script), seconds)
        return done.exit_code, done.stdout.decode()

    async def stop(self) -> None:
        if self.container:
            await self.runtime.stop_container(self.container, 0)
        if self.id:
            await self.runtime.stop_sandbox(self.id)
            await self.runtime.remove_sandbox(self.id)


@pytest.fixture
async def runtime(machine: Any) -> AsyncIterator[CriRuntime]:
    runtime = CriRuntime(machine.socket, machine.wishes, machine.namespace)
    yield runtime
    await runtime.close()


@pytest.fixture
async def pod(runtime: CriRuntime, machine: Any, request: pytest.FixtureRequest) -> AsyncIterator[Pod]:
    pod = Pod(runtime, machine.folder, request.node.name.replace("_", "-")[:40].strip("-"))
    yield pod
    await pod.stop()


async def test_a_pod_is_what_its_specification_says(pod: Pod) -> None:
    await pod.start("busybox:1.28", "sleep", "600", env=(("A", "b ü"),), resources=Resources(memory_limit=64 << 20))
    code, said = await pod.sh("hostname; echo $A; cat /proc/1/cmdline | tr '\\0' ' '; echo; cat /etc/resolv.conf")
    assert code == 0
    assert said.splitlines() == [
        pod.spec.hostname,
        "b ü",
        "sleep 600 ",
        "search default.svc.cluster.local svc.cluster.local",
        "nameserver 10.247.3.10",
        "options ndots:5",
    ]
    state = await pod.runtime.sandbox_status(pod.id)
    assert (state.ready, state.uid, state.labels) == (True, pod.spec.uid, {"pod": pod.spec.name})
    assert state.pid > 0
    assert state.netns
    status = await pod.runtime.container_status(pod.container)
    assert (status.phase, status.sandbox_id, status.image) == (
        Phase.RUNNING,
        pod.id,
        "docker.io/library/busybox:1.28",
    )
    assert status.image_ref.startswith("docker.io/library/busybox@sha256:")
    snapshot = await pod.runtime.snapshot()
    assert pod.id in [each.id for each in snapshot.sandboxes]
    assert pod.container in [each.id for each in snapshot.containers]
    assert pod.container in [each.id for each in await pod.runtime.stats()]


async def test_an_address_that_was_asked_for_is_kept_over_restarts(runtime: CriRuntime, machine: Any) -> None:
    for _ in range(2):
        pod = Pod(runtime, machine.folder, "keeps-address", addresses=("10.0.0.77",))
        pod.id = await runtime.run_sandbox(pod.spec)
        state = await runtime.sandbox_status(pod.id)
        other = Pod(runtime, machine.folder, "wants-the-same", addresses=("10.0.0.77",))
        other.id = await runtime.run_sandbox(other.spec)
        another = await runtime.sandbox_status(other.id)
        await pod.stop()
        await other.stop()
        assert state.addresses == ("10.0.0.77",)
        assert len(another.addresses) == 1
        assert another.addresses != state.addresses


async def test_the_web_server_image_serves_its_page_to_another_pod(pod: Pod, machine: Any) -> None:
    await pod.start("nginx:alpine")
    [address] = (await pod.runtime.sandbox_status(pod.id)).addresses
    client = Pod(pod.runtime, machine.folder, "web-client")
    try:
        await client.start("busybox:1.28", "sleep", "600")
        while (await client.sh(f"wget -qO /dev/null http://{address}/"))[0]:
            await asyncio.sleep(0.05)  # it does not listen yet
        code, said = await client.sh(f"wget -qO- http://{address}/ | grep title")
        assert (code, said.strip()) == (0, "<title>Welcome to nginx!</title>")
    finally:
        await client.stop()
    while "GET / HTTP/1.1" not in Path(pod.spec.log_directory, "c/0.log").read_text():
        await asyncio.sleep(0.05)


async def test_the_end_of_a_process_is_told_and_hinted_at(pod: Pod) -> None:
    hints: list[str] = []

    async def listen() -> None:
        async for hint in pod.runtime.events():
            hints.append(hint)  # noqa: PERF401 (it never ends)

    listening = asyncio.create_task(listen())
    while not hints:
        await asyncio.sleep(0.01)
    await pod.start("busybox:1.28", "sh", "-c", "echo bye; exit 7")
    while (await pod.runtime.container_status(pod.container)).phase != Phase.EXITED:
        await asyncio.sleep(0.05)
    status = await pod.runtime.container_status(pod.container)
    assert (status.exit_code, status.reason) == (7, "Error")
    assert status.finished_at >= status.started_at > 0
    assert hints[0] == ""
    while pod.container not in hints:
        await asyncio.sleep(0.01)
    listening.cancel()


async def test_a_command_has_a_code_and_a_time_limit(pod: Pod) -> None:
    await pod.start("busybox:1.28", "sleep", "600")
    done = await pod.runtime.exec_sync(pod.container, ("sh", "-c", "echo out; echo err >&2; exit 3"), 60)
    assert (done.exit_code, done.stdout, done.stderr, done.timed_out) == (3, b"out\n", b"err\n", False)
    late = await pod.runtime.exec_sync(pod.container, ("sleep", "60"), 1)
    assert late.timed_out


async def test_faults_have_the_kubelets_reasons(pod: Pod) -> None:
    with pytest.raises(RuntimeFault, match="not found") as missing:
        await pod.runtime.pull_image("nobody/has-this:1", None)
    assert missing.value.reason == "ErrImagePull"
    assert await pod.runtime.image_status("nobody/has-this:1") is None
    with pytest.raises(RuntimeFault, match=r"^failed to create containerd task.*no such file") as start:
        await pod.start("busybox:1.28", "/no/such/program")
    assert start.value.reason == "RunContainerError"
    with pytest.raises(NotFoundFault):
        await pod.runtime.container_status("0123")
    await pod.runtime.stop_container("0123", 0)
    await pod.runtime.remove_container("0123")
    await pod.runtime.stop_sandbox("0123")


async def test_pods_live_on_when_the_runtime_is_killed(pod: Pod, machine: Any) -> None:
    await pod.start("busybox:1.28", "sh", "-c", "while :; do date +%s; sleep 0.2; done")
    machine.kill()
    while True:
        try:
            await pod.runtime.version()
            break
        except RuntimeFault:
            await asyncio.sleep(0.1)
    status = await pod.runtime.container_status(pod.container)
    assert status.phase == Phase.RUNNING
    assert (await pod.sh("echo here")) == (0, "here\n")


async def test_a_socket_where_nobody_listens_is_told(tmp_path: Path) -> None:
    runtime = CriRuntime(f"{tmp_path}/none.sock")
    with pytest.raises(RuntimeFault, match="does not answer"):
        await runtime.version()
    await runtime.close()
