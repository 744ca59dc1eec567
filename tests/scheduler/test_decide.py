"""Decisions on whole pods: which node, or in which words none."""

from typing import Any

import pytest

from eachpod.scheduler.cluster import Cluster, Related
from eachpod.scheduler.decide import Chosen, Unschedulable, decide
from eachpod.scheduler.podinfo import info_of

ZONE = "topology.kubernetes.io/zone"
HOST = "kubernetes.io/hostname"


def node(name: str, *, labels: dict[str, str] | None = None, taints: Any = (), **allocatable: str) -> dict[str, Any]:
    spec: dict[str, Any] = {"taints": list(taints)} if taints else {}
    have = {"cpu": "4", "memory": "8Gi", "pods": "10"} | allocatable
    return {
        "metadata": {"name": name, "labels": {HOST: name, **(labels or {})}},
        "spec": spec,
        "status": {"allocatable": have},
    }


def pod(name: str = "p", *, cpu: str = "", at: str = "", **more: Any) -> dict[str, Any]:
    container: dict[str, Any] = {"name": "app", "image": "app:v1", "resources": {}}
    if cpu:
        container["resources"] = {"requests": {"cpu": cpu}}
    labels, status = more.pop("labels", {}), more.pop("status", {})
    spec = {"containers": [container], **more}
    if at:
        spec["nodeName"] = at
    metadata = {"name": name, "namespace": "d", "uid": f"uid-{name}", "labels": labels}
    return {"metadata": metadata, "spec": spec, "status": status}


def cluster_of(nodes: list[dict[str, Any]], pods: Any = (), related: Related | None = None) -> Cluster:
    cluster = Cluster(related)
    for one in nodes:
        cluster.set_node(one)
    for one in pods:
        cluster.set_pod(one)
    return cluster


def placed(cluster: Cluster, wanted: dict[str, Any]) -> str:
    """The chosen node, or the message."""
    outcome = decide(cluster, info_of(wanted))
    return outcome.node if isinstance(outcome, Chosen) else outcome.message


def affinity(kind: str, selector: dict[str, str], key: str = HOST) -> dict[str, Any]:
    term = {"labelSelector": {"matchLabels": selector}, "topologyKey": key}
    return {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}


UNHELPFUL = " preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
NO_VICTIMS = " preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod."

REFUSED: list[tuple[str, dict[str, Any], Any, dict[str, Any], str]] = [
    ("cordon", {**node("a"), "spec": {"unschedulable": True}}, (), pod(), "1 node(s) were unschedulable." + UNHELPFUL),
    (
        "taint",
        node("a", taints=[{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]),
        (),
        pod(tolerations=[{"key": "gpu", "value": "no"}]),
        "1 node(s) had untolerated taint(s)." + UNHELPFUL,
    ),
    (
        "selector",
        node("a"),
        (),
        pod(nodeSelector={"disk": "ssd"}),
        "1 node(s) didn't match Pod's node affinity/selector." + UNHELPFUL,
    ),
    ("larger than the node", node("a"), (), pod(cpu="5"), "1 Insufficient cpu." + UNHELPFUL),
    ("full", node("a"), [pod("x", cpu="3500m", at="a")], pod(cpu="1"), "1 Insufficient cpu." + NO_VICTIMS),
    ("pods", node("a", pods="1"), [pod("x", at="a")], pod(), "1 Too many pods." + NO_VICTIMS),
    (
        "anti-affinity of the pod",
        node("a"),
        [pod("x", at="a", labels={"app": "db"})],
        pod(affinity=affinity("podAntiAffinity", {"app": "db"})),
        "1 node(s) didn't match pod anti-affinity rules." + NO_VICTIMS,
    ),
    (
        "anti-affinity of a running pod",
        node("a"),
        [pod("x", at="a", affinity=affinity("podAntiAffinity", {"app": "web"}))],
        pod(labels={"app": "web"}),
        "1 node(s) didn't satisfy existing pods anti-affinity rules." + NO_VICTIMS,
    ),
    (
        "affinity without companion",
        node("a"),
        (),
        pod(affinity=affinity("podAffinity", {"app": "db"})),
        "1 node(s) didn't match pod affinity rules." + UNHELPFUL,
    ),
    (
        "spread without label",
        node("a"),
        (),
        pod(
            topologySpreadConstraints=[
                {"maxSkew": 1, "topologyKey": ZONE, "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {}}
            ]
        ),
        "1 node(s) didn't match pod topology spread constraints (missing required label)." + UNHELPFUL,
    ),
]


@pytest.mark.parametrize(("one", "there", "wanted", "why"), [case[1:] for case in REFUSED], ids=[c[0] for c in REFUSED])
def test_refused(one: Any, there: Any, wanted: Any, why: str) -> None:
    assert placed(cluster_of([one], there), wanted) == f"0/1 nodes are available: {why}"


ACCEPTED: list[tuple[str, dict[str, Any], Any, dict[str, Any]]] = [
    (
        "tolerated",
        node("a", taints=[{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]),
        (),
        pod(tolerations=[{"key": "gpu", "operator": "Exists"}]),
    ),
    ("finished pods leave", node("a", pods="1"), [pod("x", at="a", status={"phase": "Succeeded"})], pod()),
    (
        "its own company",
        node("a"),
        (),
        pod(labels={"app": "db"}, affinity=affinity("podAffinity", {"app": "db"})),
    ),
    (
        "companion",
        node("a"),
        [pod("x", at="a", labels={"app": "db"})],
        pod(affinity=affinity("podAffinity", {"app": "db"})),
    ),
]


@pytest.mark.parametrize(("one", "there", "wanted"), [case[1:] for case in ACCEPTED], ids=[c[0] for c in ACCEPTED])
def test_accepted(one: Any, there: Any, wanted: Any) -> None:
    assert placed(cluster_of([one], there), wanted) == "a"


@pytest.mark.parametrize(
    ("ours", "theirs", "clash"),
    [
        ({"hostPort": 80}, {"hostPort": 80}, True),
        ({"hostPort": 80}, {"hostPort": 81}, False),
        ({"hostPort": 80, "protocol": "UDP"}, {"hostPort": 80}, False),
        ({"hostPort": 80, "hostIP": "1.2.3.4"}, {"hostPort": 80, "hostIP": "1.2.3.5"}, False),
        ({"hostPort": 80, "hostIP": "1.2.3.4"}, {"hostPort": 80}, True),
    ],
)
def test_host_ports(ours: Any, theirs: Any, clash: bool) -> None:
    def with_port(name: str, port: Any, at: str = "") -> dict[str, Any]:
        made = pod(name, at=at)
        made["spec"]["containers"][0]["ports"] = [{"containerPort": 1, **port}]
        return made

    found = placed(cluster_of([node("a")], [with_port("x", theirs, "a")]), with_port("p", ours))
    assert (found == "a") is not clash


def test_reasons_are_counted_and_sorted() -> None:
    nodes = [
        node("a", cpu="1"),
        node("b", cpu="1", memory="1"),
        node("c", taints=[{"key": "k", "effect": "NoExecute"}]),
    ]
    wanted = pod(cpu="2")
    wanted["spec"]["containers"][0]["resources"]["requests"]["memory"] = "2"
    text = placed(cluster_of(nodes), wanted)
    assert text.startswith(
        "0/3 nodes are available: 1 Insufficient memory, 1 node(s) had untolerated taint(s), 2 Insufficient cpu."
    )


def test_no_nodes() -> None:
    assert placed(Cluster(), pod()) == "no nodes available to schedule pods"


def test_pods_of_one_service_spread() -> None:
    service = {"metadata": {"name": "web", "namespace": "d"}, "spec": {"selector": {"app": "web"}}}
    cluster = cluster_of([node("a"), node("b")], related=Related(services=lambda namespace: [service]))
    nodes = []
    for index in range(4):
        wanted = pod(f"web-{index}", labels={"app": "web"})
        nodes.append(placed(cluster, wanted))
        cluster.assume(info_of(wanted), nodes[-1])
    assert sorted(nodes) == ["a", "a", "b", "b"]
    assert nodes[0] != nodes[1]


def test_hard_spread_over_zones() -> None:
    rule = {
        "maxSkew": 1,
        "topologyKey": ZONE,
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "web"}},
    }
    nodes = [node("a", labels={ZONE: "1"}), node("b", labels={ZONE: "2"}, pods="0")]
    there = [pod("x", at="a", labels={"app": "web"})]
    text = placed(cluster_of(nodes, there), pod(labels={"app": "web"}, topologySpreadConstraints=[rule]))
    assert "1 Too many pods, 1 node(s) didn't match pod topology spread constraints." in text


CLASSES = {
    "later": {"metadata": {"name": "later"}, "provisioner": "x.dev/p", "volumeBindingMode": "WaitForFirstConsumer"},
    "none": {
        "metadata": {"name": "none"},
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer",
    },
    "now": {"metadata": {"name": "now"}, "provisioner": "x.dev/p"},
}


def claim(class_name: str = "later", *, bound_to: str = "", **meta: Any) -> dict[str, Any]:
    done = {"pv.kubernetes.io/bind-completed": "yes"} if bound_to else {}
    return {
        "metadata": {
            "name": "c",
            "namespace": "d",
            "uid": "claim",
            "annotations": done | meta.pop("annotations", {}),
            **meta,
        },
        "spec": {
            "storageClassName": class_name,
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
            **({"volumeName": bound_to} if bound_to else {}),
        },
    }


def volume(name: str, at: str, class_name: str = "none", size: str = "2Gi") -> dict[str, Any]:
    term = {"matchExpressions": [{"key": HOST, "operator": "In", "values": [at]}]}
    return {
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": size},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": class_name,
            "nodeAffinity": {"required": {"nodeSelectorTerms": [term]}},
        },
        "status": {"phase": "Available"},
    }


def with_claim(found: dict[str, Any] | None, volumes: Any = ()) -> Chosen | Unschedulable:
    related = Related(
        claim=lambda namespace, name: found,
        volume=lambda name: next((one for one in volumes if one["metadata"]["name"] == name), None),
        volumes=lambda: volumes,
        storage_class=CLASSES.get,
    )
    wanted = pod(volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}])
    return decide(cluster_of([node("a"), node("b")], related=related), info_of(wanted))


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (None, 'persistentvolumeclaim "c" not found'),
        (claim("now"), "pod has unbound immediate PersistentVolumeClaims"),
        (claim(deletionTimestamp="2026-01-01T00:00:00Z"), 'persistentvolumeclaim "c" is being deleted'),
    ],
)
def test_claims_that_stop_a_pod(found: Any, why: str) -> None:
    outcome = with_claim(found)
    assert isinstance(outcome, Unschedulable)
    assert outcome.message == f"0/2 nodes are available: {why}. not found"


def test_bound_claim_ties_the_pod() -> None:
    outcome = with_claim(claim("none", bound_to="v"), [volume("v", "b")])
    assert isinstance(outcome, Chosen)
    assert outcome.node == "b"


def test_waiting_claim_takes_the_smallest_volume_there() -> None:
    outcome = with_claim(
        claim("none"), [volume("big", "b", size="9Gi"), volume("small", "b"), volume("tiny", "b", size="1")]
    )
    assert isinstance(outcome, Chosen)
    assert [(v["metadata"]["name"], outcome.node) for v, _ in outcome.bindings.static] == [("small", "b")]


def test_waiting_claim_is_provisioned_where_the_pod_goes() -> None:
    outcome = with_claim(claim())
    assert isinstance(outcome, Chosen)
    assert [c["metadata"]["name"] for c in outcome.bindings.provision] == ["c"]


def test_selected_node_is_kept() -> None:
    outcome = with_claim(claim(annotations={"volume.kubernetes.io/selected-node": "b"}))
    assert isinstance(outcome, Chosen)
    assert outcome.node == "b"


def test_no_volume_to_bind() -> None:
    outcome = with_claim(claim("none"))
    assert isinstance(outcome, Unschedulable)
    assert "2 node(s) didn't find available persistent volumes to bind." in outcome.message


def test_a_claim_for_one_pod_only() -> None:
    only = claim("none", bound_to="v")
    only["spec"]["accessModes"] = ["ReadWriteOncePod"]
    related = Related(claim=lambda namespace, name: only, volume=lambda name: volume("v", "b"))
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]
    cluster = cluster_of([node("a"), node("b")], [pod("x", at="b", volumes=volumes)], related)
    assert "2 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod" in placed(
        cluster, pod(volumes=volumes)
    )
    assert placed(cluster_of([node("a"), node("b")], related=related), pod(volumes=volumes)) == "b"


def prioritized(name: str, priority: int, cpu: str = "1", at: str = "", **more: Any) -> dict[str, Any]:
    return pod(name, cpu=cpu, at=at, priority=priority, **more)


def test_preemption_spares_whom_it_can() -> None:
    there = [prioritized("x", 1, "1", "a"), prioritized("y", 2, "1", "a"), prioritized("z", 1, "2", "a")]
    outcome = decide(cluster_of([node("a")], there), info_of(prioritized("p", 10, "2")))
    assert isinstance(outcome, Unschedulable)
    assert outcome.nominated == "a"
    assert [victim.key.name for victim in outcome.victims] == ["z"]
    assert outcome.message.endswith("preemption: found a potential placement for pod on node a, preempting 1 victims")


def test_preemption_never() -> None:
    there = [prioritized("x", 1, "4", "a")]
    wanted = prioritized("p", 10, "2", preemptionPolicy="Never")
    assert placed(cluster_of([node("a")], there), wanted).endswith(
        "preemption: not eligible due to preemptionPolicy=Never."
    )


def test_preemption_prefers_the_node_that_loses_least() -> None:
    there = [prioritized("x", 5, "4", "a"), prioritized("y", 1, "4", "b")]
    outcome = decide(cluster_of([node("a"), node("b")], there), info_of(prioritized("p", 10, "2")))
    assert isinstance(outcome, Unschedulable)
    assert outcome.nominated == "b"


def test_room_of_a_nominated_pod_is_kept() -> None:
    cluster = cluster_of([node("a")])
    ahead = info_of(prioritized("ahead", 10, "3"))
    cluster.nominated[ahead.key] = ahead, "a"
    assert placed(cluster, prioritized("p", 1, "2")).startswith("0/1 nodes are available: 1 Insufficient cpu.")
    assert placed(cluster, prioritized("q", 100, "2")) == "a"
