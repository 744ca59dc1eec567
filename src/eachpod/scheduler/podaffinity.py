"""Affinity and anti-affinity between pods: who must, or would rather, share a domain with whom.

Rules of the InterPodAffinity plugin. It works both ways: the terms of the pod to place look at the pods that are there,
and the terms of those look at the pod to place.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from eachpod.model.labelselector import Selector
from eachpod.model.objects import Object, labels, name, namespace

from .cluster import Cluster, Related
from .nodeinfo import NodeInfo
from .podinfo import PodInfo
from .refusal import Refusal

PLUGIN = "InterPodAffinity"
NO_COMPANION = Refusal("node(s) didn't match pod affinity rules", PLUGIN)
OWN_ANTI = Refusal("node(s) didn't match pod anti-affinity rules", PLUGIN, may_help=True)
THEIR_ANTI = Refusal("node(s) didn't satisfy existing pods anti-affinity rules", PLUGIN, may_help=True)

# How much a required affinity term of a running pod draws a pod that it matches.
_HARD_WEIGHT = 1

Domain = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Term:
    """One PodAffinityTerm of `owner`, ready for matching."""

    key: str
    namespaces: frozenset[str]
    selector: Selector

    @classmethod
    def of(cls, term: Object, owner: Object, related: Related) -> "Term":
        own = labels(owner)
        equal = {key: own[key] for key in term.get("matchLabelKeys") or () if key in own}
        return cls(
            term["topologyKey"], _namespaces(term, owner, related), Selector.of(term.get("labelSelector"), equal)
        )

    def matches(self, pod: Object) -> bool:
        return namespace(pod) in self.namespaces and self.selector.matches(labels(pod))

    def domain(self, node: NodeInfo) -> Domain | None:
        value = node.labels.get(self.key)
        return None if value is None else (self.key, value)


def _namespaces(term: Object, owner: Object, related: Related) -> frozenset[str]:
    """Those named and those selected; where neither is given, the owner's."""
    named = set(term.get("namespaces") or ())
    selector = term.get("namespaceSelector")
    if selector is not None:
        chosen = Selector.of(selector)
        named |= {name(one) for one in related.namespaces() if chosen.matches(labels(one))}
    elif not named:
        named = {namespace(owner)}
    return frozenset(named)


def _terms(listed: Iterable[Object], owner: Object, related: Related) -> list[Term]:
    return [Term.of(term, owner, related) for term in listed]


def _placed(cluster: Cluster, leaving: frozenset[str]) -> Iterator[tuple[PodInfo, NodeInfo]]:
    for node in cluster.real_nodes():
        for info in node.pods.values():
            if info.uid not in leaving:
                yield info, node


def _refusing_domains(cluster: Cluster, info: PodInfo, leaving: frozenset[str]) -> set[Domain]:
    """Domains that running pods keep this pod out of."""
    found: set[Domain] = set()
    for other, node_name in cluster.with_affinity.values():
        if not other.anti_affinity or other.uid in leaving:
            continue
        for term in _terms(other.anti_affinity, other.pod, cluster.related):
            domain = term.domain(cluster.nodes[node_name]) if term.matches(info.pod) else None
            if domain:
                found.add(domain)
    return found


def _avoided_domains(cluster: Cluster, terms: list[Term], leaving: frozenset[str]) -> set[Domain]:
    """Domains where a pod runs that one of `terms` matches."""
    found = (
        term.domain(node) for other, node in _placed(cluster, leaving) for term in terms if term.matches(other.pod)
    )
    return {domain for domain in found if domain}


def _companion_domains(cluster: Cluster, terms: list[Term], leaving: frozenset[str]) -> set[Domain]:
    """Domains of pods that all of `terms` match."""
    companions = (node for other, node in _placed(cluster, leaving) if all(term.matches(other.pod) for term in terms))
    found = (term.domain(node) for node in companions for term in terms)
    return {domain for domain in found if domain}


def hard_filter(
    cluster: Cluster, info: PodInfo, leaving: frozenset[str] = frozenset()
) -> Callable[[NodeInfo], Refusal | None] | None:
    """The filter for required terms, None where no pod has any. `leaving` are uids of pods taken to be gone."""
    if not info.affinity and not info.anti_affinity and not cluster.with_affinity:
        return None
    together = _terms(info.affinity, info.pod, cluster.related)
    apart = _terms(info.anti_affinity, info.pod, cluster.related)
    companions = _companion_domains(cluster, together, leaving) if together else set()
    # The first of a group that wants its own company may go anywhere.
    first = not companions and all(term.matches(info.pod) for term in together)
    avoided = _avoided_domains(cluster, apart, leaving) if apart else set()
    refusing = _refusing_domains(cluster, info, leaving)

    def refuse(node: NodeInfo) -> Refusal | None:
        here = [term.domain(node) for term in together]
        if None in here or not (first or companions.issuperset(domain for domain in here if domain)):
            return NO_COMPANION
        if any(term.domain(node) in avoided for term in apart):
            return OWN_ANTI
        if any(node.labels.get(key) == value for key, value in refusing):
            return THEIR_ANTI
        return None

    return refuse


def _weighted(listed: Iterable[Object], owner: Object, related: Related, sign: int) -> list[tuple[Term, int]]:
    return [
        (Term.of(one["podAffinityTerm"], owner, related), sign * int(one.get("weight") or 0))
        for one in listed
        if one.get("podAffinityTerm")
    ]


def _own_wishes(info: PodInfo, related: Related) -> list[tuple[Term, int]]:
    return _weighted(info.soft_affinity, info.pod, related, 1) + _weighted(
        info.soft_anti_affinity, info.pod, related, -1
    )


def scores(cluster: Cluster, info: PodInfo, candidates: list[NodeInfo]) -> list[int] | None:
    """0 to 100 for each candidate by the wishes of this pod and of those that run; None: nobody wishes anything."""
    totals: dict[Domain, int] = {}

    def count(term: Term, weight: int, pod: Object, node: NodeInfo) -> None:
        domain = term.domain(node) if term.matches(pod) else None
        if domain:
            totals[domain] = totals.get(domain, 0) + weight

    wishes = _own_wishes(info, cluster.related)
    if wishes:
        for other, node in _placed(cluster, frozenset()):
            for term, weight in wishes:
                count(term, weight, other.pod, node)
    for other, node_name in cluster.with_affinity.values():
        hard = [(term, _HARD_WEIGHT) for term in _terms(other.affinity, other.pod, cluster.related)]
        for term, weight in hard + _own_wishes(other, cluster.related):
            count(term, weight, info.pod, cluster.nodes[node_name])
    if not totals:
        return None
    raw = [
        sum(weight for (key, value), weight in totals.items() if node.labels.get(key) == value) for node in candidates
    ]
    least, most = min(raw), max(raw)
    if most == least:
        return [0] * len(raw)
    return [int(100 * ((value - least) / (most - least))) for value in raw]
