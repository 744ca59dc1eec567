"""The node agent on real containers: one scene (`agent_scene.py`), and what came of it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def seen(machine: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    scene = Path(__file__).with_name("agent_scene.py")
    folder = tmp_path_factory.mktemp("agent")
    enter = ["nsenter", "-t", str(machine.holder), "-m", "-n"]
    done = subprocess.run(
        [*enter, sys.executable, str(scene), machine.socket, str(folder)], capture_output=True, text=True, timeout=400
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout))


def test_events_of_a_pod_that_comes_up(seen: dict[str, Any]) -> None:
    told = [each for each in seen["web events"] if each != "Unhealthy"]
    assert told == ["FailedToRetrieveImagePullSecret", "Pulling", "Pulled", "Created", "Started"]


def test_a_restarted_agent_changes_nothing(seen: dict[str, Any]) -> None:
    assert seen["unchanged by a restart"]


def test_the_agent_proxies_to_pods(seen: dict[str, Any]) -> None:
    assert seen["page"]


def test_a_crash_loop_shows_count_code_and_last_words(seen: dict[str, Any]) -> None:
    assert seen["loop"] == [1, 3, "last words\n"]
    assert seen["log"] == ["to the log loop", "# Kubernetes-managed hosts file."]
    assert seen["first bytes"] == "to the"


def test_init_containers_and_sidecars(seen: dict[str, Any]) -> None:
    assert seen["job"] == "Succeeded"


def test_a_missing_image_is_told(seen: dict[str, Any]) -> None:
    assert seen["image events"] == ["Pulling", "Failed", "Failed", "BackOff", "Failed"]


def test_a_sick_container_is_restarted(seen: dict[str, Any]) -> None:
    assert {"Unhealthy", "Killing", "Started"} <= set(seen["sick events"])
    assert not {"FailedPostStartHook", "FailedPreStopHook"} & set(seen["sick events"])


def test_nothing_is_left(seen: dict[str, Any]) -> None:
    assert seen["left"] == []
