"""What `eachpod up` is asked for, and what a cluster becomes by it."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from eachpod.model import names

from . import ability, settings
from .addresses import check_apart, plan_nodes
from .errors import ClusterError
from .settings import Settings


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
        f"--{name.replace('_', '-')}: {known.name} stays as it was made ({_shown(value)}); "
        f"`eachpod down {known.name}` first"
        for name, value in has.items()
        if getattr(wishes, name) not in (getattr(usual, name), value)
    ]


def kept_ports(wishes: Wishes, known: Settings) -> list[str]:
    """The same for the ports of a cluster that runs: another start may change them."""
    return [
        f"--{name.replace('_', '-')}: {known.name} answers on {getattr(known, name)} already; "
        f"`eachpod down {known.name} --keep-data` first"
        for name in ("api_port", "dns_port")
        if getattr(wishes, name) not in (0, getattr(known, name))
    ]


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value) or "none"


def check_place(wishes: Wishes, place: Path, known: Settings | None) -> None:
    """A data directory is one cluster's and nothing else's: `down` removes it with all that is in it."""
    if known and known.name != wishes.name:
        raise ClusterError(f"--data-dir: {place} is that of the cluster {known.name!r}; name it, or choose another")
    if not known and place.is_dir() and any(place.iterdir()):
        raise ClusterError(
            f"--data-dir: {place} holds files of something else, which `eachpod down` would remove; choose a new one"
        )


def settle(wishes: Wishes, place: Path, known: Settings | None) -> tuple[Settings, str]:
    """What the cluster shall be, and a sentence on the runtime where it was not asked for. A cluster that was there
    before keeps what it is."""
    if known:
        return known, ""
    if wishes.nodes < 0:
        raise ClusterError("--nodes: give a number from 0 on")
    if names.subdomain(wishes.domain):
        raise ClusterError(f"--domain: {wishes.domain!r} is no domain; write for example cluster.local")
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
    check_apart(made.pod_cidr, made.service_cidr, made.nodes)
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
