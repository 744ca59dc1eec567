"""The walkthrough from beginning to end: with real containers where the machine can run them, and simulated."""

import subprocess
import sys
from pathlib import Path

import pytest

from eachpod.cluster import ability
from eachpod.testing.kubectl import programs
from eachpod.testing.scene import Scene, Stage

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
pytestmark = pytest.mark.e2e


def stage(runtime: str, work: Path) -> Stage:
    kubectl = str(programs(BIN)["kubectl"])
    return Stage(
        f"scene-{runtime}", runtime, str(BIN / "eachpod"), kubectl, work, ROOT / "examples" / "headless.yaml", print
    )


def test_with_simulated_pods(tmp_path: Path) -> None:
    Scene(stage("simulated", tmp_path)).play()


def test_with_containers(tmp_path: Path) -> None:
    against = ability.reason_against_containers(ability.checks())
    if against:
        pytest.skip(f"containers cannot run here: {against}")
    subprocess.run([str(BIN / "eachpod"), "image", "build"], check=True)
    Scene(stage("containers", tmp_path)).play()
