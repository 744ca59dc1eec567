"""Clusters for tests, taken down whatever happens."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from eachpod.cluster import ability
from eachpod.testing.localcluster import Cluster


@contextlib.contextmanager
def running(cluster: Cluster, runtime: str) -> Iterator[Cluster]:
    try:
        started = cluster.up("--runtime", runtime)
        assert started.returncode == 0, started.stderr
        yield cluster
    finally:
        cluster.down()


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[Cluster]:
    with running(Cluster("t-simulated", tmp_path), "simulated") as cluster:
        yield cluster


@contextlib.contextmanager
def real(work: Path) -> Iterator[Cluster]:
    against = ability.reason_against_containers(ability.checks())
    if against:
        pytest.skip(f"containers cannot run here: {against}")
    cluster = Cluster("t-containers", work)
    assert cluster.eachpod("image", "build").returncode == 0
    with running(cluster, "containers"):
        yield cluster


@pytest.fixture
def containers(tmp_path: Path) -> Iterator[Cluster]:
    with real(tmp_path) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def shared_containers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One for all tests of a file, which take care of each other."""
    with real(tmp_path_factory.mktemp("shared")) as cluster:
        yield cluster
