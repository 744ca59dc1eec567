"""The parts alone, each against any cluster: server, controllers, scheduler, node, dns."""

import os
from collections.abc import Callable, Coroutine
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
    Domain,
    Explain,
    GracePeriod,
    Kubeconfig,
    PodCidr,
    ServiceCidr,
    TokenFile,
    contents,
    listed,
    port,
    readable,
    seconds,
)
from .output import tell

if TYPE_CHECKING:
    from eachpod.client.client import Client
    from eachpod.client.kubeconfig import Access

dns_app = typer.Typer(help="The cluster DNS.", no_args_is_help=True, rich_markup_mode=None)


def _access(kubeconfig: str) -> "Access":
    from eachpod.client.kubeconfig import KubeconfigError, load
    from eachpod.cluster.settings import default_kubeconfig

    try:
        return load(kubeconfig or str(default_kubeconfig()))
    except KubeconfigError as error:
        raise ClusterError(f"--kubeconfig: {error}") from None


def _run(kubeconfig: str, work: Callable[["Client"], Coroutine[Any, Any, None]], begun: str = "") -> None:
    """Do the work until it is interrupted, with a client that is closed at its end. `begun` is said at its start."""
    from eachpod.client.client import Client
    from eachpod.client.http import HttpTransport
    from eachpod.cluster.process import run_loop

    client = Client(HttpTransport(_access(kubeconfig)))

    async def closing() -> None:
        if begun:
            tell(begun)
        try:
            await work(client)
        finally:
            await client.close()

    run_loop(closing())


def server(
    api_port: Annotated[int, port("Port to listen on; 0 for any.")] = 6443,
    bind_address: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 or :: for all.")] = "127.0.0.1",
    advertise_address: Annotated[
        str, typer.Option(help="Address that the Service kubernetes leads to; the one to listen on by default.")
    ] = "",
    kubelet_certificate_authority: Annotated[
        str, typer.Option(help="CA certificates of the node agents; the cluster's own CA by default.")
    ] = "",
    data_dir: Annotated[str, typer.Option(help="Where the store and certificates are.")] = "eachpod-server",
    service_cidr: ServiceCidr = SERVICE_CIDR,
    token_auth_file: TokenFile = "",
    anonymous_auth: Anonymous = False,
) -> None:
    """The API server alone. Its admin kubeconfig is DATA_DIR/kubeconfigs/admin."""
    import datetime
    from dataclasses import replace

    from eachpod.cluster import identities, settings
    from eachpod.cluster.addresses import api_place
    from eachpod.cluster.controlplane import server_config
    from eachpod.cluster.process import run_loop
    from eachpod.cluster.up import listening
    from eachpod.server.run import serve

    place, tokens = Path(data_dir).absolute(), readable("--token-auth-file", token_auth_file)
    settings.make_root(place)
    agent_ca = readable("--kubelet-certificate-authority", kubelet_certificate_authority)
    where = api_place(bind_address, advertise_address)
    sock = listening(where.bind, api_port)
    made = settings.Settings(
        name="server", data_dir=str(place), api_port=sock.getsockname()[1], service_cidr=service_cidr,
        token_auth_file=tokens, anonymous_auth=anonymous_auth, api_address=where.reached,
        advertise_address=where.advertised,
    )  # fmt: skip
    made = settings.with_addresses(made)
    identities.issue(made, datetime.datetime.now(datetime.UTC))
    config = server_config(made, [sock.detach()], alone=True)
    if agent_ca:
        config = replace(config, agent_ca_path=agent_ca)
    run_loop(serve(config, lambda _: tell(f"serving on {made.api_url}")))


def controllers(
    kubeconfig: Kubeconfig = "",
    service_cidr: ServiceCidr = SERVICE_CIDR,
    pod_cidr: PodCidr = POD_CIDR,
    node_monitor_grace_period: GracePeriod = GRACE_PERIOD,
    only: Annotated[
        str, typer.Option("--controllers", help="Names as for kube-controller-manager: *, NAME, -NAME.")
    ] = "*",
    root_ca_file: Annotated[str, typer.Option(help="CA certificate for kube-root-ca.crt.")] = "",
    leader_elect: Annotated[bool, typer.Option(help="Work only while holding the Lease.")] = True,
    explain: Explain = False,
) -> None:
    """The controllers alone, against any cluster."""
    from eachpod.controllers import leader
    from eachpod.controllers.config import ControllersConfig
    from eachpod.controllers.run import run_all
    from eachpod.controllers.table import CONTROLLERS

    config = ControllersConfig(
        controllers=listed(only),
        service_cidrs=listed(service_cidr),
        pod_cidrs=listed(pod_cidr),
        root_ca=contents("--root-ca-file", root_ca_file),
        node_monitor_grace_period=seconds("--node-monitor-grace-period", node_monitor_grace_period),
        leader_elect=leader_elect,
        identity=f"{os.uname().nodename}_{os.getpid()}",
        explain=explain,
    )
    known = sorted({controller.name for controller in CONTROLLERS})
    for name in config.strangers(known):
        raise ClusterError(f"--controllers: {name!r} is no controller; there are {', '.join(known)}")
    waiting = f"waiting for the Lease {leader.NAMESPACE}/{leader.NAME}" if leader_elect else ""
    _run(kubeconfig, lambda client: run_all(client, config, begun=lambda: tell("controllers running")), waiting)


def scheduler(kubeconfig: Kubeconfig = "") -> None:
    """The scheduler alone, against any cluster."""
    from eachpod.scheduler.config import SchedulerConfig
    from eachpod.scheduler.run import run

    _run(kubeconfig, lambda client: run(client, SchedulerConfig()), "scheduler running")


def node(
    kubeconfig: Kubeconfig = "",
    simulated: Annotated[int, typer.Option(help="How many simulated nodes.", min=1)] = 1,
    name: Annotated[str, typer.Option(help="Prefix of the nodes' names.")] = "simulated",
    pod_cidr: Annotated[str, typer.Option(help="Range that the nodes' pods get addresses from.")] = "10.128.0.0/12",
) -> None:
    """Simulated nodes on any cluster."""
    from eachpod.cluster.addresses import check_node_names, plan_nodes
    from eachpod.node.config import NodeConfig
    from eachpod.node.register import NodeIdentity
    from eachpod.node.run import run

    names = tuple(f"{name}-{index}" for index in range(simulated))
    check_node_names("--name", names)
    identities = tuple(
        NodeIdentity(each.name, (each.address,), each.pod_cidrs, simulated=True)
        for each in plan_nodes(simulated, pod_cidr, names=names)
    )
    config = NodeConfig(nodes=identities)
    _run(kubeconfig, lambda client: run(client, config, lambda: tell(f"{simulated} simulated nodes registered")))


@dns_app.command("serve")
def dns_serve(
    kubeconfig: Kubeconfig = "",
    address: Annotated[str, typer.Option(help="Address to answer on.")] = "127.0.0.1",
    dns_port: Annotated[int, port("Port to answer on, UDP and TCP.", "--port")] = 10053,
    domain: Domain = DOMAIN,
    service_address: Annotated[str, typer.Option(help="Address of the DNS Service, for NS and glue.")] = "",
    ttl: Annotated[int, typer.Option(help="Seconds that answers may be kept.")] = 5,
) -> None:
    """The cluster DNS alone, for any cluster."""
    import socket

    from eachpod.cluster.settings import default_kubeconfig
    from eachpod.dns.config import DnsConfig
    from eachpod.dns.serve import run

    _access(kubeconfig)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        udp = socket.socket(family, socket.SOCK_DGRAM)
        udp.bind((address, dns_port))
        tcp = socket.create_server((address, udp.getsockname()[1]), family=family)
    except socket.gaierror as error:
        raise ClusterError(f"--address: {address!r} is no address of this machine ({error.strerror})") from None
    except OSError as error:
        text = f"{address} port {dns_port} cannot be used ({error.strerror}); choose another"
        raise ClusterError(f"--port: {text}") from None
    tell(f"answering on {address} port {udp.getsockname()[1]}")
    run(
        DnsConfig(
            kubeconfig=kubeconfig or str(default_kubeconfig()),
            udp_fds=(udp.detach(),),
            tcp_fds=(tcp.detach(),),
            cluster_domain=domain,
            addresses=(service_address,) if service_address else (),
            ttl=ttl,
        )
    )
