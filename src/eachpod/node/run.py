"""The node agent as a whole: registers its node (or many simulated ones), keeps them alive, works their pods off."""

import asyncio
import logging
import os
import platform
import time
from collections.abc import Callable

from eachpod.client.client import Client
from eachpod.client.events import EventSink
from eachpod.client.informer import Informer
from eachpod.model.objects import Object, dig
from eachpod.model.resources import POD
from eachpod.model.wellknown import SIMULATED

from . import localvolumes
from .agent import Agent
from .config import NodeConfig
from .heartbeat import beat
from .podstate import HostInfo
from .register import Machine, registered
from .simulated import SimulatedHands

log = logging.getLogger(__name__)

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
# As large as a cloud's biggest machines, so that only what a test asks for is ever short.
_SIMULATED_CAPACITY = {"cpu": "1000", "memory": "1000Gi", "ephemeral-storage": "1000Gi", "pods": "1000"}


async def run(client: Client, config: NodeConfig, ready: Callable[[], None] = lambda: None) -> None:
    """Until cancelled. `ready` is called once all nodes are registered and their pods known."""
    if config.runtime == "simulated":
        await _run_simulated(client, config, ready)
    else:
        from .real import run_real  # the CRI and its libraries only where there are containers

        await run_real(client, config, machine(config), ready)


def machine(config: NodeConfig) -> Machine:
    architecture = _ARCHITECTURES.get(platform.machine(), platform.machine())
    if config.runtime == "simulated":
        capacity = _SIMULATED_CAPACITY | config.capacity
        return Machine(capacity, architecture, {"containerRuntimeVersion": "simulated://1", "osImage": "simulated"})
    disk = os.statvfs(config.data_dir if config.data_dir.exists() else "/")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    capacity = {
        "cpu": str(os.cpu_count() or 1),
        "memory": f"{memory // 1024}Ki",
        "ephemeral-storage": f"{disk.f_blocks * disk.f_frsize // 1024}Ki",
        "pods": str(config.max_pods),
        "hugepages-1Gi": "0",
        "hugepages-2Mi": "0",
    }
    info = {"kernelVersion": platform.release(), "osImage": _os_name(), "bootID": _boot_id()}
    return Machine(capacity | config.capacity, architecture, info)


def _os_name() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME") or platform.system()
    except OSError:
        return platform.system()


def _boot_id() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    except OSError:
        return ""


async def _nothing_to_remove(volume: Object) -> None:
    """Simulated volumes have no directories."""


async def _run_simulated(client: Client, config: NodeConfig, ready: Callable[[], None]) -> None:
    sink = EventSink(client)
    made = machine(config)
    nodes = await asyncio.gather(*(registered(client, each, made) for each in config.nodes))
    agents = {}
    for identity, node in zip(config.nodes, nodes, strict=True):
        host = HostInfo(identity.name, identity.addresses, config.cluster_domain, {SIMULATED: "true"})
        agent = Agent(client, host, sink.recorder("kubelet", identity.name), time.time, spare_last_status=True)
        agent.use(SimulatedHands(node, identity.pod_cidrs, time.time, agent.post))
        agents[identity.name] = agent
    # One watch for all nodes: a watch each would cost the server as many as there are nodes.
    one = len(agents) == 1
    selector = f"spec.nodeName={config.nodes[0].name}" if one else "spec.nodeName!="
    pods = Informer(client, POD, field_selector=selector)

    def changed(old: Object | None, new: Object | None) -> None:
        agent = agents.get(str(dig(new or old, "spec", "nodeName")))
        if agent:
            agent.changed(old, new)

    pods.listen(changed)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sink.run())
        tasks.create_task(localvolumes.run(client, list(nodes), _nothing_to_remove))
        for index, identity in enumerate(config.nodes):
            tasks.create_task(beat(client, identity, made, time.time, first=10.0 * index / len(config.nodes)))
        if config.sockets:
            from .callers import Callers
            from .http import Api, serve

            callers = Callers(client, config.nodes[0].name if one else "", time.time)
            tasks.create_task(serve(config, Api(callers, list(agents.values()))))
        tasks.create_task(pods.run())
        await pods.synced()
        ready()
