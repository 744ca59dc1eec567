"""Which bound pods a node refuses, and in whose words."""

from typing import Any

import pytest

from eachpod.node.admission import admit

NODE: dict[str, Any] = {
    "metadata": {"name": "n1"},
    "status": {"allocatable": {"cpu": "2", "memory": "1Gi", "pods": "3"}},
}


def wanting(cpu: str, **spec: Any) -> dict[str, Any]:
    container = {"name": "c", "resources": {"requests": {"cpu": cpu}}}
    return {"metadata": {"name": "p"}, "spec": {"containers": [container], **spec}, "status": {}}


@pytest.mark.parametrize(
    ("pod", "others", "reason"),
    [
        (wanting("1"), [wanting("1")], ""),
        (wanting("1500m"), [wanting("1")], "OutOfcpu"),
        (wanting("0"), [wanting("0")] * 3, "OutOfpods"),
        (wanting("1", nodeSelector={"disk": "ssd"}), [], "NodeAffinity"),
    ],
)
def test_admission(pod: dict[str, Any], others: list[Any], reason: str) -> None:
    verdict = admit(pod, NODE, others)
    assert (verdict.reason if verdict else "") == reason
    assert not verdict or verdict.message.startswith("Pod was rejected: ")


def test_a_taken_host_port_refuses() -> None:
    with_port = wanting("0")
    with_port["spec"]["containers"][0]["ports"] = [{"containerPort": 80, "hostPort": 80}]
    verdict = admit(with_port, NODE, [with_port])
    assert verdict
    assert verdict.reason == "NodePorts"
    ended = {**with_port, "status": {"phase": "Succeeded"}}
    assert admit(with_port, NODE, [ended]) is None
