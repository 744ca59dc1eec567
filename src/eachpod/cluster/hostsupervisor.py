"""The supervisor of a cluster on the host: starts control plane, DNS and nodes, and keeps `state.json` true."""

import contextlib
import os
import signal
import socket
import time
from typing import Any

from eachpod.node.network.netns import Fabric

from . import bubble, egress, living
from .launch import command, environment
from .layout import Layout
from .settings import Settings
from .supervisor import Spec, Supervisor, write_state


def run(settings: Settings, given: dict[str, Any]) -> None:
    """`given` names the listening descriptors made by `up`: api, dns_udp, dns_tcp, dns_health, and agents (one, or one
    per node)."""
    layout = Layout(settings.root)
    layout.logs.mkdir(parents=True, exist_ok=True)
    started = time.time()

    def changed(components: dict[str, dict[str, object]]) -> None:
        write_state(layout.state, {"pid": os.getpid(), "started": started, "components": components})

    supervisor = Supervisor(settings.data_dir, changed, (living.hold(layout),))
    try:
        if settings.runtime == "containers":
            _containers(settings, given, supervisor, layout)
        else:
            _simulated(settings, given, supervisor, layout)
        supervisor.run()
    finally:
        with contextlib.suppress(FileNotFoundError):
            layout.state.unlink()


def _spec(settings: Settings, layout: Layout, name: str, role: str, given: dict[str, Any], fds: list[int]) -> Spec:
    log_path = layout.logs / f"{name}.log"
    return Spec(name, command(role, settings, given), log_path, tuple(fds), environment(settings))


def _dns(settings: Settings, layout: Layout, health: int, udp: list[int], tcp: list[int]) -> Spec:
    inner = {"udp": udp, "tcp": tcp, "health": health}
    return _spec(settings, layout, "dns", "dns", inner, [*udp, *tcp, health])


def _simulated(settings: Settings, given: dict[str, Any], supervisor: Supervisor, layout: Layout) -> None:
    api, udp, tcp = given["api"], given["dns_udp"], given["dns_tcp"]
    supervisor.add(_spec(settings, layout, "control-plane", "control-plane", {"api": [api]}, [api]))
    supervisor.add(_dns(settings, layout, given["dns_health"], [udp], [tcp]))
    if settings.nodes:
        agent = given["agents"][0]
        supervisor.add(_spec(settings, layout, "nodes", "nodes", {"agent": agent}, [agent]))


def _containers(settings: Settings, given: dict[str, Any], supervisor: Supervisor, layout: Layout) -> None:
    """The holder comes first: it makes the sockets inside the nodes' networks, on which the API and DNS answer too.
    When it has to be started again, those sockets are new, and both are started again with them."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    agents = given["agents"]
    control = theirs.detach()  # stays open for every holder that is started
    inner = {"agents": agents, "control": control, "users": bubble.users() if settings.rootless else "root"}
    log_path = layout.logs / "holder.log"
    holder = bubble.command(settings, command("holder", settings, inner))
    supervisor.add(Spec("holder", holder, log_path, (*agents, control), kill=True))
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)

    held: list[int] = []

    def received() -> None:
        message, fds, _, _ = socket.recv_fds(ours, 65536, 250)
        if not message:
            return
        labels = message.decode().split(",")
        sockets = dict(zip(labels, fds, strict=True))
        for fd in held:  # of a holder that is gone: they would keep its networks alive
            os.close(fd)
        held[:] = fds
        api = [given["api"], *(fd for label, fd in sockets.items() if label.startswith("api"))]
        udp = [given["dns_udp"], *(fd for label, fd in sockets.items() if label.startswith("udp"))]
        tcp = [given["dns_tcp"], *(fd for label, fd in sockets.items() if label.startswith("tcp"))]
        supervisor.replace(_spec(settings, layout, "control-plane", "control-plane", {"api": api}, api))
        supervisor.replace(_dns(settings, layout, given["dns_health"], udp, tcp))
        if settings.egress and (pid := supervisor.pid("holder")):
            router = egress.command(pid, Fabric(()), rootless=settings.rootless)
            supervisor.replace(Spec("egress", router, layout.logs / "egress.log", tells=False))

    supervisor.follow(ours.fileno(), received)
