"""How a process of a cluster is started. What it does then stands in `process.py`."""

import json
import sys
from typing import Any

from .layout import Layout
from .settings import Settings


def command(role: str, settings: Settings, given: dict[str, Any]) -> tuple[str, ...]:
    """The command line of a process."""
    return (sys.executable, "-m", "eachpod.cluster.process", role, settings.data_dir, json.dumps(given))


def environment(settings: Settings) -> dict[str, str]:
    """For the parts that speak to the cluster and to nobody else: of certificate authorities they know its own only.
    A library reads all of the machine's when it is imported, two megabytes in each process. One arena of the C library
    is enough for parts that have one busy thread, and what is free goes back early."""
    authority = str(Layout(settings.root).pki / "ca.crt")
    return {"SSL_CERT_FILE": authority, "MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "65536"}
