"""Finding and ending what belongs to a cluster: its supervisor, and whatever a crash left without one."""

import contextlib
import json
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .layout import Layout
from .living import is_ours, told
from .living import processes as processes
from .settings import Settings

_CGROUPS = Path("/sys/fs/cgroup")


def state(layout: Layout) -> dict[str, Any] | None:
    """What the supervisor says of itself, if it lives."""
    found = told(layout)
    return found if found and is_ours(int(found["pid"]), layout.root) else None


def networks(layout: Layout) -> frozenset[int]:
    """The network namespaces that the cluster made, by inode."""
    try:
        return frozenset(json.loads(layout.networks.read_text()).values())
    except (FileNotFoundError, ValueError):
        return frozenset()


def living_networks() -> frozenset[int]:
    """All network namespaces of this machine that can be seen: those of processes, held open by them, or mounted."""
    found = set()
    for link in (*Path("/proc").glob("[0-9]*/ns/net"), *Path("/proc").glob("[0-9]*/fd/*")):
        with contextlib.suppress(OSError):
            found.add(os.readlink(link))
    found |= {line.split()[3] for line in mounts()}  # the root of an nsfs mount names the namespace
    matches = (re.fullmatch(r"net:\[(\d+)\]", text) for text in found)
    return frozenset(int(match[1]) for match in matches if match)


def mounts() -> list[str]:
    """The mounts that this process sees, as Linux lists them; elsewhere no cluster has any."""
    with contextlib.suppress(FileNotFoundError):
        return Path("/proc/self/mountinfo").read_text().splitlines()
    return []


def stop(settings: Settings, patience: float = 15.0) -> None:
    """End the supervisor in good order, then whatever is left by force, then remove cgroups. Idempotent."""
    layout = Layout(settings.root)
    found = state(layout)
    if found:
        _signal(int(found["pid"]), signal.SIGTERM)
        _wait(lambda: state(layout) is None, patience)
    for _ in range(3):
        left = processes(settings.root)
        for pid in left:
            _signal(pid, signal.SIGKILL)
        if not left or _wait(lambda: not processes(settings.root), 5.0):
            break
    remove_cgroups(settings)
    for path in (layout.state, layout.holder_state):
        path.unlink(missing_ok=True)


def cgroups(settings: Settings) -> list[Path]:
    """The cgroups of this cluster's pods, in every hierarchy."""
    roots = [_CGROUPS, *(path for path in _CGROUPS.iterdir() if path.is_dir())] if _CGROUPS.is_dir() else []
    return [root / settings.cgroup for root in roots if (root / settings.cgroup).is_dir()]


def remove_cgroups(settings: Settings, patience: float = 60.0) -> None:
    """Remove them from the leaves up, once their processes are gone: those of containers, which bear no mark. On a busy
    machine the kernel takes seconds to end a process that had file systems of its own."""
    deadline = time.monotonic() + patience
    while (found := cgroups(settings)) and time.monotonic() < deadline:
        for root in found:
            for path, _, _ in os.walk(root, topdown=False):
                _end_all(Path(path))
                with contextlib.suppress(OSError):
                    os.rmdir(path)
        if cgroups(settings):
            time.sleep(0.05)


def _end_all(cgroup: Path) -> None:
    """End what runs in it. What is frozen (version 1), as runtimes do for a moment, would not hear of its end."""
    with contextlib.suppress(OSError):
        for pid in (cgroup / "cgroup.procs").read_text().split():
            _signal(int(pid), signal.SIGKILL)
        if (state := cgroup / "freezer.state").exists():
            state.write_text("THAWED")


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _wait(done: Callable[[], bool], patience: float) -> bool:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if done():
            return True
        time.sleep(0.02)
    return done()
