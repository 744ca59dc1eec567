"""One decision for one pod: a node, or why none. Pure: the picture of the cluster goes in, a value comes out."""

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from eachpod.model.objects import dig

from . import fit, preemption, score
from .cluster import Cluster
from .nodeinfo import NodeInfo
from .podinfo import PodInfo
from .refusal import Refusal
from .volumebinding import PLUGIN as VOLUME_BINDING
from .volumebinding import Bindings, PodClaims, bindings_at, claims_of

NO_NODES = "no nodes available to schedule pods"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Bind the pod to `node`; before that, what `bindings` says about its claims."""

    node: str
    bindings: Bindings


@dataclass(frozen=True, slots=True)
class Unschedulable:
    """No node can take the pod now. `plugins` are the rules that refused: what may wake the pod again. `victims` are to
    leave `nominated`, where the pod is to go then."""

    message: str
    plugins: frozenset[str]
    nominated: str = ""
    victims: tuple[PodInfo, ...] = ()
    # The nomination that the pod bears leads nowhere any more.
    clear_nomination: bool = False


class _Search(NamedTuple):
    feasible: list[NodeInfo]
    refused: dict[str, tuple[Refusal, ...]]


def decide(cluster: Cluster, info: PodInfo, start: int = 0) -> Chosen | Unschedulable:
    """`start` rotates the order of nodes: among equals the first wins, and of many nodes only some are looked at."""
    nodes = list(cluster.real_nodes())
    if not nodes:
        return Unschedulable(NO_NODES, frozenset({"NodeUnschedulable"}))
    claims = claims_of(cluster, info.pod)
    if claims.problem:
        # "not found" is what the real scheduler appends when it stops before looking at any node.
        message = f"0/{len(nodes)} nodes are available: {claims.problem}. not found"
        return Unschedulable(message, frozenset({VOLUME_BINDING}), clear_nomination=True)
    start %= len(nodes)
    found = _search(cluster, info, claims, nodes[start:] + nodes[:start])
    if not found.feasible:
        return _unschedulable(cluster, info, claims, found.refused)
    best = _best(cluster, info, found.feasible)
    bindings = bindings_at(cluster, claims, best.node) if claims.waiting and best.node else None
    return Chosen(best.name, bindings or Bindings())


def _search(cluster: Cluster, info: PodInfo, claims: PodClaims, nodes: list[NodeInfo]) -> _Search:
    filters = fit.filters(cluster, info, claims)
    nominee = cluster.nodes.get(dig(info.pod, "status", "nominatedNodeName", default=""))
    if nominee and nominee.node and not _refusals(cluster, info, nominee, filters):
        return _Search([nominee], {})
    wanted = score.enough(len(nodes))
    feasible: list[NodeInfo] = []
    refused: dict[str, tuple[Refusal, ...]] = {}
    for node in nodes:
        why = _refusals(cluster, info, node, filters)
        if why:
            refused[node.name] = why
            continue
        feasible.append(node)
        if len(feasible) >= wanted:
            break
    return _Search(feasible, refused)


def _refusals(cluster: Cluster, info: PodInfo, node: NodeInfo, filters: list[fit.Filter]) -> tuple[Refusal, ...]:
    """A node must also have room for the pods nominated to it that come before this one."""
    why = fit.refusals(node, filters)
    if why or not cluster.nominated:
        return why
    ahead = [
        other
        for other, where in cluster.nominated.values()
        if where == node.name and other.priority >= info.priority and other.uid != info.uid
    ]
    return fit.refusals(node.with_also(ahead), filters) if ahead else ()


def _best(cluster: Cluster, info: PodInfo, feasible: list[NodeInfo]) -> NodeInfo:
    if len(feasible) == 1:
        return feasible[0]
    totals = score.scores(cluster, info, feasible)
    return feasible[totals.index(max(totals))]


def histogram(refused: dict[str, tuple[Refusal, ...]]) -> str:
    """`1 Insufficient cpu, 2 node(s) were unschedulable`: sorted as texts."""
    counts = Counter(refusal.reason for why in refused.values() for refusal in why)
    return ", ".join(sorted(f"{count} {reason}" for reason, count in counts.items()))


def _unschedulable(
    cluster: Cluster, info: PodInfo, claims: PodClaims, refused: dict[str, tuple[Refusal, ...]]
) -> Unschedulable:
    outcome = preemption.attempt(cluster, info, claims, refused)
    message = f"0/{len(refused)} nodes are available: {histogram(refused)}."
    if outcome.message:
        message += f" preemption: {outcome.message}"
    plugins = frozenset(refusal.plugin for why in refused.values() for refusal in why)
    return Unschedulable(message, plugins, outcome.node, outcome.victims, outcome.hopeless)
