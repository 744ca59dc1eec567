"""The witness finds a family of processes with its namespaces, and sees when they are gone."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from eachpod.testing.footprint import footprint, left

APART = ("unshare", "--user", "--map-root-user", "--net", "--uts", "--fork")


@pytest.mark.e2e
def test_what_descends_from_a_process_is_found_until_it_is_gone(tmp_path: Path) -> None:
    if subprocess.run([*APART, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine allows no user namespaces")
    command = [*APART, "sh", "-c", "echo; read end"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as family:  # its end closes the input
        assert family.stdout
        family.stdout.readline()  # the innermost runs
        before = footprint(family.pid, "no-such-cluster")
        found = left(before, tmp_path, "no-such-cluster")
        family.communicate(b"\n")
    assert len(before.processes) == 2
    assert {each.partition(":")[0] for each in before.namespaces} == {"net", "user", "uts"}
    assert found == [f"process {pid}" for pid, _ in sorted(before.processes)] + [
        f"namespace {each}" for each in sorted(before.namespaces)
    ]
    assert left(before, tmp_path, "no-such-cluster") == []


def test_a_process_of_another_time_is_not_the_same(tmp_path: Path) -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:  # its end closes the input
        found = footprint(process.pid, "no-such-cluster")
        assert not found.namespaces
        assert left(found, tmp_path, "no-such-cluster") == [f"process {process.pid}"]
        other = replace(found, processes=frozenset({(process.pid, 0)}))
        assert left(other, tmp_path, "no-such-cluster") == []


def test_a_namespace_of_a_process_of_later_is_another_one(tmp_path: Path) -> None:
    namespace = os.readlink("/proc/self/ns/net")
    now = replace(footprint(os.getpid(), "no-such-cluster"), processes=frozenset(), namespaces=frozenset({namespace}))
    assert left(now, tmp_path, "no-such-cluster") == [f"namespace {namespace}"]
    earlier = replace(now, taken=0)
    assert left(earlier, tmp_path, "no-such-cluster") == []
