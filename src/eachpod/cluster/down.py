"""Taking a cluster down: end its processes, remove what is left of it, and check that nothing is."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import kubeconfig, leftovers, settings
from .errors import ClusterError
from .settings import Settings


@dataclass(frozen=True, slots=True)
class Remains:
    """What of a cluster can still be found on the machine; all zero after `down`."""

    processes: int
    mounts: int
    network_namespaces: int
    nftables_rules: int
    cgroups: int

    def none(self) -> bool:
        return not any((self.processes, self.mounts, self.network_namespaces, self.nftables_rules, self.cgroups))


def down(name: str, place: Path, *, keep_data: bool = False) -> Remains:
    """End the cluster and, unless `keep_data`, remove its data. A cluster half dead from a crash is cleaned up too."""
    known = settings.load(place)
    if known is None and not leftovers.processes(place):
        raise ClusterError(f"there is no cluster {name!r} in {place}; `eachpod list` shows those that are")
    found = known or Settings(name, str(place))
    leftovers.stop(found)
    if found.kubeconfig:
        path = Path(found.kubeconfig)
        config = kubeconfig.read(path)
        if config:
            kubeconfig.write(path, kubeconfig.without(config, found.context))
    if not keep_data:
        shutil.rmtree(place, ignore_errors=True)
    return remains(found)


def remains(found: Settings) -> Remains:
    """Look for what could be left. Namespaces and rules of ours lived inside the holder's; they are counted by the
    processes that hold them open, and by names of ours on the host."""
    mounts = sum(found.data_dir in line for line in Path("/proc/self/mountinfo").read_text().splitlines())
    named = Path("/run/netns")
    namespaces = sum(path.name == "fabric" for path in named.iterdir()) if named.is_dir() else 0
    return Remains(
        processes=len(leftovers.processes(found.root)),
        mounts=mounts,
        network_namespaces=namespaces + _held_namespaces(found.root),
        nftables_rules=_rules(),
        cgroups=len(leftovers.cgroups(found)),
    )


def _held_namespaces(root: Path) -> int:
    return len({Path(f"/proc/{pid}/ns/net").resolve() for pid in leftovers.processes(root)})


def _rules() -> int:
    """Tables of ours in the host's own rule set, where it can be read at all."""
    if shutil.which("nft") is None or os.geteuid() != 0:
        return 0
    said = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=False).stdout
    return sum("eachpod" in line for line in said.splitlines())
