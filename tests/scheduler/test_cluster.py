"""Laws of the running sums: whatever the order of events, they equal what a recount would give."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from eachpod.model.labelselector import Selector
from eachpod.scheduler.cluster import Cluster
from eachpod.scheduler.podinfo import PodKey, info_of

NODES = ("a", "b")
WEB = Selector.of({"matchLabels": {"app": "web"}})


def pod(name: str, at: str, cpu: int, app: str, port: int) -> dict[str, Any]:
    container = {"name": "c", "resources": {"requests": {"cpu": f"{cpu}m"}}, "ports": [{"hostPort": port}]}
    return {
        "metadata": {"name": name, "namespace": "d", "uid": name, "labels": {"app": app}},
        "spec": {"nodeName": at, "containers": [container]},
    }


pods = st.builds(
    pod,
    st.sampled_from("pqrs"),
    st.sampled_from(NODES),
    st.integers(1, 500),
    st.sampled_from(("web", "db")),
    st.integers(1, 3),
)
steps = st.one_of(
    st.tuples(st.just("set"), pods),
    st.tuples(st.just("assume"), pods),
    st.tuples(st.just("drop"), pods),
    st.tuples(st.just("forget"), pods),
    st.tuples(st.just("finish"), pods),
)


def apply(cluster: Cluster, step: str, one: dict[str, Any]) -> None:
    key = PodKey("d", one["metadata"]["name"])
    match step:
        case "set":
            cluster.set_pod(one)
        case "assume":
            cluster.assume(info_of({**one, "spec": {**one["spec"], "nodeName": ""}}), one["spec"]["nodeName"])
        case "drop":
            cluster.drop_pod(key)
        case "forget":
            cluster.forget(key)
        case "finish":
            cluster.set_pod({**one, "status": {"phase": "Failed"}})


@given(st.lists(steps, max_size=30))
def test_sums_equal_a_recount(history: list[tuple[str, dict[str, Any]]]) -> None:
    cluster = Cluster()
    for name in NODES:
        cluster.set_node({"metadata": {"name": name}, "status": {"allocatable": {"cpu": "4", "pods": "9"}}})
    cluster.tally("d", WEB)
    for step, one in history:
        apply(cluster, step, one)
    counts = cluster.tally("d", WEB)
    for name in NODES:
        node = cluster.nodes[name]
        infos = list(node.pods.values())
        assert node.requested.get("cpu", 0) == sum(info.requests["cpu"] for info in infos)
        assert node.ports == Counter(port for info in infos for port in info.ports)
        assert counts.get(name, 0) == sum(info.labels["app"] == "web" for info in infos)
        assert all(cluster.where(info.key) == name for info in infos)


def test_pods_without_node_object_are_kept_until_it_comes() -> None:
    cluster = Cluster()
    cluster.set_pod(pod("p", "late", 100, "web", 1))
    assert list(cluster.real_nodes()) == []
    cluster.set_node({"metadata": {"name": "late"}})
    assert [node.requested for node in cluster.real_nodes()] == [{"cpu": 100}]
    cluster.drop_node("late")
    cluster.drop_pod(PodKey("d", "p"))
    assert cluster.nodes == {}
