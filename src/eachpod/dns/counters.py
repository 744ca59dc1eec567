"""What the process has done, as plain numbers that cost nothing to count, and their text for Prometheus.

The names are CoreDNS' where it has the same figure, so that existing dashboards go on working.
"""

from dataclasses import dataclass, field

_RCODES = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED")


@dataclass(slots=True)
class Counters:
    udp: int = 0
    tcp: int = 0
    forwarded: int = 0
    forward_failures: int = 0
    errors: int = 0
    changes: int = 0
    rcodes: list[int] = field(default_factory=lambda: [0] * 16)


def exposition(counters: Counters, names: int, *, synced: bool) -> str:
    """The text format of Prometheus."""
    lines = [
        "# TYPE coredns_dns_requests_total counter",
        f'coredns_dns_requests_total{{proto="udp"}} {counters.udp}',
        f'coredns_dns_requests_total{{proto="tcp"}} {counters.tcp}',
        "# TYPE coredns_dns_responses_total counter",
    ]
    for number, title in enumerate(_RCODES):
        lines.append(f'coredns_dns_responses_total{{rcode="{title}"}} {counters.rcodes[number]}')
    gauges = (
        ("coredns_forward_requests_total", "counter", counters.forwarded),
        ("eachpod_dns_forward_failures_total", "counter", counters.forward_failures),
        ("eachpod_dns_internal_errors_total", "counter", counters.errors),
        ("eachpod_dns_changes_total", "counter", counters.changes),
        ("eachpod_dns_names", "gauge", names),
        ("eachpod_dns_synced", "gauge", int(synced)),
    )
    for title, kind, value in gauges:
        lines += [f"# TYPE {title} {kind}", f"{title} {value}"]
    return "\n".join(lines) + "\n"
