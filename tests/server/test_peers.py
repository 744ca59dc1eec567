"""Kubernetes' own programs on our API server.

Runs where PEERS names the folder of the upstream programs.
"""

from pathlib import Path

import pytest

from eachpod.testing import peers
from eachpod.testing.stories import Shop, get_placed, have_names, live_and_die

MISSING = peers.missing("kube-controller-manager", "kube-scheduler", "coredns")
pytestmark = [pytest.mark.e2e, pytest.mark.skipif(bool(MISSING), reason=MISSING)]


async def test_kube_controller_manager_does_its_work(tmp_path: Path) -> None:
    async with (
        peers.our_server(tmp_path) as kubeconfig,
        peers.eachpod(tmp_path, "scheduler", "--kubeconfig", kubeconfig),
        peers.simulated_nodes(tmp_path, kubeconfig),
        peers.kube_controller_manager(tmp_path, kubeconfig, tmp_path / "server/pki/service-account.key"),
        peers.client_of(kubeconfig) as client,
    ):
        await live_and_die(Shop(client))


async def test_kube_scheduler_places_pods(tmp_path: Path) -> None:
    async with (
        peers.our_server(tmp_path) as kubeconfig,
        peers.eachpod(tmp_path, "controllers", "--kubeconfig", kubeconfig),
        peers.simulated_nodes(tmp_path, kubeconfig),
        peers.kube_scheduler(tmp_path, kubeconfig),
        peers.client_of(kubeconfig) as client,
    ):
        await get_placed(Shop(client))


async def test_coredns_answers(tmp_path: Path) -> None:
    (port,) = peers.free_ports(1)
    async with (
        peers.our_server(tmp_path) as kubeconfig,
        peers.coredns(tmp_path, kubeconfig, port),
        peers.client_of(kubeconfig) as client,
    ):
        await have_names(Shop(client), port)
