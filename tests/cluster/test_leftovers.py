"""What a crash can leave is ended and removed: processes of containers, which bear no mark, frozen ones too."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from eachpod.cluster import leftovers
from eachpod.cluster.settings import Settings

CGROUPS = Path("/sys/fs/cgroup")
SETTINGS = Settings(f"left-{os.getpid()}", "/nowhere")


@pytest.fixture
def left() -> Iterator[subprocess.Popen[bytes]]:
    """A process in cgroups of the cluster's, in every hierarchy that takes it, and frozen where that can be."""
    roots = [path for path in (CGROUPS, *CGROUPS.iterdir()) if (path / "cgroup.procs").exists()]
    with subprocess.Popen(["sleep", "100000"]) as process:
        try:
            groups = [path for root in roots if (path := pod_in(root, process.pid))]
            if not groups:
                pytest.skip("no cgroup can be made here")
            freeze(groups)
            yield process
        finally:
            leftovers.remove_cgroups(SETTINGS)
            process.kill()


def pod_in(root: Path, pid: int) -> Path | None:
    with contextlib.suppress(OSError):
        made = root / SETTINGS.cgroup / "node" / "pod"
        made.mkdir(parents=True)
        (made / "cgroup.procs").write_text(str(pid))
        return made
    return None


def freeze(groups: list[Path]) -> None:
    for group in groups:
        for name, value in (("freezer.state", "FROZEN"), ("cgroup.freeze", "1")):
            if (group / name).exists():
                (group / name).write_text(value)


@pytest.mark.e2e
def test_processes_of_containers_end_and_their_cgroups_go(left: subprocess.Popen[bytes]) -> None:
    leftovers.remove_cgroups(replace(SETTINGS, data_dir="/elsewhere"))  # of a cluster with the same name
    assert leftovers.cgroups(SETTINGS)
    assert left.poll() is None
    leftovers.remove_cgroups(SETTINGS)
    assert leftovers.cgroups(SETTINGS) == []
    assert left.wait() == -9
