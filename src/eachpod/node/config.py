"""Settings of the node agent."""

import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from .register import NodeIdentity

if TYPE_CHECKING:
    from .network.proxy import ProxyConfig


@dataclass(frozen=True, slots=True)
class Tls:
    """Files of the agent's HTTPS API: its own certificate, and the CA that its clients' certificates come from."""

    certificate: Path
    key: Path
    client_ca: Path


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """`runtime` is `simulated` or `cri`. One process may be many simulated nodes, but only one real one. `sockets` are
    listening already; `resolv_conf` is the node's own file, for pods that use the node's resolvers."""

    nodes: tuple[NodeIdentity, ...]
    runtime: str = "simulated"
    runtime_socket: str = "/run/containerd/containerd.sock"
    data_dir: Path = Path("/var/lib/eachpod")
    sockets: tuple[socket.socket, ...] = ()
    tls: Tls | None = None
    cluster_dns: tuple[str, ...] = ()
    cluster_domain: str = "cluster.local"
    resolv_conf: Path = Path("/etc/resolv.conf")
    capacity: dict[str, str] = field(default_factory=dict)
    max_pods: int = 110
    # The IPAM plugin's folder for addresses that pods keep, "" for none.
    address_wishes: str = ""
    cgroup_parent: str = ""
    # Whether the machine lets the agent set limits; without, the node says that they are not enforced.
    limits_enforced: bool = True
    # Service addresses on this node, by nftables; None where somebody else does that.
    proxy: "ProxyConfig | None" = None
