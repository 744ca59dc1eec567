"""Ports on the node's own addresses."""

import pytest

from eachpod.model.podspec.hostports import HostPort, host_ports_of


@pytest.mark.parametrize(
    ("other", "clashes"),
    [
        (HostPort("10.0.0.1", "TCP", 80), True),
        (HostPort("0.0.0.0", "TCP", 80), True),
        (HostPort("10.0.0.2", "TCP", 80), False),
        (HostPort("10.0.0.1", "UDP", 80), False),
        (HostPort("10.0.0.1", "TCP", 81), False),
    ],
)
def test_clashes(other: HostPort, clashes: bool) -> None:
    one = HostPort("10.0.0.1", "TCP", 80)
    assert one.clashes(other) == other.clashes(one) == clashes


def test_regular_containers_and_sidecars_hold_ports() -> None:
    spec = {
        "containers": [{"ports": [{"containerPort": 8080}, {"containerPort": 80, "hostPort": 80}]}],
        "initContainers": [
            {"ports": [{"hostPort": 1}]},
            {"restartPolicy": "Always", "ports": [{"hostPort": 53, "protocol": "UDP", "hostIP": "10.0.0.1"}]},
        ],
    }
    assert list(host_ports_of({"spec": spec})) == [HostPort("0.0.0.0", "TCP", 80), HostPort("10.0.0.1", "UDP", 53)]
