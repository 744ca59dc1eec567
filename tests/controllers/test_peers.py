"""Our controllers in the place of kube-controller-manager.

Runs where PEERS names the folder of the upstream programs.
"""

from pathlib import Path

import pytest

from eachpod.testing import peers
from eachpod.testing.stories import Shop, live_and_die

MISSING = peers.missing("etcd", "kube-apiserver", "kube-scheduler")
pytestmark = [pytest.mark.e2e, pytest.mark.skipif(bool(MISSING), reason=MISSING)]


async def test_a_set_lives_on_the_real_api_server(tmp_path: Path) -> None:
    async with (
        peers.kube_apiserver(tmp_path) as kubeconfig,
        peers.eachpod(tmp_path, "controllers", "--kubeconfig", kubeconfig),
        peers.simulated_nodes(tmp_path, kubeconfig),
        peers.kube_scheduler(tmp_path, kubeconfig),
        peers.client_of(kubeconfig) as client,
    ):
        await live_and_die(Shop(client))
