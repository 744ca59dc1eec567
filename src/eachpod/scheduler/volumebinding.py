"""Volumes of a pod and the nodes that can reach them (the VolumeBinding and VolumeRestrictions plugins).

A claim that waits for its first consumer is bound only when a node has been chosen: to a free volume there, or by
asking the provisioner, through the annotation `volume.kubernetes.io/selected-node`, to make one there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from eachpod.model.nodeaffinity import term_matches
from eachpod.model.objects import Object, annotations, deleting, dig, name, namespace, owners, put, uid
from eachpod.model.volumebinding import (
    NO_PROVISIONER,
    SELECTED_NODE,
    claim_class,
    claim_is_bound,
    find_volume,
    node_suits,
    refers_to,
    reserved,
    volume_class,
    waits_for_consumer,
)

from .cluster import Cluster
from .nodeinfo import NodeInfo
from .podinfo import PodInfo
from .refusal import Refusal

PLUGIN = "VolumeBinding"
ELSEWHERE = Refusal("node(s) didn't match PersistentVolume's node affinity", PLUGIN)
NONE_TO_BIND = Refusal("node(s) didn't find available persistent volumes to bind", PLUGIN)
LOST = Refusal("node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)", PLUGIN)
IN_USE = Refusal(
    "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod",
    "VolumeRestrictions",
    may_help=True,
)
UNBOUND = "pod has unbound immediate PersistentVolumeClaims"


@dataclass(frozen=True, slots=True)
class PodClaims:
    """The claims of a pod by what is to be done about them; `problem` is why the pod cannot be scheduled at all."""

    bound: tuple[Object, ...] = ()
    waiting: tuple[Object, ...] = ()
    problem: str = ""

    @property
    def any(self) -> bool:
        return bool(self.bound or self.waiting)


NO_CLAIMS = PodClaims()


def claim_names(pod: Object) -> Iterator[tuple[str, bool]]:
    """The names of the claims that a pod uses, and whether each is made for this pod (a generic ephemeral volume)."""
    for volume in dig(pod, "spec", "volumes", default=()):
        if volume.get("persistentVolumeClaim"):
            yield volume["persistentVolumeClaim"].get("claimName") or "", False
        elif volume.get("ephemeral"):
            yield f"{name(pod)}-{volume.get('name')}", True


def _problem(pod: Object, claim: Object | None, claim_name: str, ephemeral: bool) -> str:
    if claim is None and ephemeral:
        return f'waiting for ephemeral volume controller to create the persistentvolumeclaim "{claim_name}"'
    if claim is None:
        return f'persistentvolumeclaim "{claim_name}" not found'
    if dig(claim, "status", "phase") == "Lost":
        volume = dig(claim, "spec", "volumeName", default="")
        return f'persistentvolumeclaim "{claim_name}" bound to non-existent persistentvolume "{volume}"'
    if deleting(claim):
        return f'persistentvolumeclaim "{claim_name}" is being deleted'
    if ephemeral and not any(owner.get("uid") == uid(pod) for owner in owners(claim)):
        where = f"{namespace(pod)}/{claim_name}"
        return f"PVC {where} was not created for pod {namespace(pod)}/{name(pod)} (pod is not owner)"
    return ""


def claims_of(cluster: Cluster, pod: Object) -> PodClaims:
    """Looks up the claims of a pod; the first problem found is told."""
    found: list[Object] = []
    for claim_name, ephemeral in claim_names(pod):
        claim = cluster.related.claim(namespace(pod), claim_name)
        problem = _problem(pod, claim, claim_name, ephemeral)
        if problem:
            return PodClaims(problem=problem)
        if claim is not None:
            found.append(claim)
    if not found:
        return NO_CLAIMS
    bound, waiting = [], []
    for claim in found:
        if claim_is_bound(claim):
            bound.append(claim)
        elif waits_for_consumer(cluster.related.storage_class(claim_class(claim))) and not _volume_name(claim):
            waiting.append(claim)
        else:
            return PodClaims(problem=UNBOUND)
    return PodClaims(tuple(bound), tuple(waiting))


def _volume_name(claim: Object) -> str:
    return str(dig(claim, "spec", "volumeName", default=""))


def _refused_by_bound(cluster: Cluster, claims: PodClaims, node: Object) -> Refusal | None:
    for claim in claims.bound:
        volume = cluster.related.volume(_volume_name(claim))
        if volume is None:
            return LOST
        if not node_suits(volume, node):
            return ELSEWHERE
    return None


@dataclass(frozen=True, slots=True)
class Bindings:
    """What choosing a node means for the waiting claims: volumes to reserve (volume, claim), claims to provision."""

    static: tuple[tuple[Object, Object], ...] = ()
    provision: tuple[Object, ...] = ()


def _topology_allows(storage_class: Object | None, node: Object) -> bool:
    terms = dig(storage_class, "allowedTopologies", default=())
    return not terms or any(
        term_matches(
            {
                "matchExpressions": [
                    {"key": one.get("key"), "operator": "In", "values": one.get("values")}
                    for one in term.get("matchLabelExpressions") or ()
                ]
            },
            node,
        )
        for term in terms
    )


def bindings_at(cluster: Cluster, claims: PodClaims, node: Object) -> Bindings | None:
    """How the waiting claims would be served on this node; None where they cannot be."""
    static: list[tuple[Object, Object]] = []
    provision: list[Object] = []
    taken = set(cluster.reserved_volumes)
    for claim in claims.waiting:
        chosen = annotations(claim).get(SELECTED_NODE)
        if chosen:
            if chosen != name(node):
                return None
            provision.append(claim)
            continue
        of_class = [v for v in cluster.related.volumes() if volume_class(v) == claim_class(claim)]
        volume = find_volume(claim, of_class, node=node, excluded=taken)
        if volume is not None:
            taken.add(name(volume))
            static.append((volume, claim))
            continue
        storage_class = cluster.related.storage_class(claim_class(claim))
        provisioner = dig(storage_class, "provisioner", default="")
        if provisioner in ("", NO_PROVISIONER) or not _topology_allows(storage_class, node):
            return None
        provision.append(claim)
    return Bindings(tuple(static), tuple(provision))


def _exclusive_in_use(cluster: Cluster, info: PodInfo, claims: PodClaims, leaving: frozenset[str]) -> bool:
    """Whether another pod has a claim that only one pod may use (ReadWriteOncePod)."""
    exclusive = {
        name(claim)
        for claim in (*claims.bound, *claims.waiting)
        if "ReadWriteOncePod" in dig(claim, "spec", "accessModes", default=())
    }
    if not exclusive:
        return False
    return any(
        other.key.namespace == info.key.namespace
        and other.uid not in leaving
        and any(used in exclusive for used, _ in claim_names(other.pod))
        for node in cluster.nodes.values()
        for other in node.pods.values()
    )


def volume_filter(
    cluster: Cluster, info: PodInfo, claims: PodClaims, leaving: frozenset[str] = frozenset()
) -> Callable[[NodeInfo], tuple[Refusal, ...]]:
    """Nodes from which all bound volumes can be reached and where the waiting claims can be served. `leaving` are uids
    of pods taken to be gone."""
    in_use = _exclusive_in_use(cluster, info, claims, leaving)

    def ask(node: NodeInfo) -> tuple[Refusal, ...]:
        if in_use:
            return (IN_USE,)
        if node.node is None:
            return (NONE_TO_BIND,)
        refusal = _refused_by_bound(cluster, claims, node.node)
        if refusal is None and claims.waiting and bindings_at(cluster, claims, node.node) is None:
            refusal = NONE_TO_BIND
        return (refusal,) if refusal else ()

    return ask


def reservations(bindings: Bindings) -> list[Object]:
    """The volumes to write: each with the reference to its claim."""
    return [reserved(volume, claim) for volume, claim in bindings.static]


def provisioning_requests(bindings: Bindings, node_name: str) -> list[Object]:
    """The claims to write: each with the node that its volume is wanted on."""
    return [
        put(claim, ("metadata", "annotations"), {**annotations(claim), SELECTED_NODE: node_name})
        for claim in bindings.provision
        if annotations(claim).get(SELECTED_NODE) != node_name
    ]


def all_bound(cluster: Cluster, pod: Object, node: Object) -> bool:
    """Whether every claim of the pod is bound, to a volume that the node reaches: then the pod may be bound too."""
    claims = claims_of(cluster, pod)
    return not claims.problem and not claims.waiting and _refused_by_bound(cluster, claims, node) is None


def selection_withdrawn(cluster: Cluster, pod: Object, bindings: Bindings) -> bool:
    """Whether a provisioner has given up on the node (it removes the annotation), so that another must be chosen."""
    for asked in bindings.provision:
        claim = cluster.related.claim(namespace(pod), name(asked))
        if claim is None or (not _volume_name(claim) and SELECTED_NODE not in annotations(claim)):
            return True
    return any(not _reserved_still(cluster, volume, claim) for volume, claim in bindings.static)


def _reserved_still(cluster: Cluster, volume: Object, claim: Object) -> bool:
    current = cluster.related.volume(name(volume))
    return current is not None and (not dig(current, "spec", "claimRef") or refers_to(current, claim))
