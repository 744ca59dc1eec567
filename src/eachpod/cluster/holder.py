"""The first process inside the bubble: lays out mounts and networks, keeps a containerd and an agent per node.

The sockets on which the API server and DNS answer inside the nodes' networks are made here and handed out to the
supervisor on the host, whose processes have no way in otherwise.
"""

import os
import socket
import subprocess
from pathlib import Path
from typing import Any

from eachpod.node.cri.prepare import Wanted, prepare, snapshotter
from eachpod.node.network.namespaces import inside
from eachpod.node.network.netns import Fabric, Node, namespace_path, plan_fabric, plan_node
from eachpod.node.network.setup import perform

from . import egress
from .addresses import FABRIC_ADDRESS, FABRIC_PORT
from .launch import command, environment
from .layout import Layout
from .sandbox import SANDBOX_IMAGE
from .settings import Settings
from .supervisor import Spec, Supervisor, tell_ready, write_state

_RUN = Path("/run/eachpod")


def run(settings: Settings, given: dict[str, Any]) -> None:
    """`given`: agents (listening descriptors, one a node), control (where sockets are handed out) and users (which ones
    the namespace has: seen from inside, it is always root)."""
    layout = Layout(settings.root)
    _mounts()
    _resolvers(settings.dns_address)
    ranges = (*settings.pod_cidr.split(","), *settings.service_cidr.split(","))
    fabric = Fabric((f"{FABRIC_ADDRESS}/16",), ranges)
    nodes = [Node(node.name, (node.address,), node.pod_cidrs) for node in settings.nodes]
    local = sorted({settings.dns_address, settings.kube_dns_address})
    perform(plan_fabric(fabric))
    if settings.egress:
        _masquerade(namespace_path(fabric.namespace))
    for node in nodes:
        perform(plan_node(fabric, node, [peer for peer in nodes if peer is not node], local))
    places = [namespace_path(name) for name in (fabric.namespace, *(node.namespace for node in nodes))]
    write_state(layout.networks, {place: Path(place).stat().st_ino for place in places})
    _hand_out(given["control"], fabric, nodes, local)
    supervisor = Supervisor(settings.data_dir, lambda components: write_state(layout.holder_state, components))
    for index, node in enumerate(nodes):
        _node(settings, given, supervisor, index, node, local)
    tell_ready()
    supervisor.run()


def _mounts() -> None:
    """A /run of our own, and a place for CNI's results that goes with the bubble: else addresses would leak."""
    for line in (
        "mount --make-rshared /",
        "mount -t tmpfs -o mode=755 eachpod /run",
        "mkdir -p /run/netns /run/eachpod/cni /run/containerd",
    ):
        subprocess.run(line.split(), check=True)
    Path("/var/lib/cni").mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "--bind", "/run/eachpod/cni", "/var/lib/cni"], check=True)


def _resolvers(dns_address: str) -> None:
    """The nodes' resolv.conf is the cluster's DNS, in place of the host's file or of what that is a link to: something
    below /run, often, which is ours by now."""
    host = Path("/etc/resolv.conf")
    place, ours = host.resolve(), _RUN / "resolv.conf"
    ours.write_text(egress.resolv_conf(host.read_text() if host.exists() else "", dns_address))
    if place.is_relative_to("/run"):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    if place.exists():
        subprocess.run(["mount", "--bind", ours, place], check=True)


def _masquerade(network: str) -> None:
    subprocess.run(["nsenter", f"--net={network}", "nft", "-f", "-"], input=egress.masquerade(), text=True, check=True)


def _hand_out(control: int, fabric: Fabric, nodes: list[Node], local: list[str]) -> None:
    made: dict[str, socket.socket] = {}
    place = namespace_path(fabric.namespace)
    made["api"] = inside(place, lambda: socket.create_server((FABRIC_ADDRESS, FABRIC_PORT), backlog=1024))
    spots = [(place, FABRIC_ADDRESS)] + [
        (namespace_path(node.namespace), address) for node in nodes for address in local
    ]
    for number, (namespace, address) in enumerate(spots):
        made[f"udp{number}"] = inside(namespace, lambda address=address: _datagrams(address))  # type: ignore[misc]
        made[f"tcp{number}"] = inside(
            namespace,
            lambda address=address: socket.create_server((address, 53), backlog=256),  # type: ignore[misc]
        )
    with socket.socket(fileno=control) as channel:
        socket.send_fds(channel, [",".join(made).encode()], [sock.fileno() for sock in made.values()])
        channel.detach()


def _datagrams(address: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, 53))
    return sock


def _node(
    settings: Settings, given: dict[str, Any], supervisor: Supervisor, index: int, node: Node, local: list[str]
) -> None:
    layout, agent = Layout(settings.root), given["agents"][index]
    folder = layout.node(node.name)
    prepared = prepare(
        Wanted(
            folder / "containerd",
            _RUN / node.name,
            node.pod_cidrs,
            SANDBOX_IMAGE,
            only_registry=not settings.egress,
            users=given["users"],
            snapshotter=snapshotter(folder / "probe"),
        )
    )
    enter = ("nsenter", f"--net={namespace_path(node.namespace)}")
    log_path = layout.logs / f"containerd-{node.name}.log"
    supervisor.add(Spec(f"containerd-{node.name}", enter + prepared.command, log_path, tells=False))
    its = {
        "node": index,
        "agent": agent,
        "socket": prepared.socket,
        "wishes": str(prepared.wishes),
        "local": local,
    }
    agent_command = enter + command("node", settings, its)
    log_path = layout.logs / f"node-{node.name}.log"
    supervisor.add(Spec(f"node-{node.name}", agent_command, log_path, (agent,), environment(settings)))
    os.set_inheritable(agent, True)
