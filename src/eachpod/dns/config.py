"""What a DNS process is told at its start."""

from dataclasses import dataclass

from .zone import ZoneOptions


@dataclass(frozen=True, slots=True)
class DnsConfig:
    """Sockets come as file descriptors, bound by whoever may: UDP bound, TCP listening, `health_fd` (or -1) listening
    for HTTP. `addresses` are those of the DNS Service. With `snapshot` (a file) the last state is kept, so that names
    resolve at once after a restart, also while the API is away. `resolv_conf` names the resolvers for all other names;
    "" refuses those."""

    kubeconfig: str
    udp_fds: tuple[int, ...] = ()
    tcp_fds: tuple[int, ...] = ()
    health_fd: int = -1
    context: str = ""
    cluster_domain: str = "cluster.local"
    addresses: tuple[str, ...] = ()
    ttl: int = 5
    pods: str = "insecure"
    ptr_hostnames_only: bool = False
    snapshot: str = ""
    resolv_conf: str = "/etc/resolv.conf"
    drain_seconds: float = 2.0

    def zone_options(self) -> ZoneOptions:
        return ZoneOptions(
            domain=self.cluster_domain,
            ttl=self.ttl,
            pods=self.pods,
            addresses=self.addresses,
            ptr_hostnames_only=self.ptr_hostnames_only,
            forwarding=bool(self.resolv_conf),
        )
