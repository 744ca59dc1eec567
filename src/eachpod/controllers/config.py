"""Settings of the controllers: those of kube-controller-manager's flags that mean something here, same defaults."""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ControllersConfig:
    # Names as for --controllers: "*" is all that are on by default, "NAME" adds one, "-NAME" leaves one out.
    controllers: tuple[str, ...] = ("*",)
    cluster_domain: str = "cluster.local"
    service_cidrs: tuple[str, ...] = ("10.247.0.0/16",)
    pod_cidrs: tuple[str, ...] = ("10.0.0.0/16",)
    # The CA certificate that every namespace's ConfigMap kube-root-ca.crt holds.
    root_ca: bytes = b""
    # Seconds of silence after which a node counts as lost, and between two looks at all nodes.
    node_monitor_grace_period: float = 50.0
    node_monitor_period: float = 5.0
    node_startup_grace_period: float = 60.0
    node_eviction_rate: float = 0.1
    terminated_pod_gc_threshold: int = 12500
    max_endpoints_per_slice: int = 100
    # Several copies of the controllers may run on one cluster; only the one that holds the Lease works.
    leader_elect: bool = False
    identity: str = "eachpod"
    lease_seconds: float = 15.0
    # Beyond Kubernetes (docs/beyond.md): what a StatefulSet waits for, as conditions and events.
    explain: bool = False

    def enabled(self, name: str, *, by_default: bool = True) -> bool:
        """Whether the controller `name` shall run."""
        if f"-{name}" in self.controllers:
            return False
        return name in self.controllers or ("*" in self.controllers and by_default)

    def strangers(self, known: Collection[str]) -> tuple[str, ...]:
        """What is named but is no controller."""
        return tuple(name for name in self.controllers if name != "*" and name.removeprefix("-") not in known)
