"""What the processes that only wait are made of."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("role", ["hostsupervisor", "holder"])
def test_those_that_only_supervise_load_no_large_libraries(role: str) -> None:
    """They live as long as the cluster, and everybody pays for what they import."""
    text = f"import sys, eachpod.cluster.process, eachpod.cluster.{role}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "eachpod.cluster.supervisor" in loaded
    assert not loaded & {"asyncio", "ssl", "cryptography", "yaml", "aiohttp", "grpc", "google.protobuf", "orjson"}
