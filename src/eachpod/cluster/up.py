"""Bringing a cluster up: settle what it is, make certificates, start the supervisor, wait for API and DNS."""

import contextlib
import datetime
import errno
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from eachpod.kit.hostport import joined

from . import entries, identities, kubeconfig, leftovers, settings
from .alone import alone
from .down import remove
from .errors import ClusterError
from .launch import command
from .layout import Layout
from .settings import Settings
from .supervisor import MARK
from .wishes import Wishes, check_place, data_dir, kept, kept_ports, settle

Tell = Callable[[str], None]
_API_PORT, _DNS_PORT = 6443, 10053


def up(wishes: Wishes, tell: Tell) -> tuple[Settings, bool]:
    """Start the cluster, or find it running. Returns its settings and whether it was started now."""
    settings.check_name(wishes.name)
    place = data_dir(wishes.name, wishes.data_dir)
    with alone(place, lambda: tell(f"waiting for another `eachpod up {wishes.name}`")):
        return _up(wishes, place, tell)


def _up(wishes: Wishes, place: Path, tell: Tell) -> tuple[Settings, bool]:
    known = settings.load(place)
    config_path = (Path(wishes.kubeconfig) if wishes.kubeconfig else settings.default_kubeconfig()).absolute()
    kubeconfig.check(config_path)  # before anything starts: such a file is the user's to mend
    if known and leftovers.state(Layout(place)):
        return _join(wishes, known, config_path, tell), False
    _clear(wishes, place, known, tell)
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
    )
    settings.save(wanted)
    with _whole_or_ended(wanted, config_path, tell, new=known is None):
        identities.issue(wanted, datetime.datetime.now(datetime.UTC))
        supervisor = _start(wanted, sockets, wishes.foreground)
        await_ready(wanted, tell, lambda: supervisor.poll() is None)
        return entries.enter(wanted, config_path), True


def _clear(wishes: Wishes, place: Path, known: Settings | None, tell: Tell) -> None:
    """See that the data directory is free to start in: nobody else's, and without processes of an earlier run."""
    left = leftovers.processes(place)
    if known or not left:
        check_place(wishes, place, known)
    if left:
        tell("cleaning up what an earlier run left behind")
        leftovers.stop(known or Settings(wishes.name, str(place)))
    for text in kept(wishes, known) if known else ():
        tell(text)


@contextlib.contextmanager
def _whole_or_ended(wanted: Settings, config_path: Path, tell: Tell, *, new: bool) -> Iterator[None]:
    """No half cluster stays: where a start fails or is interrupted, what it has started ends. A new cluster's directory
    goes with it when interrupted; after a failure the logs in it say what went wrong."""
    try:
        yield
    except BaseException as error:
        interrupted = isinstance(error, KeyboardInterrupt)
        if interrupted:
            tell("interrupted; ending what was started")
        with contextlib.suppress(OSError):
            leftovers.stop(wanted)
        if interrupted:
            entries.leave(replace(wanted, kubeconfig=str(config_path)))
        if interrupted and new:
            remove(wanted)
        raise


def _join(wishes: Wishes, known: Settings, config_path: Path, tell: Tell) -> Settings:
    """A cluster that runs, or that another `up` is about to start. It may be in another kubeconfig, or in none if that
    `up` was interrupted: so it is waited for and entered here too."""
    check_place(wishes, known.root, known)
    for text in (*kept(wishes, known), *kept_ports(wishes, known)):
        tell(text)
    await_ready(known, tell, lambda: leftovers.state(Layout(known.root)) is not None)
    return entries.enter(known, config_path)


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
