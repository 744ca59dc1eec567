"""Certificates and kubeconfigs of all who take part in a cluster, made before anything starts."""

import datetime

from . import access, kubeconfig, pki
from .addresses import FABRIC_ADDRESS, FABRIC_PORT
from .layout import Layout
from .settings import Settings


def api_names(settings: Settings) -> list[str]:
    """Every name and address under which the API server is reached."""
    service = "kubernetes.default.svc"
    names = [
        "localhost", "127.0.0.1", "::1", settings.api_address, settings.advertise_address, settings.kubernetes_address,
        "kubernetes", "kubernetes.default", service, f"{service}.{settings.domain}",
    ]  # fmt: skip
    return list(dict.fromkeys(names))


def issue(settings: Settings, now: datetime.datetime) -> None:
    """Write what is missing or bound to this start (ports are in the kubeconfigs); the CA and token key are kept."""
    layout = Layout(settings.root)
    authority = pki.Authority.open(layout.pki, now)
    token_key = layout.pki / "service-account.key"
    if not token_key.exists():
        pki.write_secret(token_key, pki.new_token_key())
    authority.server("kube-apiserver", api_names(settings), now).write(layout.pki, "apiserver")
    authority.client(access.API_SERVER, [], now).write(layout.pki, "apiserver-client")
    outside = settings.api_url
    for who, user, groups in (
        ("admin", access.ADMIN, [access.MASTERS]),
        ("dns", access.DNS, []),
        ("scheduler", access.SCHEDULER, []),
    ):
        pair = authority.client(user, groups, now)
        _write(layout, who, kubeconfig.make(settings.context, outside, authority.pem, pair))
    if settings.runtime == "containers":
        _real_nodes(settings, authority, now)
    else:
        _simulated_nodes(settings, authority, outside, now)


def _real_nodes(settings: Settings, authority: pki.Authority, now: datetime.datetime) -> None:
    """An identity per node; agents reach the API inside the nodes' network."""
    layout, inside = Layout(settings.root), f"https://{FABRIC_ADDRESS}:{FABRIC_PORT}"
    for node in settings.nodes:
        hosts = [node.name, node.address, "127.0.0.1", "localhost"]
        authority.server(access.node_user(node.name), hosts, now).write(layout.node(node.name), "agent")
        client = authority.client(access.node_user(node.name), [access.NODES], now)
        _write(layout, f"node-{node.name}", kubeconfig.make(settings.context, inside, authority.pem, client))


def _simulated_nodes(settings: Settings, authority: pki.Authority, server: str, now: datetime.datetime) -> None:
    """One identity for all: one process is all of them."""
    layout = Layout(settings.root)
    client = authority.client(access.SIMULATED_NODES, [access.NODES], now)
    _write(layout, "nodes", kubeconfig.make(settings.context, server, authority.pem, client))
    authority.server("eachpod-nodes", ["127.0.0.1", "localhost"], now).write(layout.pki, "nodes")


def _write(layout: Layout, who: str, config: kubeconfig.Config) -> None:
    kubeconfig.write(layout.kubeconfig(who), config)
