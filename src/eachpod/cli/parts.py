"""The parts alone, each against any cluster: server, controllers, scheduler, node, dns."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from eachpod.cluster.errors import ClusterError

from .local import seconds
from .output import tell

dns_app = typer.Typer(help="The cluster DNS.", no_args_is_help=True)
Kubeconfig = Annotated[str, typer.Option(help="How to reach the cluster; $KUBECONFIG or ~/.kube/config by default.")]


def _client(kubeconfig: str) -> Any:
    from eachpod.client.client import Client
    from eachpod.client.http import HttpTransport
    from eachpod.client.kubeconfig import KubeconfigError, load
    from eachpod.cluster.settings import default_kubeconfig

    try:
        return Client(HttpTransport(load(kubeconfig or str(default_kubeconfig()))))
    except KubeconfigError as error:
        raise ClusterError(f"--kubeconfig: {error}") from None


def server(
    api_port: Annotated[int, typer.Option(help="Port to listen on; 0 for any.")] = 6443,
    bind_address: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 or :: for all.")] = "127.0.0.1",
    advertise_address: Annotated[
        str, typer.Option(help="Address that the Service kubernetes leads to; the one to listen on by default.")
    ] = "",
    kubelet_certificate_authority: Annotated[
        str, typer.Option(help="CA certificates of the node agents; the cluster's own CA by default.")
    ] = "",
    data_dir: Annotated[str, typer.Option(help="Where the store and certificates are.")] = "eachpod-server",
    service_cidr: Annotated[str, typer.Option(help="Range of Service addresses, one per family.")] = "10.247.0.0/16",
    token_auth_file: Annotated[str, typer.Option(help="CSV file of static bearer tokens.")] = "",
    anonymous_auth: Annotated[bool, typer.Option(help="Let requests without credentials in as anonymous.")] = False,
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

    place = Path(data_dir).absolute()
    if kubelet_certificate_authority and not Path(kubelet_certificate_authority).is_file():
        raise ClusterError(f"--kubelet-certificate-authority: {kubelet_certificate_authority} is not a file")
    where = api_place(bind_address, advertise_address)
    sock = listening(where.bind, api_port)
    made = settings.Settings(
        name="server", data_dir=str(place), api_port=sock.getsockname()[1], service_cidr=service_cidr,
        token_auth_file=token_auth_file, anonymous_auth=anonymous_auth, api_address=where.reached,
        advertise_address=where.advertised,
    )  # fmt: skip
    made = settings.with_addresses(made)
    identities.issue(made, datetime.datetime.now(datetime.UTC))
    config = server_config(made, [sock.detach()], alone=True)
    if kubelet_certificate_authority:
        config = replace(config, agent_ca_path=kubelet_certificate_authority)
    run_loop(serve(config, lambda _: tell(f"serving on {made.api_url}")))


def controllers(
    kubeconfig: Kubeconfig = "",
    service_cidr: Annotated[str, typer.Option(help="Range of Service addresses.")] = "10.247.0.0/16",
    pod_cidr: Annotated[str, typer.Option(help="Range of pod addresses.")] = "10.0.0.0/16",
    node_monitor_grace_period: Annotated[str, typer.Option(help="Silence after which a node is lost.")] = "50s",
    only: Annotated[
        str, typer.Option("--controllers", help="Names as for kube-controller-manager: *, NAME, -NAME.")
    ] = "*",
    root_ca_file: Annotated[str, typer.Option(help="CA certificate for kube-root-ca.crt.")] = "",
    leader_elect: Annotated[bool, typer.Option(help="Work only while holding the Lease.")] = True,
    explain: Annotated[bool, typer.Option(help="Conditions on StatefulSets that say what they wait for.")] = False,
) -> None:
    """The controllers alone, against any cluster."""
    from eachpod.cluster.process import run_loop
    from eachpod.controllers.config import ControllersConfig
    from eachpod.controllers.run import run_all

    config = ControllersConfig(
        controllers=tuple(only.split(",")),
        service_cidrs=tuple(service_cidr.split(",")),
        pod_cidrs=tuple(pod_cidr.split(",")),
        root_ca=Path(root_ca_file).read_bytes() if root_ca_file else b"",
        node_monitor_grace_period=seconds(node_monitor_grace_period),
        leader_elect=leader_elect,
        identity=f"{os.uname().nodename}_{os.getpid()}",
        explain=explain,
    )
    client = _client(kubeconfig)
    tell("controllers running")
    run_loop(run_all(client, config))


def scheduler(kubeconfig: Kubeconfig = "") -> None:
    """The scheduler alone, against any cluster."""
    from eachpod.cluster.process import run_loop
    from eachpod.scheduler.run import SchedulerConfig, run

    client = _client(kubeconfig)
    tell("scheduler running")
    run_loop(run(client, SchedulerConfig()))


def node(
    kubeconfig: Kubeconfig = "",
    simulated: Annotated[int, typer.Option(help="How many simulated nodes.")] = 1,
    name: Annotated[str, typer.Option(help="Prefix of the nodes' names.")] = "simulated",
    pod_cidr: Annotated[str, typer.Option(help="Range that the nodes' pods get addresses from.")] = "10.128.0.0/12",
) -> None:
    """Simulated nodes on any cluster."""
    from eachpod.cluster.addresses import plan_nodes
    from eachpod.cluster.process import run_loop
    from eachpod.node.config import NodeConfig
    from eachpod.node.register import NodeIdentity
    from eachpod.node.run import run

    names = tuple(f"{name}-{index}" for index in range(simulated))
    identities = tuple(
        NodeIdentity(each.name, (each.address,), each.pod_cidrs, simulated=True)
        for each in plan_nodes(simulated, pod_cidr, names=names)
    )
    client = _client(kubeconfig)
    run_loop(run(client, NodeConfig(nodes=identities), lambda: tell(f"{simulated} simulated nodes registered")))


@dns_app.command("serve")
def dns_serve(
    kubeconfig: Kubeconfig = "",
    address: Annotated[str, typer.Option(help="Address to answer on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to answer on, UDP and TCP.")] = 10053,
    domain: Annotated[str, typer.Option(help="DNS domain of the cluster.")] = "cluster.local",
    service_address: Annotated[str, typer.Option(help="Address of the DNS Service, for NS and glue.")] = "",
    ttl: Annotated[int, typer.Option(help="Seconds that answers may be kept.")] = 5,
) -> None:
    """The cluster DNS alone, for any cluster."""
    import socket

    from eachpod.cluster.settings import default_kubeconfig
    from eachpod.dns.config import DnsConfig
    from eachpod.dns.serve import run

    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        udp = socket.socket(family, socket.SOCK_DGRAM)
        udp.bind((address, port))
        tcp = socket.create_server((address, port), family=family)
    except OSError as error:
        raise ClusterError(f"--port: {address} port {port} cannot be used ({error.strerror}); choose another") from None
    tell(f"answering on {address} port {port}")
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
