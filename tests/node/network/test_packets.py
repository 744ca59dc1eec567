"""Service rules on real packets, in namespaces of its own: with root, or without where user namespaces are allowed."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e

ONE_OF_THREE = {"p0", "p1", "p2"}


@pytest.fixture(scope="module")
def seen() -> Any:
    """What tests/node/network/packets.py saw."""
    if not shutil.which("unshare") or not shutil.which("ip"):
        pytest.skip("needs unshare and iproute2")
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    holder = ["unshare", *user, "--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child"]
    if subprocess.run([*holder, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine allows no namespaces")
    script = f'mount -t tmpfs tmpfs /run && exec {sys.executable} "$0"'
    script_path = Path(__file__).with_name("packets.py")
    done = subprocess.run([*holder, "sh", "-c", script, str(script_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def pods(answers: dict[str, int]) -> set[str]:
    return {answer.split()[0] for answer in answers}


def sources(answers: dict[str, int]) -> set[str]:
    return {answer.split()[1] for answer in answers}


@pytest.mark.parametrize("family", ["v4", "v6"])
def test_a_pod_reaches_every_endpoint_with_its_own_address(seen: Any, family: str) -> None:
    client = {"v4": "10.0.0.4", "v6": "fd00:2::4"}[family]
    for way in ("pod to cluster address", "pod to cluster address by UDP"):
        answers = seen[f"{way} {family}"]
        assert pods(answers) == ONE_OF_THREE
        assert sources(answers) == {client}


@pytest.mark.parametrize("family", ["v4", "v6"])
def test_a_pod_reaches_itself_and_the_node_reaches_all(seen: Any, family: str) -> None:
    assert pods(seen[f"pod to itself {family}"]) == ONE_OF_THREE
    assert pods(seen[f"node to cluster address {family}"]) == ONE_OF_THREE


def test_outside_traffic_reaches_every_endpoint_by_any_node(seen: Any) -> None:
    for way in ("node port from outside", "external address"):
        assert pods(seen[way]) == ONE_OF_THREE
        assert "192.168.0.1" not in sources(seen[way])


def test_a_local_policy_keeps_the_clients_address_and_drops_elsewhere(seen: Any) -> None:
    for way in ("local node port here", "load balancer"):
        assert set(seen[way]) == {"p0 192.168.0.1"}
    assert seen["local node port elsewhere"] == "TimeoutError"
    assert seen["inner from the node without"] == "TimeoutError"
    assert seen["inner from the node with"].startswith("p2 ")


def test_what_nobody_serves_is_refused_at_once(seen: Any) -> None:
    assert set(seen["refused"]) == {"ConnectionRefusedError"}
    assert len(seen["refused"]) == 7
    assert seen["refused at once"]
    assert seen["Service gone"] == "ConnectionRefusedError"


def test_affinity_holds_over_changes_and_ends_after_its_time(seen: Any) -> None:
    assert seen["sticky"] == 1
    assert seen["sticky over changes"] == [True, True, True]
    assert seen["another after its time"]


def test_a_udp_client_follows_its_service(seen: Any) -> None:
    before, after = seen["UDP client follows"]
    assert before.startswith("p0 ")
    assert after.startswith("p1 ")
    assert seen["UDP flows left"] == 0
