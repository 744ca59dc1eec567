"""The node-agent processes: one for all simulated nodes, or one per real node inside that node's network."""

import asyncio
import socket
from pathlib import Path
from typing import Any

from eachpod.client.client import Client
from eachpod.client.http import HttpTransport
from eachpod.client.kubeconfig import load
from eachpod.node.config import NodeConfig, Tls
from eachpod.node.register import NodeIdentity
from eachpod.node.run import run

from .addresses import NodeAddress
from .layout import Layout
from .settings import Settings
from .supervisor import tell_ready


def _listening(fd: int) -> tuple[socket.socket, str]:
    """The socket of an inherited descriptor, and its HOST:PORT."""
    sock = socket.socket(fileno=fd)
    host, port = sock.getsockname()[:2]
    return sock, f"{host}:{port}"


def _identity(node: NodeAddress, endpoint: str, *, simulated: bool) -> NodeIdentity:
    return NodeIdentity(node.name, (node.address,), node.pod_cidrs, agent_endpoint=endpoint, simulated=simulated)


async def run_simulated(settings: Settings, given: dict[str, Any]) -> None:
    layout = Layout(settings.root)
    sock, endpoint = _listening(given["agent"])
    config = NodeConfig(
        nodes=tuple(_identity(node, endpoint, simulated=True) for node in settings.nodes),
        data_dir=layout.root / "nodes",
        sockets=(sock,),
        tls=Tls(layout.pki / "nodes.crt", layout.pki / "nodes.key", layout.pki / "ca.crt"),
        cluster_dns=(settings.dns_address,),
        cluster_domain=settings.domain,
    )
    client = Client(HttpTransport(load(layout.kubeconfig("nodes"))))
    await run(client, config, tell_ready)


async def run_real(settings: Settings, given: dict[str, Any]) -> None:
    """`given`: node (its index), agent (a listening descriptor), socket and wishes (of its containerd), local
    addresses (those that the node answers itself)."""
    from eachpod.cluster.images import serve as serve_images
    from eachpod.node.network import proxy
    from eachpod.node.network.rules import Surroundings
    from eachpod.node.network.services import Place

    layout = Layout(settings.root)
    node = settings.nodes[given["node"]]
    folder = layout.node(node.name)
    outside, endpoint = _listening(given["agent"])
    inside = socket.create_server((node.address, 10250))
    config = NodeConfig(
        nodes=(_identity(node, endpoint, simulated=False),),
        runtime="cri",
        runtime_socket=given["socket"],
        data_dir=folder / "agent",
        sockets=(outside, inside),
        tls=Tls(folder / "agent.crt", folder / "agent.key", layout.pki / "ca.crt"),
        cluster_dns=(settings.dns_address,),
        cluster_domain=settings.domain,
        address_wishes=given["wishes"],
        cgroup_parent="" if settings.rootless else f"/{settings.cgroup}/{node.name}",
        limits_enforced=not settings.rootless,
    )
    client = Client(HttpTransport(load(layout.kubeconfig(f"node-{node.name}"))))
    around = Surroundings(
        tuple(settings.pod_cidr.split(",")), tuple(settings.service_cidr.split(",")), frozenset(given["local"])
    )
    families = ("ip", "ip6") if ":" in settings.pod_cidr else ("ip",)
    registry = socket.create_server(("127.0.0.1", 5000))
    async with asyncio.TaskGroup() as parts:
        parts.create_task(serve_images(Path(settings.images), [registry]))
        parts.create_task(proxy.run(client, proxy.ProxyConfig(Place(node.name), around, families)))
        parts.create_task(run(client, config, tell_ready))
