"""Scores as the real scheduler's plugins compute them."""

from typing import Any

import pytest

from eachpod.scheduler.nodeinfo import NodeInfo
from eachpod.scheduler.podinfo import info_of
from eachpod.scheduler.score import balanced, enough, least_allocated


def node(cpu: str = "4", memory: str = "8Gi") -> NodeInfo:
    made = NodeInfo("a")
    made.set_node({"metadata": {"name": "a"}, "status": {"allocatable": {"cpu": cpu, "memory": memory}}})
    return made


def pod(cpu: str = "", memory: str = "") -> Any:
    requests = {key: value for key, value in (("cpu", cpu), ("memory", memory)) if value}
    container = {"name": "c", "resources": {"requests": requests}}
    return info_of({"metadata": {"name": "p", "namespace": "d"}, "spec": {"containers": [container]}})


@pytest.mark.parametrize(
    ("cpu", "memory", "score"),
    [("1", "2Gi", 75), ("4", "8Gi", 0), ("5", "2Gi", 37), ("", "", 97)],
)
def test_least_allocated(cpu: str, memory: str, score: int) -> None:
    assert least_allocated(pod(cpu, memory), node()) == score


@pytest.mark.parametrize(("cpu", "memory", "score"), [("1", "2Gi", 75), ("2", "0", 62), ("4", "8Gi", 75)])
def test_balanced(cpu: str, memory: str, score: int) -> None:
    assert balanced(pod(cpu, memory), node()) == score


@pytest.mark.parametrize(("nodes", "wanted"), [(1, 1), (99, 99), (100, 100), (1000, 420), (5000, 500), (10000, 500)])
def test_nodes_worth_comparing(nodes: int, wanted: int) -> None:
    assert enough(nodes) == wanted
