"""Our DNS beside the real API server.

Runs where PEERS names the folder of the upstream programs.
"""

from pathlib import Path

import pytest

from eachpod.testing import peers
from eachpod.testing.stories import Shop, have_names

MISSING = peers.missing("etcd", "kube-apiserver")
pytestmark = [pytest.mark.e2e, pytest.mark.skipif(bool(MISSING), reason=MISSING)]


async def test_names_follow_the_real_api_server(tmp_path: Path) -> None:
    (port,) = peers.free_ports(1)
    async with (
        peers.kube_apiserver(tmp_path) as kubeconfig,
        peers.eachpod(tmp_path, "dns serve", "--kubeconfig", kubeconfig, "--port", str(port)),
        peers.client_of(kubeconfig) as client,
    ):
        await have_names(Shop(client), port)
