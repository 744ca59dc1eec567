"""Bringing a cluster up: settle what it is, make certificates, start the supervisor, wait for API and DNS."""

import contextlib
import datetime
import errno
import os
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from eachpod.kit.hostport import joined

from . import ability, identities, kubeconfig, leftovers, settings
from .addresses import plan_nodes
from .errors import ClusterError
from .launch import command
from .layout import Layout
from .settings import Settings
from .supervisor import MARK

Tell = Callable[[str], None]
_API_PORT, _DNS_PORT = 6443, 10053


@dataclass(frozen=True, slots=True)
class Wishes:
    """The flags of `eachpod up` as given; "" and None mean not given."""

    name: str = "default"
    nodes: int = 2
    runtime: str = ""
    kubeconfig: str = ""
    data_dir: str = ""
    api_port: int = 0
    dns_port: int = 0
    service_cidr: str = "10.247.0.0/16"
    pod_cidr: str = "10.0.0.0/16"
    node_addresses: tuple[str, ...] = ()
    node_names: tuple[str, ...] = ()
    node_monitor_grace_period: float = 50.0
    domain: str = "cluster.local"
    token_auth_file: str = ""
    anonymous_auth: bool = False
    explain: bool = False
    foreground: bool = False


# What a cluster is for its whole life; flag and setting have the same name.
_FIXED = (
    "runtime", "service_cidr", "pod_cidr", "node_monitor_grace_period", "domain", "token_auth_file", "anonymous_auth",
    "explain",
)  # fmt: skip


def data_dir(name: str, given: str) -> Path:
    return Path(given).absolute() if given else settings.default_data_dir(name)


def up(wishes: Wishes, tell: Tell) -> tuple[Settings, bool]:
    """Start the cluster, or find it running. Returns its settings and whether it was started now."""
    settings.check_name(wishes.name)
    place = data_dir(wishes.name, wishes.data_dir)
    known = settings.load(place)
    if known:
        for text in kept(wishes, known):
            tell(text)
        if leftovers.state(Layout(place)):
            return known, False
    if leftovers.processes(place):
        tell("cleaning up what an earlier run left behind")
        leftovers.stop(known or Settings(wishes.name, str(place)))
    config_path = Path(wishes.kubeconfig) if wishes.kubeconfig else settings.default_kubeconfig()
    existing = kubeconfig.read(config_path)  # before anything starts: an unreadable file is the user's to mend
    wanted, why = settle(wishes, place, known)
    if why:
        tell(why)
    if wanted.runtime == "containers":
        _sandbox_image(wanted, tell)
    sockets = _sockets(wishes, wanted)
    wanted = replace(
        wanted,
        api_port=_port(sockets["api"]),
        dns_port=_port(sockets["dns_udp"]),
        dns_health_port=_port(sockets["dns_health"]),
        kubeconfig=str(config_path),
    )
    settings.save(wanted)
    identities.issue(wanted, datetime.datetime.now(datetime.UTC))
    supervisor = _start(wanted, sockets, wishes.foreground)
    await_ready(wanted, tell, lambda: supervisor.poll() is None)
    admin = kubeconfig.read(Layout(place).kubeconfig("admin"))
    kubeconfig.write(config_path, kubeconfig.merged(existing, admin))
    return wanted, True


def kept(wishes: Wishes, known: Settings) -> list[str]:
    """Flags that ask for something else than the cluster is, one sentence each: it stays as it was made."""
    usual = Wishes()
    has: dict[str, object] = {
        "nodes": len(known.nodes),
        "node_addresses": tuple(node.address for node in known.nodes)[: len(wishes.node_addresses)],
        "node_names": tuple(node.name for node in known.nodes)[: len(wishes.node_names)],
        **{name: getattr(known, name) for name in _FIXED},
    }
    return [
        f"--{name.replace('_', '-')}: {known.name} stays as it was made ({value}); `eachpod down {known.name}` first"
        for name, value in has.items()
        if getattr(wishes, name) not in (getattr(usual, name), value)
    ]


def settle(wishes: Wishes, place: Path, known: Settings | None) -> tuple[Settings, str]:
    """What the cluster shall be, and a sentence on the runtime where it was not asked for. A cluster that was there
    before keeps what it is."""
    if known:
        return known, ""
    if wishes.nodes < 0:
        raise ClusterError("--nodes: give a number from 0 on")
    runtime, why = choose_runtime(wishes.runtime)
    made = Settings(
        name=wishes.name,
        data_dir=str(place),
        runtime=runtime,
        nodes=plan_nodes(wishes.nodes, wishes.pod_cidr, wishes.node_addresses, wishes.node_names),
        service_cidr=wishes.service_cidr,
        pod_cidr=wishes.pod_cidr,
        domain=wishes.domain,
        node_monitor_grace_period=wishes.node_monitor_grace_period,
        rootless=os.geteuid() != 0,
        token_auth_file=wishes.token_auth_file,
        anonymous_auth=wishes.anonymous_auth,
        explain=wishes.explain,
        images=str(settings.images_dir()),
    )
    if runtime == "containers":
        way_out = ability.egress()
        made = replace(made, egress=way_out.good)
        if not way_out.good:
            why = f"{why}\nno way out of this machine for pods and pulls: {way_out.found}".strip()
    return settings.with_addresses(made), why


def choose_runtime(asked: str) -> tuple[str, str]:
    """The runtime, and why where nobody asked. ClusterError where what was asked for cannot be."""
    if asked not in ("", "containers", "simulated"):
        raise ClusterError(f"--runtime: {asked!r} is unknown, choose containers or simulated")
    if asked == "simulated":
        return asked, ""
    against = ability.reason_against_containers(ability.checks())
    if not against:
        where = "" if os.geteuid() == 0 else ", in a user namespace since this is not root"
        return "containers", "" if asked else f"runtime: containers, this machine can run them{where}"
    if asked:
        raise ClusterError(f"--runtime containers: {against}. `eachpod doctor` says what to do about it")
    return "simulated", f"runtime: simulated, since containers cannot run here ({against})"


def _sandbox_image(wanted: Settings, tell: Tell) -> None:
    """Every pod needs the pause image; it is made where the store has none, else pulled like any other."""
    from .images import SANDBOX_IMAGE, KitError, Store, build

    store = Path(wanted.images)
    store.mkdir(parents=True, exist_ok=True)
    if Store(store).find(SANDBOX_IMAGE):
        return
    tell(f"making the image {SANDBOX_IMAGE}")
    try:
        build((SANDBOX_IMAGE,), store, tell=tell)
    except KitError as error:
        if wanted.egress:
            tell(f"it cannot be made here ({error}); it will be pulled from its registry")
            return
        raise ClusterError(f"the image {SANDBOX_IMAGE}, which every pod needs, cannot be made: {error}") from None


def _sockets(wishes: Wishes, wanted: Settings) -> dict[str, socket.socket]:
    """The listening sockets of the host's loopback. They are made here so that a taken port is an error at once, and
    held by the supervisor so that no connection is refused while a process is started again."""
    api = listen("--api-port", wishes.api_port, wanted.api_port or _API_PORT)
    for usual in (wanted.dns_port or _DNS_PORT, *[0] * 20):
        udp = listen("--dns-port", wishes.dns_port, usual, socket.SOCK_DGRAM)
        try:
            tcp = listen("--dns-port", _port(udp), _port(udp))
            break
        except ClusterError:
            if wishes.dns_port:
                raise
            udp.close()
    else:
        raise ClusterError("--dns-port: no port is free for both UDP and TCP; name one")
    count = len(wanted.nodes) if wanted.runtime == "containers" else 1
    agents = {f"agent{index}": listen("", 0, 0) for index in range(count)}
    health = listen("", 0, wanted.dns_health_port)
    return {"api": api, "dns_udp": udp, "dns_tcp": tcp, "dns_health": health, **agents}


def listen(flag: str, asked: int, usual: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
    """A socket on loopback at the port asked for, else at the usual one, else at any."""
    for port in [asked] if asked else [usual, 0]:
        sock = socket.socket(socket.AF_INET, kind)
        if kind == socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", port))
            if kind == socket.SOCK_STREAM:
                sock.listen(1024)
            return sock
        except OSError as error:
            sock.close()
            reason = error.strerror
    raise ClusterError(f"{flag}: port {asked} on 127.0.0.1 cannot be used ({reason}); choose another, or 0 for any")


def listening(address: str, port: int) -> socket.socket:
    """A socket for an API server alone, on an address of the user's choice."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    both = address == "::" and socket.has_dualstack_ipv6()
    try:
        return socket.create_server((address, port), family=family, backlog=1024, dualstack_ipv6=both)
    except OSError as error:
        flag = "--bind-address" if error.errno == errno.EADDRNOTAVAIL else "--api-port"
        reason = os.strerror(error.errno) if error.errno else error
        raise ClusterError(f"{flag}: {joined(address, port)} cannot be used ({reason}); choose another") from None


def _port(sock: socket.socket) -> int:
    port: int = sock.getsockname()[1]
    return port


def _start(wanted: Settings, sockets: dict[str, socket.socket], foreground: bool) -> "subprocess.Popen[bytes]":
    layout = Layout(wanted.root)
    layout.logs.mkdir(parents=True, exist_ok=True)
    layout.state.unlink(missing_ok=True)
    fds = {name: sock.fileno() for name, sock in sockets.items()}
    given = {name: fd for name, fd in fds.items() if not name.startswith("agent")}
    given |= {"agents": [fd for name, fd in fds.items() if name.startswith("agent")]}  # type: ignore[dict-item]
    with (layout.logs / "supervisor.log").open("ab") as log:
        supervisor = subprocess.Popen(
            command("supervisor", wanted, given),
            pass_fds=list(fds.values()),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=not foreground,
            env={**os.environ, MARK: wanted.data_dir},
        )
    for sock in sockets.values():
        sock.close()
    return supervisor


def await_ready(wanted: Settings, tell: Tell, supervised: Callable[[], bool], patience: float = 90.0) -> None:
    """Until control plane and DNS say that they are ready. Nodes follow: they wait for the API themselves."""
    layout = Layout(wanted.root)
    begun, told = time.monotonic(), ""
    while True:
        found = leftovers.state(layout)
        components = found["components"] if found else {}
        waiting = [name for name in ("control-plane", "dns") if not components.get(name, {}).get("ready")]
        if not waiting:
            return
        elapsed = time.monotonic() - begun
        stood_on = (components.get(name, {}) for name in ("holder", *waiting))
        hopeless = any(part.get("restarts", 0) >= 5 for part in stood_on)
        if elapsed > patience or hopeless or not supervised():
            with contextlib.suppress(OSError):
                leftovers.stop(wanted)
            late = [name for name, part in components.items() if not part.get("ready")]
            raise ClusterError(_failure(layout, late or waiting))
        if elapsed > 1 and told != (told := ", ".join(waiting)):
            tell(f"waiting for {told}")
        time.sleep(0.01)


def _failure(layout: Layout, waiting: list[str]) -> str:
    for name in (*waiting, "supervisor"):
        with contextlib.suppress(OSError):
            said = last_words((layout.logs / f"{name}.log").read_text(errors="replace"))
            if said:
                return f"{name} did not start: {said} (log: {layout.logs / name}.log)"
    return f"the cluster did not start; see the logs in {layout.logs}"


def last_words(log: str) -> str:
    """The last line of a log that says something: a group of exceptions ends in a frame drawn of bars and dashes."""
    lines = (line.strip(" |+-^~") for line in reversed(log.splitlines()))
    return next((line for line in lines if line), "")
