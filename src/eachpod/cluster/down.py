"""Taking a cluster down: end its processes, remove what is left of it, and check that nothing is."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eachpod.node.network.rules import TABLE

from . import bubble, entries, leftovers, settings
from .errors import ClusterError
from .layout import Layout
from .searchpath import find
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


def down(name: str, place: Path, tell: Callable[[str], None], *, keep_data: bool = False) -> Remains:
    """End the cluster and, unless `keep_data`, remove its data. A cluster half dead from a crash is cleaned up too."""
    known = settings.load(place)
    if known is None and not leftovers.processes(place):
        raise ClusterError(f"there is no cluster {name!r} in {place}; `eachpod list` shows those that are")
    found = known or Settings(name, str(place))
    networks = leftovers.networks(Layout(place))
    leftovers.stop(found)
    for trouble in entries.leave(found):
        tell(trouble)
    left = settled(lambda: remains(found, networks))
    if left.none() and not keep_data:  # else the next `down` could not go on
        remove(found)
    return left


def settled(look: Callable[[], Remains], patience: float = 30.0) -> Remains:
    """What is left when the kernel has had time: what was ended still holds for a moment what it had, and on a
    busy machine for some."""
    deadline = time.monotonic() + patience
    while not (left := look()).none() and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def remove(found: Settings) -> None:
    """The data directory. Without root, files of containers belong to subordinate users: only a namespace that has
    them may remove those."""
    shutil.rmtree(found.root, ignore_errors=found.rootless)
    if found.root.exists():
        subprocess.run(bubble.with_users("rm", "-rf", found.data_dir), capture_output=True, check=False)
    if found.root.exists():
        raise ClusterError(f"the cluster is down, but {found.root} cannot be removed; remove it by hand")


def remains(found: Settings, networks: frozenset[int]) -> Remains:
    """Look for what could be left. `networks` are the namespaces that the cluster had, by inode; its nftables rules
    were in them and go with them, so that only the host's own rule set is asked."""
    mounts = sum(found.data_dir in line for line in leftovers.mounts())
    return Remains(
        processes=len(leftovers.processes(found.root)),
        mounts=mounts,
        network_namespaces=len(networks & leftovers.living_networks()),
        nftables_rules=_rules(),
        cgroups=len(leftovers.cgroups(found)),
    )


def _rules() -> int:
    """Tables of ours in the host's own rule set, where it can be read at all."""
    nft = find("nft")
    if nft is None or os.geteuid() != 0:
        return 0
    said = subprocess.run([nft, "list", "tables"], capture_output=True, text=True, check=False).stdout
    return sum(line.split()[-1:] == [TABLE] for line in said.splitlines())
