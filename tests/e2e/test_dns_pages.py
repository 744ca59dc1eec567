"""A cluster's DNS tells how it is, at an address that `status` gives."""

import json
import urllib.request

import pytest

from eachpod.testing.localcluster import Cluster, wait_for

pytestmark = pytest.mark.e2e


def test_health_readiness_and_figures(simulated: Cluster) -> None:
    status = simulated.eachpod("status", simulated.name, "--data-dir", str(simulated.data), "-o", "json")
    port = json.loads(status.stdout)["settings"]["dns_health_port"]

    def page(path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return str(answer.read().decode())

    assert page("/health") == "OK\n"
    assert page("/ready") == "OK\n"
    assert "# TYPE" in page("/metrics")
    pid = simulated.components()["dns"]["pid"]
    assert simulated.eachpod("down", simulated.name, "--data-dir", str(simulated.data), "--keep-data").returncode == 0
    assert simulated.up().returncode == 0
    wait_for(lambda: simulated.components()["dns"]["ready"], "the DNS is ready")
    assert simulated.components()["dns"]["pid"] != pid
    assert page("/ready") == "OK\n"  # at the same port as before
