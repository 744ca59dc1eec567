"""Which nodes can take a pod: the filters, in the order of the scheduler's default profile.

`filters` looks at the pod once and keeps only those that have something to say about it; each is then a cheap question
per node. A node that fails is told by its first failing filter, as the real scheduler does.
"""

from collections.abc import Callable

from eachpod.model.nodeaffinity import pod_accepts
from eachpod.model.objects import dig
from eachpod.model.tolerations import NO_EXECUTE, NO_SCHEDULE, tolerates, untolerated
from eachpod.model.wellknown import UNSCHEDULABLE

from . import podaffinity, spread
from .cluster import Cluster
from .nodeinfo import NodeInfo
from .podinfo import PodInfo
from .refusal import Refusal
from .volumebinding import PodClaims, volume_filter

Filter = Callable[[NodeInfo], tuple[Refusal, ...]]

CORDONED = Refusal("node(s) were unschedulable", "NodeUnschedulable")
WRONG_NAME = Refusal("node(s) didn't match the requested node name", "NodeName")
TAINTED = Refusal("node(s) had untolerated taint(s)", "TaintToleration")
NOT_SELECTED = Refusal("node(s) didn't match Pod's node affinity/selector", "NodeAffinity")
PORTS_TAKEN = Refusal("node(s) didn't have free ports for the requested pod ports", "NodePorts", may_help=True)
TOO_MANY = Refusal("Too many pods", "NodeResourcesFit", may_help=True)

_CORDON = {"key": UNSCHEDULABLE, "effect": NO_SCHEDULE}


def resources(info: PodInfo, node: NodeInfo) -> tuple[Refusal, ...]:
    """All resources that the node lacks. Other pods leaving helps only where the whole node would be enough."""
    lacking = []
    if len(node.pods) + 1 > node.allocatable.get("pods", 0):
        lacking.append(TOO_MANY)
    for resource, asked in info.requests.items():
        have = node.allocatable.get(resource, 0)
        if asked > have - node.requested.get(resource, 0):
            lacking.append(Refusal(f"Insufficient {resource}", "NodeResourcesFit", may_help=asked <= have))
    return tuple(lacking)


def _node_filters(info: PodInfo) -> list[Filter]:
    """The filters that look at the node alone."""
    tolerations = dig(info.pod, "spec", "tolerations", default=())
    wanted = dig(info.pod, "spec", "nodeName", default="")
    ignores_cordon = any(tolerates(toleration, _CORDON) for toleration in tolerations)

    def cordon(node: NodeInfo) -> tuple[Refusal, ...]:
        return (CORDONED,) if dig(node.node, "spec", "unschedulable") and not ignores_cordon else ()

    def named(node: NodeInfo) -> tuple[Refusal, ...]:
        return (WRONG_NAME,) if wanted and wanted != node.name else ()

    def taints(node: NodeInfo) -> tuple[Refusal, ...]:
        if node.taints and untolerated(node.taints, tolerations, (NO_SCHEDULE, NO_EXECUTE)):
            return (TAINTED,)
        return ()

    def selected(node: NodeInfo) -> tuple[Refusal, ...]:
        return () if node.node and pod_accepts(info.pod, node.node) else (NOT_SELECTED,)

    chosen = [cordon, named, taints]
    if info.picky:
        chosen.append(selected)
    return list(chosen)


def _one(question: Callable[[NodeInfo], Refusal | None]) -> Filter:
    def ask(node: NodeInfo) -> tuple[Refusal, ...]:
        refusal = question(node)
        return (refusal,) if refusal else ()

    return ask


def filters(
    cluster: Cluster,
    info: PodInfo,
    claims: PodClaims,
    leaving: tuple[PodInfo, ...] = (),
    at: NodeInfo | None = None,
) -> list[Filter]:
    """The filters for this pod. With `leaving`, as if those pods of the node `at` were gone (`at` is still to be asked
    about in the shape without them)."""
    chosen = _node_filters(info)
    gone = frozenset(one.uid for one in leaving)
    if info.ports:
        chosen.append(lambda node: (PORTS_TAKEN,) if any(node.taken(port) for port in info.ports) else ())
    chosen.append(lambda node: resources(info, node))
    if claims.any:
        chosen.append(volume_filter(cluster, info, claims, gone))
    for question in (
        spread.hard_filter(cluster, info, leaving, at),
        podaffinity.hard_filter(cluster, info, gone),
    ):
        if question:
            chosen.append(_one(question))
    return chosen


def refusals(node: NodeInfo, chosen: list[Filter]) -> tuple[Refusal, ...]:
    """Why the node cannot take the pod; empty where it can."""
    for ask in chosen:
        found = ask(node)
        if found:
            return found
    return ()
