"""Our scheduler and nodes in a cluster that is otherwise upstream's.

Runs where PEERS names the folder of the upstream programs.
"""

from pathlib import Path

import pytest

from eachpod.testing import peers
from eachpod.testing.stories import Shop, get_placed

MISSING = peers.missing("etcd", "kube-apiserver", "kube-controller-manager")
pytestmark = [pytest.mark.e2e, pytest.mark.skipif(bool(MISSING), reason=MISSING)]


async def test_pods_are_placed_on_the_real_api_server(tmp_path: Path) -> None:
    async with (
        peers.kube_apiserver(tmp_path) as kubeconfig,
        peers.kube_controller_manager(tmp_path, kubeconfig, tmp_path / "sa.key"),
        peers.simulated_nodes(tmp_path, kubeconfig),
        peers.eachpod(tmp_path, "scheduler", "--kubeconfig", kubeconfig),
        peers.client_of(kubeconfig) as client,
    ):
        await get_placed(Shop(client))
