"""The DNS process: answers on sockets made elsewhere, from a watch of the API."""

from typing import Any

from eachpod.dns.config import DnsConfig
from eachpod.dns.serve import run as serve

from .layout import Layout
from .settings import Settings
from .supervisor import tell_ready


def run(settings: Settings, given: dict[str, Any]) -> None:
    layout = Layout(settings.root)
    serve(
        DnsConfig(
            kubeconfig=str(layout.kubeconfig("dns")),
            udp_fds=tuple(given["udp"]),
            tcp_fds=tuple(given["tcp"]),
            health_fd=given["health"],
            cluster_domain=settings.domain,
            addresses=(settings.dns_address, settings.kube_dns_address),
            snapshot=str(layout.root / "dns.snapshot"),
        ),
        tell_ready,
    )
