"""Rules of a container's life that the real server does not come to judge: it leaves stop signals out by default."""

from typing import Any

import pytest

SYSTEM = {"os": {"name": "linux"}}


@pytest.mark.parametrize(
    ("signal", "spec", "told"),
    [
        ("SIGUSR1", SYSTEM, ""),
        ("SIGTERM", {}, "Forbidden: may not be set for containers with empty `spec.os.name`"),
        ("SIGFOO", SYSTEM, 'Unsupported value: "SIGFOO": supported values: "SIGABRT"'),
        ("SIGHUP", {"os": {"name": "windows"}}, 'Unsupported value: "SIGHUP": supported values: "SIGKILL", "SIGTERM"'),
    ],
)
def test_stop_signals(of: Any, signal: str, spec: dict[str, Any], told: str) -> None:
    container = {"name": "c", "image": "i", "lifecycle": {"stopSignal": signal}}
    found = [each for each in of("v1", "Pod").faults({"containers": [container], **spec}) if "stopSignal" in each]
    assert len(found) == bool(told)
    assert all(each.startswith(f"spec.containers[0].lifecycle.stopSignal: {told}") for each in found)
