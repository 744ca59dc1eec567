"""A node with real containers: puts the parts together and runs them."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from eachpod.client.client import Client
from eachpod.client.events import EventSink
from eachpod.client.informer import Informer
from eachpod.model import objects, quantity
from eachpod.model.objects import Object
from eachpod.model.resources import POD, SERVICE

from . import http, localvolumes
from .agent import Agent
from .callers import Callers
from .config import NodeConfig
from .containers import ContainerHands
from .cri.runtime import CriRuntime
from .downward import Place, place_of
from .follow import Follower
from .heartbeat import beat
from .network import proxy
from .podstate import HostInfo
from .prober import Prober
from .provide import NodeParts
from .register import LIMITS, Machine, NodeIdentity, registered
from .relist import Relist
from .rotate import rotate
from .runtime import Runtime, RuntimeFault, Version
from .specs import Ground
from .volumes.keeper import VolumeKeeper

log = logging.getLogger(__name__)


async def run_real(client: Client, config: NodeConfig, machine: Machine, ready: Callable[[], None]) -> None:
    wishes = Path(config.address_wishes) if config.address_wishes else None
    runtime = CriRuntime(config.runtime_socket, wishes)
    try:
        await serve_node(client, config, machine, runtime, ready)
    finally:
        await runtime.close()


async def _version(runtime: Runtime) -> Version:
    """As soon as the runtime answers."""
    told = False
    while True:
        try:
            return await runtime.version()
        except RuntimeFault as fault:
            log.log(logging.DEBUG if told else logging.WARNING, "waiting for the container runtime: %s", fault)
            told = True
            await asyncio.sleep(0.2)


async def serve_node(
    client: Client, config: NodeConfig, machine: Machine, runtime: Runtime, ready: Callable[[], None]
) -> None:
    identity: NodeIdentity = config.nodes[0]
    config.data_dir.mkdir(parents=True, exist_ok=True)
    version = await _version(runtime)
    about = {"containerRuntimeVersion": f"{version.name}://{version.version}"}
    machine = replace(machine, info=machine.info | about)
    if not config.limits_enforced:
        identity = replace(identity, annotations={**identity.annotations, LIMITS: "not-enforced"})
    node = await registered(client, identity, machine)
    real = _assembled(client, config, machine, runtime, node)
    relist = Relist(runtime, real.agent.post, real.hands.detailed)
    pods = Informer(client, POD, field_selector=f"spec.nodeName={identity.name}")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(real.sink.run())
        tasks.create_task(real.services.run())
        tasks.create_task(localvolumes.run(client, [node], real.volumes.remove_local))
        await real.services.synced()
        left_over = await real.hands.recover()
        follower = Follower(client, real.volumes, real.agent)
        pods.listen(real.agent.changed)
        pods.listen(follower.changed)
        tasks.create_task(beat(client, identity, machine, time.time, fault=lambda: relist.fault))
        tasks.create_task(relist.run())
        tasks.create_task(rotate(runtime, real.agent, real.hands))
        tasks.create_task(follower.run())
        tasks.create_task(pods.run())
        if config.sockets:
            api = http.Api(Callers(client, identity.name, time.time), [real.agent], real.hands, runtime)
            tasks.create_task(http.serve(config, api))
        if config.proxy:
            tasks.create_task(proxy.run(client, config.proxy))
        await pods.synced()
        known = {objects.uid(pod) for pod in real.agent.pods()}
        for uid in left_over - known:  # of pods that were removed while no agent ran
            tasks.create_task(_forget(real.hands, uid))
        ready()
        log.info("node %s serves, with %d pods", identity.name, len(known))


@dataclass(frozen=True, slots=True)
class _Real:
    """The parts of a node that run for as long as it does."""

    agent: Agent
    hands: ContainerHands
    volumes: VolumeKeeper
    services: Informer
    sink: EventSink


def _assembled(client: Client, config: NodeConfig, machine: Machine, runtime: Runtime, node: Object) -> _Real:
    name, addresses = config.nodes[0].name, config.nodes[0].addresses
    host = HostInfo(name, addresses, config.cluster_domain)
    sink = EventSink(client)
    recorder = sink.recorder("kubelet", name)
    services = Informer(client, SERVICE)
    agent = Agent(client, host, recorder, time.time)
    place = partial(_place, agent, node, addresses)
    volumes = VolumeKeeper(client, config.data_dir, place)
    ground = Ground(
        str(config.data_dir / "logs" / "pods"), config.cluster_domain, int(quantity.parse(machine.capacity["memory"])),
        config.cgroup_parent,
    )  # fmt: skip
    parts = NodeParts(
        client, runtime, recorder, volumes, services.cache, host, ground, config.data_dir, config.cluster_dns,
        config.resolv_conf, time.time,
    )  # fmt: skip
    hands = ContainerHands(parts, node, Prober(runtime, recorder, time.time, agent.post))
    agent.use(hands)
    return _Real(agent, hands, volumes, services, sink)


def _place(agent: Agent, node: Object, host_addresses: tuple[str, ...], pod: Object) -> Place:
    return place_of(pod, node, host_addresses, agent.addresses_of(pod))


async def _forget(hands: ContainerHands, uid: str) -> None:
    try:
        await hands.remove_all(uid)
    except RuntimeFault as fault:
        log.warning("the remains of pod %s were not removed: %s", uid, fault)
