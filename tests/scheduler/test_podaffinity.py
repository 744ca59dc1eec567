"""Scores by the wishes of pods about each other, as the InterPodAffinity plugin gives them."""

from typing import Any

import pytest

from eachpod.scheduler.cluster import Cluster, Related
from eachpod.scheduler.podaffinity import scores
from eachpod.scheduler.podinfo import info_of

HOST, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"
NODES = {"a": "z1", "b": "z1", "c": "z2"}


def term(app: str, key: str = HOST, **more: Any) -> dict[str, Any]:
    return {"labelSelector": {"matchLabels": {"app": app}}, "topologyKey": key, **more}


def soft(weight: int, *args: Any, **more: Any) -> dict[str, Any]:
    return {
        "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": weight, "podAffinityTerm": term(*args, **more)}]
    }


def hard(*args: Any, **more: Any) -> dict[str, Any]:
    return {"requiredDuringSchedulingIgnoredDuringExecution": [term(*args, **more)]}


def pod(name: str, app: str, at: str = "", namespace: str = "d", **affinity: Any) -> dict[str, Any]:
    spec: dict[str, Any] = {"containers": [{"name": "c", "image": "i"}], "affinity": affinity}
    if at:
        spec["nodeName"] = at
    return {"metadata": {"name": name, "namespace": namespace, "uid": name, "labels": {"app": app}}, "spec": spec}


def scored(wanted: dict[str, Any], *running: dict[str, Any], related: Related | None = None) -> list[int] | None:
    cluster = Cluster(related)
    for name, zone in NODES.items():
        cluster.set_node({"metadata": {"name": name, "labels": {HOST: name, ZONE: zone}}})
    for one in running:
        cluster.set_pod(one)
    return scores(cluster, info_of(wanted), [cluster.nodes[name] for name in NODES])


@pytest.mark.parametrize(
    ("wanted", "running", "expected"),
    [
        pytest.param(pod("p", "web"), [pod("x", "db", "a")], None, id="nobody wishes anything"),
        pytest.param(pod("p", "web", podAffinity=soft(5, "db")), [pod("x", "web", "a")], None, id="nobody is meant"),
        pytest.param(pod("p", "web", podAffinity=soft(5, "db")), [pod("x", "db", "a")], [100, 0, 0], id="to it"),
        pytest.param(
            pod("p", "web", podAntiAffinity=soft(5, "db")), [pod("x", "db", "a")], [0, 100, 100], id="from it"
        ),
        pytest.param(
            pod("p", "web", podAffinity=soft(5, "db", ZONE)), [pod("x", "db", "a")], [100, 100, 0], id="to its zone"
        ),
        pytest.param(
            pod("p", "web", podAffinity=soft(5, "db")),
            [pod("x", "db", "a"), pod("y", "db", "a"), pod("z", "db", "c")],
            [100, 0, 50],
            id="each one counts",
        ),
        pytest.param(
            pod("p", "web", podAffinity=soft(1, "db"), podAntiAffinity=soft(2, "mq", ZONE)),
            [pod("x", "db", "a"), pod("y", "mq", "c")],
            [100, 66, 0],
            id="both, rounded down",
        ),
        pytest.param(
            pod("p", "web"), [pod("x", "db", "a", podAffinity=soft(5, "web"))], [100, 0, 0], id="it is wished for"
        ),
        pytest.param(
            pod("p", "web"), [pod("x", "db", "a", podAntiAffinity=soft(5, "web"))], [0, 100, 100], id="it is shunned"
        ),
        pytest.param(
            pod("p", "web"), [pod("x", "db", "a", podAffinity=hard("web"))], [100, 0, 0], id="it is needed there"
        ),
        pytest.param(
            pod("p", "web"),
            [pod("x", "db", "a", podAffinity=hard("web")), pod("y", "db", "b", podAffinity=soft(4, "web"))],
            [25, 100, 0],
            id="a need counts one",
        ),
        pytest.param(
            pod("p", "web"), [pod("x", "db", "a", podAntiAffinity=hard("web"))], None, id="hard refusals do not"
        ),
        pytest.param(
            pod("p", "web", podAffinity=soft(5, "db")), [pod("x", "db", "a", "e")], None, id="in another namespace"
        ),
        pytest.param(
            pod("p", "web", podAffinity=soft(5, "db", namespaces=["e"])),
            [pod("x", "db", "a", "e"), pod("y", "db", "b")],
            [100, 0, 0],
            id="in a named namespace",
        ),
        pytest.param(
            pod("p", "web", podAffinity=soft(5, "db", "rack")), [pod("x", "db", "a")], None, id="without such a label"
        ),
        pytest.param(
            pod("p", "web", podAffinity=soft(5, "db")),
            [pod(name, "db", name) for name in NODES],
            [0, 0, 0],
            id="all alike",
        ),
    ],
)
def test_scores(wanted: Any, running: Any, expected: list[int] | None) -> None:
    assert scored(wanted, *running) == expected


def test_a_namespace_may_be_chosen_by_its_labels() -> None:
    related = Related(
        namespaces=lambda: [{"metadata": {"name": "e", "labels": {"team": "x"}}}, {"metadata": {"name": "f"}}]
    )
    wish = soft(5, "db", namespaceSelector={"matchLabels": {"team": "x"}})
    running = [pod("x", "db", "a", "e"), pod("y", "db", "b", "f"), pod("z", "db", "c")]
    assert scored(pod("p", "web", podAffinity=wish), *running, related=related) == [100, 0, 0]
