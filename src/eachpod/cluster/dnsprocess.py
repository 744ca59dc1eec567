"""The DNS process: answers on sockets made elsewhere, from a watch of the API."""

from typing import Any

from eachpod.dns.serve import DnsConfig, run as serve

from .layout import Layout
from .settings import Settings
from .supervisor import tell_ready


def run(settings: Settings, given: dict[str, Any]) -> None:
    layout = Layout(settings.root)
    serve(
        DnsConfig(
            udp_fds=tuple(given["udp"]),
            tcp_fds=tuple(given["tcp"]),
            kubeconfig=str(layout.kubeconfig("dns")),
            cluster_domain=settings.domain,
            snapshot=str(layout.root / "dns.snapshot"),
        ),
        tell_ready,
    )
