"""Where everything of a cluster lies in its data directory."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Layout:
    root: Path

    @property
    def pki(self) -> Path:
        """CA, certificates and keys."""
        return self.root / "pki"

    @property
    def logs(self) -> Path:
        """One file per component."""
        return self.root / "logs"

    @property
    def state(self) -> Path:
        """What the supervisor says of itself and its processes; there while it lives."""
        return self.root / "state.json"

    @property
    def holder_state(self) -> Path:
        return self.root / "holder.json"

    @property
    def lock(self) -> Path:
        """Locked as long as any process of the cluster lives."""
        return self.root / "lock"

    @property
    def networks(self) -> Path:
        """The inode numbers of the nodes' network namespaces, by which they can be found from outside."""
        return self.root / "networks.json"

    def kubeconfig(self, who: str) -> Path:
        return self.root / "kubeconfigs" / who

    def node(self, name: str) -> Path:
        return self.root / "nodes" / name.replace(":", "-")
