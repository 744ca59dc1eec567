"""Clusters for tests, taken down whatever happens."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from eachpod.cluster import ability
from eachpod.testing.localcluster import Cluster


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster("t-simulated", tmp_path)
    started = cluster.up("--runtime", "simulated")
    assert started.returncode == 0, started.stderr
    yield cluster
    cluster.down()


@pytest.fixture
def containers(tmp_path: Path) -> Iterator[Cluster]:
    against = ability.reason_against_containers(ability.checks())
    if against:
        pytest.skip(f"containers cannot run here: {against}")
    cluster = Cluster("t-containers", tmp_path)
    assert cluster.eachpod("image", "build").returncode == 0
    started = cluster.up("--runtime", "containers")
    assert started.returncode == 0, started.stderr
    yield cluster
    cluster.down()
