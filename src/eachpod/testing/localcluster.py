"""A local cluster for a test: real processes in a directory of its own, driven by the commands that users type."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from eachpod.cluster.settings import Settings

from .kubectl import programs

BIN = Path(sys.executable).parent


class Cluster:
    def __init__(self, name: str, work: Path) -> None:
        self.name, self.data = name, work / "cluster"
        self.environment = {**os.environ, "KUBECONFIG": str(work / "kubeconfig")}
        self._kubectl = str(programs(BIN)["kubectl"])

    def eachpod(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self._run(str(BIN / "eachpod"), *words)

    def up(self, *flags: str) -> subprocess.CompletedProcess[str]:
        return self.eachpod("up", self.name, "--data-dir", str(self.data), *flags)

    def down(self) -> subprocess.CompletedProcess[str]:
        return self.eachpod("down", self.name, "--data-dir", str(self.data))

    def kubectl(self, *words: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        return self._run(self._kubectl, *words, text=text)

    def get(self, *what: str) -> Any:
        return json.loads(self.kubectl("get", *what, "-o", "json").stdout)

    def components(self) -> dict[str, Any]:
        status = self.eachpod("status", self.name, "--data-dir", str(self.data), "-o", "json")
        found: dict[str, Any] = json.loads(status.stdout)["components"]
        return found

    @property
    def cgroup(self) -> str:
        return Settings(self.name, str(self.data)).cgroup

    @property
    def dns_port(self) -> int:
        return int(json.loads((self.data / "cluster.json").read_text())["dns_port"])

    def _run(self, *command: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, input=text, capture_output=True, text=True, timeout=300, check=False, env=self.environment
        )


def wait_for(done: Callable[[], object], what: str, seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.1)
