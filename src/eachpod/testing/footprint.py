"""What a running cluster takes of the machine, and what of it can still be found later.

It looks at the kernel's own lists and asks nothing of what `eachpod down` says: this is the witness beside it.
"""

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_CGROUPS = Path("/sys/fs/cgroup")
_KINDS = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")
_NAMESPACE = re.compile(rf"({'|'.join(_KINDS)}):\[\d+\]")


@dataclass(frozen=True, slots=True)
class Footprint:
    """Processes with the time at which each began, since numbers are used again; namespaces as `net:[4026531840]`, and
    the time of the last process there was: what begins later may get the number of one that is gone."""

    processes: frozenset[tuple[int, int]]
    namespaces: frozenset[str]
    cgroups: frozenset[Path]
    taken: int

    def of(self, kind: str) -> frozenset[str]:
        """The namespaces of one kind."""
        return frozenset(each for each in self.namespaces if each.startswith(kind + ":"))


def footprint(supervisor: int, cgroup: str) -> Footprint:
    """What a cluster has: its supervisor and all that descends from it, containers included, the namespaces of these
    other than our own, and the cgroups below the cluster's."""
    family = _descendants(supervisor)
    own = set(_namespaces(os.getpid()))
    found = {namespace for pid, _ in family for namespace in (*_namespaces(pid), *_held(pid))}
    taken = max(begun for _, begun in _processes())
    return Footprint(frozenset(family), frozenset(found - own), _cgroups(cgroup), taken)


def left(before: Footprint, place: Path, cgroup: str) -> list[str]:
    """What of it is still there, and what else is the cluster's: mounts of its files, rules, cgroups."""
    living = dict(_processes())
    of_then = [pid for pid, begun in living.items() if begun <= before.taken]
    namespaces = {each for pid in of_then for each in (*_namespaces(pid), *_held(pid))} | set(_mounted())
    mounts = [line for line in _lines(_PROC / "self" / "mountinfo") if str(place) in line]
    return [
        *(f"process {pid}" for pid, begun in sorted(before.processes) if living.get(pid) == begun),
        *(f"namespace {each}" for each in sorted(before.namespaces & namespaces)),
        *(f"cgroup {path}" for path in sorted(before.cgroups | _cgroups(cgroup)) if path.is_dir()),
        *(f"mount {line}" for line in mounts),
        *(f"nftables {line}" for line in _rules()),
    ]


def _processes() -> Iterator[tuple[int, int]]:
    """All that live, with the time at which each began."""
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and (fields := _fields(int(entry.name))) and fields[0] not in "ZX":
            yield int(entry.name), int(fields[19])


def _descendants(root: int) -> set[tuple[int, int]]:
    everybody = {pid: (int(fields[1]), int(fields[19])) for pid, _ in _processes() if (fields := _fields(pid))}
    found = {root} & everybody.keys()
    while more := {pid for pid, (parent, _) in everybody.items() if parent in found} - found:
        found |= more
    return {(pid, everybody[pid][1]) for pid in found}


def _fields(pid: int) -> list[str]:
    """/proc/PID/stat from the state on; nothing where it has ended."""
    with contextlib.suppress(OSError):
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return []


def _namespaces(pid: int) -> Iterator[str]:
    for kind in _KINDS:
        with contextlib.suppress(OSError):
            yield os.readlink(_PROC / str(pid) / "ns" / kind)


def _held(pid: int) -> Iterator[str]:
    """Namespaces that a process holds open."""
    with contextlib.suppress(OSError):
        for fd in (_PROC / str(pid) / "fd").iterdir():
            with contextlib.suppress(OSError):
                if _NAMESPACE.fullmatch(target := os.readlink(fd)):
                    yield target


def _mounted() -> Iterator[str]:
    """Namespaces that a mount keeps alive: the root of such a mount names it."""
    for line in _lines(_PROC / "self" / "mountinfo"):
        yield line.split()[3]


def _cgroups(name: str) -> frozenset[Path]:
    """In every hierarchy; os.walk lets be what goes away meanwhile."""
    return frozenset(Path(folder) for folder, _, _ in os.walk(_CGROUPS) if name in Path(folder).parts)


def _rules() -> list[str]:
    """The lines of the machine's own rule set that are ours, where it can be read."""
    program = shutil.which("nft", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if program is None or os.geteuid() != 0:
        return []
    said = subprocess.run([program, "list", "ruleset"], capture_output=True, text=True, check=False).stdout
    return [line.strip() for line in said.splitlines() if "eachpod" in line]


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines()
