"""Making room: which pods of lower priority would have to leave which node, so that a pod of higher priority fits.

Rules of the DefaultPreemption plugin: on each node where it could help, take away all lower pods, then give back as
many as still leave room, the most important first; then prefer the node where least is lost.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from eachpod.model.labelselector import Selector
from eachpod.model.objects import Object, dig
from eachpod.model.timestamps import parse

from . import fit
from .cluster import Cluster
from .nodeinfo import NodeInfo
from .podinfo import PodInfo
from .refusal import Refusal
from .volumebinding import PodClaims

NOT_HELPFUL = "Preemption is not helpful for scheduling"
NO_VICTIMS = "No preemption victims found for incoming pod"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`hopeless`: no node could be freed, so that a nomination that the pod bears should go."""

    message: str = ""
    node: str = ""
    victims: tuple[PodInfo, ...] = ()
    hopeless: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    node: str
    victims: tuple[PodInfo, ...]
    violations: int


def attempt(cluster: Cluster, info: PodInfo, claims: PodClaims, refused: dict[str, tuple[Refusal, ...]]) -> Outcome:
    """Find the node to free for this pod."""
    if dig(info.pod, "spec", "preemptionPolicy") == "Never":
        return Outcome("not eligible due to preemptionPolicy=Never.")
    if _waits_for_victims(cluster, info, refused):
        return Outcome("not eligible due to a terminating pod on the nominated node.")
    helpful = [name for name, why in refused.items() if all(refusal.may_help for refusal in why)]
    found = [c for c in (_candidate(cluster, info, claims, cluster.nodes[name]) for name in helpful) if c]
    if not found:
        return Outcome(_explained(len(refused), len(helpful)), hopeless=True)
    best = min(found, key=_loss)
    count = len(best.victims)
    return Outcome(
        f"found a potential placement for pod on node {best.node}, preempting {count} victims", best.node, best.victims
    )


def _explained(total: int, helpful: int) -> str:
    counts = ((helpful, NO_VICTIMS), (total - helpful, NOT_HELPFUL))
    parts = sorted(f"{count} {text}" for count, text in counts if count)
    return f"0/{total} nodes are available: {', '.join(parts)}."


def _waits_for_victims(cluster: Cluster, info: PodInfo, refused: dict[str, tuple[Refusal, ...]]) -> bool:
    """Whether the pod has made room already and the victims are still going."""
    nominated = dig(info.pod, "status", "nominatedNodeName", default="")
    node = cluster.nodes.get(nominated)
    if node is None or (nominated in refused and not all(r.may_help for r in refused[nominated])):
        return False
    return any(pod.deleting and pod.priority < info.priority and _preempted(pod.pod) for pod in node.pods.values())


def _preempted(pod: Object) -> bool:
    conditions = dig(pod, "status", "conditions", default=())
    return any(
        one.get("type") == "DisruptionTarget"
        and one.get("status") == "True"
        and one.get("reason") == "PreemptionByScheduler"
        for one in conditions
    )


def _started(info: PodInfo) -> float:
    """Pods that have not started count as youngest."""
    return parse(dig(info.pod, "status", "startTime")) or float("inf")


def _importance(info: PodInfo) -> tuple[int, float]:
    """The most important first: higher priority, then older."""
    return -info.priority, _started(info)


def _candidate(cluster: Cluster, info: PodInfo, claims: PodClaims, node: NodeInfo) -> Candidate | None:
    lower = [pod for pod in node.pods.values() if pod.priority < info.priority]
    if not lower or not _fits(cluster, info, claims, node, lower):
        return None
    violating, others = _split_by_budgets(cluster, sorted(lower, key=_importance))
    victims: list[PodInfo] = list(lower)
    violations = 0
    for group in (violating, others):
        for pod in group:
            spared = [one for one in victims if one.uid != pod.uid]
            if _fits(cluster, info, claims, node, spared):
                victims = spared
            elif group is violating:
                violations += 1
    victims.sort(key=_importance)
    return Candidate(node.name, tuple(victims), violations) if victims else None


def _fits(cluster: Cluster, info: PodInfo, claims: PodClaims, node: NodeInfo, leaving: list[PodInfo]) -> bool:
    filters = fit.filters(cluster, info, claims, tuple(leaving), node)
    return not fit.refusals(node.without(leaving), filters)


def _split_by_budgets(cluster: Cluster, pods: Iterable[PodInfo]) -> tuple[list[PodInfo], list[PodInfo]]:
    """Pods whose loss would break a disruption budget, and the others."""
    left: dict[str, int] = {}
    violating: list[PodInfo] = []
    others: list[PodInfo] = []
    for info in pods:
        breaks = False
        for budget in cluster.related.budgets(info.key.namespace):
            selector = Selector.of(dig(budget, "spec", "selector"))
            disrupted = dig(budget, "status", "disruptedPods", default={})
            if selector.empty or not selector.matches(info.labels) or info.key.name in disrupted:
                continue
            key = budget["metadata"].get("uid") or budget["metadata"]["name"]
            left[key] = left.get(key, int(dig(budget, "status", "disruptionsAllowed", default=0))) - 1
            breaks = breaks or left[key] < 0
        (violating if breaks else others).append(info)
    return violating, others


def _loss(candidate: Candidate) -> tuple[int, int, int, int, float]:
    """What freeing this node costs, the least first: broken budgets, the highest priority, the sum of priorities, the
    number of pods, and the age of the oldest of the most important ones."""
    highest = candidate.victims[0].priority
    oldest = min(_started(victim) for victim in candidate.victims if victim.priority == highest)
    total = sum(victim.priority + 2**31 for victim in candidate.victims)
    return candidate.violations, highest, total, len(candidate.victims), -oldest
