"""The commands for local clusters: up, down, status, list, logs, doctor."""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eachpod.cluster.errors import ClusterError

from .flags import (
    DOMAIN,
    GRACE_PERIOD,
    POD_CIDR,
    SERVICE_CIDR,
    Anonymous,
    DataDir,
    Domain,
    Explain,
    GracePeriod,
    Name,
    Output,
    PodCidr,
    ServiceCidr,
    TokenFile,
    listed,
    port,
    readable,
    seconds,
)
from .output import columns, emit, progress, tell

if TYPE_CHECKING:
    from eachpod.cluster.settings import Settings


def up(
    name: Name = "default",
    nodes: Annotated[int, typer.Option(help="How many nodes; 0 is a control plane alone.", min=0)] = 2,
    runtime: Annotated[str, typer.Option(help="containers or simulated; by default what the machine can.")] = "",
    kubeconfig: Annotated[str, typer.Option(help="File that the cluster's context is merged into.")] = "",
    data_dir: DataDir = "",
    api_port: Annotated[int, port("Port of the API on 127.0.0.1; 6443 or any by default.")] = 0,
    dns_port: Annotated[int, port("Port of the DNS on 127.0.0.1; 10053 or any by default.")] = 0,
    service_cidr: ServiceCidr = SERVICE_CIDR,
    pod_cidr: PodCidr = POD_CIDR,
    node_addresses: Annotated[str, typer.Option(help="Addresses of the nodes, separated by commas.")] = "",
    node_names: Annotated[str, typer.Option(help="Names of the nodes; by default their addresses.")] = "",
    node_monitor_grace_period: GracePeriod = GRACE_PERIOD,
    domain: Domain = DOMAIN,
    token_auth_file: TokenFile = "",
    anonymous_auth: Anonymous = False,
    explain: Explain = False,
    foreground: Annotated[
        bool, typer.Option(help="Stay until interrupted, then take the cluster down; its data stay.")
    ] = False,
    output: Output = "",
) -> None:
    """Start a cluster; returns when its API and DNS answer."""
    from eachpod.cluster.up import up
    from eachpod.cluster.wishes import Wishes

    begun = time.monotonic()
    grace = seconds("--node-monitor-grace-period", node_monitor_grace_period)
    wishes = Wishes(
        name=name, nodes=nodes, runtime=runtime, kubeconfig=kubeconfig, data_dir=data_dir, api_port=api_port,
        dns_port=dns_port, service_cidr=service_cidr, pod_cidr=pod_cidr, node_addresses=listed(node_addresses),
        node_names=listed(node_names), node_monitor_grace_period=grace, domain=domain,
        token_auth_file=readable("--token-auth-file", token_auth_file),
        anonymous_auth=anonymous_auth, explain=explain, foreground=foreground,
    )  # fmt: skip
    found, started = up(wishes, tell)
    took = time.monotonic() - begun
    head = f"cluster {name} is up ({took:.1f} s)" if started else f"cluster {name} is running already"
    emit({**asdict(found), "started": started}, output, f"{head}: {_ways_in(found)}")
    if foreground:
        _stay(found)


def _ways_in(found: "Settings") -> str:
    return (
        f"{len(found.nodes)} nodes, {found.runtime}\n"
        f"API   https://127.0.0.1:{found.api_port}   DNS   127.0.0.1:{found.dns_port}\n"
        f"context {found.context} is in {found.kubeconfig}; go on with:\n\n"
        f"    kubectl --context {found.context} get nodes"
    )


def _stay(found: "Settings") -> None:
    from eachpod.cluster import leftovers
    from eachpod.cluster.down import down
    from eachpod.cluster.layout import Layout

    try:
        while leftovers.state(Layout(found.root)):
            time.sleep(0.5)
    except KeyboardInterrupt:
        tell("taking the cluster down")
        with progress("waiting for its processes to end"):
            down(found.name, found.root, tell, keep_data=True)


def _place(name: str, data_dir: str) -> Path:
    from eachpod.cluster.wishes import data_dir as place

    return place(name, data_dir)


def down(
    name: Name = "default",
    data_dir: DataDir = "",
    keep_data: Annotated[bool, typer.Option(help="Keep the data; the next `up` goes on with it.")] = False,
    output: Output = "",
) -> None:
    """Take a cluster down and remove its data."""
    from eachpod.cluster.down import down

    with progress(f"waiting for the processes of {name} to end"):
        left = down(name, _place(name, data_dir), tell, keep_data=keep_data)
    found = asdict(left)
    text = f"cluster {name} is down; left: " + ", ".join(f"{key.replace('_', ' ')} {n}" for key, n in found.items())
    emit(found, output, text)
    if not left.none():
        raise ClusterError("something of the cluster is left, see above; run `eachpod down` again")


def _running(name: str, data_dir: str) -> "tuple[Settings, dict[str, Any] | None]":
    from eachpod.cluster import leftovers, settings
    from eachpod.cluster.layout import Layout

    place = _place(name, data_dir)
    found = settings.load(place)
    if found is None:
        raise ClusterError(f"there is no cluster {name!r}; start one with `eachpod up {name}`")
    return found, leftovers.state(Layout(place))


def status(name: Name = "default", data_dir: DataDir = "", output: Output = "") -> None:
    """Show a cluster's processes and addresses."""
    found, state = _running(name, data_dir)
    components = _components(found, state)
    value = {"settings": asdict(found), "running": state is not None, "components": components}
    rows = [
        (part, "ready" if its["ready"] else "starting", its["pid"] or "-", its["restarts"])
        for part, its in components.items()
    ]
    head = f"cluster {found.name}: {'running' if state else 'stopped'}, {found.runtime}, data in {found.data_dir}"
    text = head if not rows else f"{head}\n{columns(('COMPONENT', 'STATE', 'PID', 'RESTARTS'), rows)}"
    emit(value, output, text)
    if state is None:
        raise ClusterError(f"cluster {found.name} is not running; `eachpod up {found.name}` starts it again")


def _components(found: "Settings", state: dict[str, Any] | None) -> dict[str, Any]:
    from eachpod.cluster import living
    from eachpod.cluster.layout import Layout

    if state is None:
        return {}
    inner: dict[str, Any] = {}
    if found.runtime == "containers":
        try:
            inner = json.loads(Layout(found.root).holder_state.read_text())
        except (OSError, ValueError):
            inner = {}
    numbers = living.numbers(found.root) if inner else {}
    outer = {name: {**part, "pid": numbers.get(part["pid"])} for name, part in inner.items()}
    return {**state["components"], **outer}


def list_clusters(output: Output = "") -> None:
    """List the clusters of this user."""
    from eachpod.cluster import leftovers, settings
    from eachpod.cluster.layout import Layout

    rows = []
    folder = settings.default_data_dir("x").parent
    for place in sorted(folder.glob("*/")):
        found = settings.load(place)
        if found:
            running = leftovers.state(Layout(place)) is not None
            rows.append(
                (found.name, "running" if running else "stopped", found.runtime, len(found.nodes), found.api_port)
            )
    keys = ("name", "state", "runtime", "nodes", "apiPort")
    text = (
        columns(("NAME", "STATE", "RUNTIME", "NODES", "API PORT"), rows)
        if rows
        else "no clusters; `eachpod up` starts one"
    )
    emit([dict(zip(keys, row, strict=True)) for row in rows], output, text)


def logs(
    component: Annotated[str, typer.Argument(help="A component as `eachpod status` names it.")],
    name: Annotated[str, typer.Option(help="Name of the cluster.")] = "default",
    data_dir: DataDir = "",
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on with new lines.")] = False,
    output: Output = "",
) -> None:
    """Print the log of a component."""
    from eachpod.cluster.layout import Layout

    found, _ = _running(name, data_dir)
    folder = Layout(found.root).logs
    path = folder / f"{component}.log"
    if not path.is_file():
        known = ", ".join(sorted(each.stem for each in folder.glob("*.log")))
        raise ClusterError(f"no component {component!r}; there are {known}")
    for line in _lines(path, follow=follow):
        whole = {"component": component, "line": line.removesuffix("\n")}
        print(json.dumps(whole) if output else line, end="\n" if output else "", flush=follow)


def _lines(path: Path, *, follow: bool) -> Iterator[str]:
    """Those of a file; with `follow` also those that come, each when it is whole, without an end."""
    begun = ""
    with path.open(errors="replace") as file:
        while True:
            begun += file.readline()
            if begun.endswith("\n") or (begun and not follow):
                yield begun
                begun = ""
            elif not follow:
                return
            else:
                time.sleep(0.2)


def doctor(output: Output = "") -> None:
    """Say what this machine can run, and what would mend the rest."""
    from eachpod.cluster import ability

    with progress("looking at what this machine has"):
        found = ability.checks()
    lines = [
        f"{'ok  ' if check.good else 'FAIL' if check.needed else 'less'} {check.name}: {check.found}"
        + ("" if check.good else f"\n     -> {check.mend}")
        for check in found
    ]
    against = ability.reason_against_containers(found)
    lines.append("containers can run here" if not against else "only simulated pods can run here")
    emit([asdict(check) for check in found], output, "\n".join(lines))
