"""Topology spread: hard and soft constraints, and the soft ones that every group of pods gets by default.

Rules of the PodTopologySpread plugin. A domain is the set of nodes with the same value of the topology key.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from eachpod.model.labelselector import Selector
from eachpod.model.nodeaffinity import pod_accepts
from eachpod.model.objects import Object, controller_of, dig, labels, namespace
from eachpod.model.tolerations import NO_EXECUTE, NO_SCHEDULE, untolerated
from eachpod.model.wellknown import HOSTNAME, ZONE

from .cluster import Cluster
from .nodeinfo import NodeInfo
from .podinfo import PodInfo
from .refusal import Refusal

PLUGIN = "PodTopologySpread"
_MISMATCH = "node(s) didn't match pod topology spread constraints"
TOO_SKEWED = Refusal(_MISMATCH, PLUGIN, may_help=True)
NO_LABEL = Refusal(f"{_MISMATCH} (missing required label)", PLUGIN)

# The owners whose selector says which pods belong together.
_GROUP_OWNERS = {
    ("v1", "ReplicationController"),
    ("apps/v1", "ReplicaSet"),
    ("apps/v1", "StatefulSet"),
}


@dataclass(frozen=True, slots=True)
class Constraint:
    key: str
    max_skew: int
    selector: Selector
    min_domains: int = 1
    honor_affinity: bool = True
    honor_taints: bool = False

    def counts(self, info: PodInfo, node: NodeInfo) -> bool:
        """Whether the pods of this node count for the pod that is being placed."""
        if self.honor_affinity and info.picky and not (node.node and pod_accepts(info.pod, node.node)):
            return False
        if not self.honor_taints or not node.taints:
            return True
        tolerations = dig(info.pod, "spec", "tolerations", default=())
        return not untolerated(node.taints, tolerations, (NO_SCHEDULE, NO_EXECUTE))


def _constraint(spec: Object, pod: Object) -> Constraint:
    keys = {key: labels(pod)[key] for key in spec.get("matchLabelKeys") or () if key in labels(pod)}
    return Constraint(
        key=spec["topologyKey"],
        max_skew=int(spec.get("maxSkew") or 1),
        selector=Selector.of(spec.get("labelSelector"), keys),
        min_domains=int(spec.get("minDomains") or 1),
        honor_affinity=spec.get("nodeAffinityPolicy", "Honor") != "Ignore",
        honor_taints=spec.get("nodeTaintsPolicy", "Ignore") == "Honor",
    )


def _stated(pod: Object, when: str) -> tuple[Constraint, ...]:
    stated = dig(pod, "spec", "topologySpreadConstraints", default=())
    return tuple(_constraint(one, pod) for one in stated if one.get("whenUnsatisfiable") == when)


def _has_all(node: NodeInfo, constraints: Iterable[Constraint]) -> bool:
    return all(constraint.key in node.labels for constraint in constraints)


def _domains(cluster: Cluster, info: PodInfo, constraint: Constraint, nodes: Iterable[NodeInfo]) -> dict[str, int]:
    """Matching pods by domain, over the nodes that count."""
    counts = cluster.tally(info.key.namespace, constraint.selector)
    domains: dict[str, int] = {}
    for node in nodes:
        if constraint.counts(info, node):
            value = node.labels[constraint.key]
            domains[value] = domains.get(value, 0) + counts.get(node.name, 0)
    return domains


def hard_filter(
    cluster: Cluster, info: PodInfo, leaving: Iterable[PodInfo] = (), at: NodeInfo | None = None
) -> Callable[[NodeInfo], Refusal | None] | None:
    """The filter for DoNotSchedule constraints, None where the pod has none. `leaving` are pods on the node `at` that
    are taken to be gone already."""
    constraints = _stated(info.pod, "DoNotSchedule")
    if not constraints:
        return None
    nodes = [node for node in cluster.real_nodes() if _has_all(node, constraints)]
    table: list[tuple[Constraint, dict[str, int], int, int]] = []
    for constraint in constraints:
        domains = _domains(cluster, info, constraint, nodes)
        for gone in leaving:
            if at and gone.key.namespace == info.key.namespace and constraint.selector.matches(gone.labels):
                domains[at.labels[constraint.key]] -= not gone.deleting
        least = 0 if len(domains) < constraint.min_domains else min(domains.values(), default=0)
        table.append((constraint, domains, least, int(constraint.selector.matches(info.labels))))

    def refuse(node: NodeInfo) -> Refusal | None:
        for constraint, domains, least, itself in table:
            value = node.labels.get(constraint.key)
            if value is None:
                return NO_LABEL
            if domains.get(value, 0) + itself - least > constraint.max_skew:
                return TOO_SKEWED
        return None

    return refuse


def group_selector(pod: Object, cluster: Cluster) -> Selector | None:
    """Which pods belong together with this one: those of its Services and of its controller; None if it has neither."""
    equal: dict[str, str] = {}
    for service in cluster.related.services(namespace(pod)):
        wanted: Mapping[str, str] = dig(service, "spec", "selector", default={})
        if wanted and all(labels(pod).get(key) == value for key, value in wanted.items()):
            equal |= wanted
    selector: Object = {}
    owner = controller_of(pod)
    if owner and (owner.get("apiVersion"), owner.get("kind")) in _GROUP_OWNERS:
        found = cluster.related.owner(owner["apiVersion"], owner["kind"], namespace(pod), owner.get("name") or "")
        selector = dig(found, "spec", "selector", default={})
        if owner["kind"] == "ReplicationController":
            selector = {"matchLabels": selector}
    made = Selector.of(selector, equal)
    return None if made.empty else made


def _soft(cluster: Cluster, info: PodInfo) -> tuple[tuple[Constraint, ...], bool]:
    """The soft constraints, and whether they are the built-in ones (then nodes without a zone still take part)."""
    if dig(info.pod, "spec", "topologySpreadConstraints"):
        return _stated(info.pod, "ScheduleAnyway"), False
    selector = group_selector(info.pod, cluster)
    if selector is None:
        return (), True
    return (Constraint(HOSTNAME, 3, selector), Constraint(ZONE, 5, selector)), True


def scores(cluster: Cluster, info: PodInfo, candidates: list[NodeInfo]) -> list[int] | None:
    """0 to 100 for each candidate: the fewer pods of the group in its domains the more. None: no preference."""
    constraints, built_in = _soft(cluster, info)
    if not constraints:
        return None
    scored = [built_in or _has_all(node, constraints) for node in candidates]
    taking_part = [node for node, counted in zip(candidates, scored, strict=True) if counted]
    raw = dict.fromkeys((node.name for node in candidates), 0.0)
    for constraint in constraints:
        for name, weight in _weights(cluster, info, constraint, taking_part, every_node=built_in).items():
            raw[name] += weight
    rounded = [math.floor(raw[node.name] + 0.5) for node in candidates]
    kept = [value for value, counts in zip(rounded, scored, strict=True) if counts]
    most, least = max(kept, default=0), min(kept, default=0)
    return [
        0 if not counts else 100 if most == 0 else 100 * (most + least - value) // most
        for value, counts in zip(rounded, scored, strict=True)
    ]


def _weights(
    cluster: Cluster, info: PodInfo, constraint: Constraint, taking_part: list[NodeInfo], *, every_node: bool
) -> dict[str, float]:
    """What one constraint says of each node that has a domain: the pods in it, weighed by how many domains there are.
    With `every_node` also pods of nodes without the topology's label count, in a domain of their own."""
    counts = cluster.tally(info.key.namespace, constraint.selector)
    bearing = [node for node in taking_part if constraint.key in node.labels]
    if constraint.key == HOSTNAME:
        size, pods = len(taking_part), {node.name: counts.get(node.name, 0) for node in bearing}
    else:
        domains = dict.fromkeys((node.labels.get(constraint.key, "") for node in taking_part), 0)
        # Only nodes that have pods of the group can add to a domain; mostly those are few.
        for node_name, count in counts.items():
            holder = cluster.nodes.get(node_name)
            if not count or holder is None or holder.node is None:
                continue
            value = holder.labels.get(constraint.key, "")
            if value in domains and (every_node or constraint.key in holder.labels) and constraint.counts(info, holder):
                domains[value] += count
        size, pods = len(domains), {node.name: domains[node.labels[constraint.key]] for node in bearing}
    weight = math.log(size + 2)
    return {name: count * weight + (constraint.max_skew - 1) for name, count in pods.items()}
