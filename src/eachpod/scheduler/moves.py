"""Which refused pods a change in the cluster may help, by the rules that refused them.

Erring on the side of waking costs a useless try; not waking would leave a pod pending, so that what is uncertain wakes.
"""

from eachpod.model.objects import Object, dig, labels
from eachpod.model.podphase import is_finished

# None concerns every pod; an empty set none.
Moved = frozenset[str] | None

_LEAVING = frozenset({"NodeResourcesFit", "NodePorts", "PodTopologySpread", "InterPodAffinity", "VolumeRestrictions"})
_COMPANY = frozenset({"PodTopologySpread", "InterPodAffinity"})
_VOLUMES = frozenset({"VolumeBinding"})
NOBODY: Moved = frozenset()


def by_node(old: Object | None, new: Object | None) -> Moved:
    """A node that came, whose capacity or labels changed, or that lost a taint or its cordon."""
    if new is None:
        return _COMPANY
    if old is None:
        return None
    moved: set[str] = set()
    if labels(old) != labels(new):
        moved |= {"NodeAffinity", "VolumeBinding", *_COMPANY}
    if dig(old, "spec", "unschedulable") and not dig(new, "spec", "unschedulable"):
        moved.add("NodeUnschedulable")
    kept = dig(new, "spec", "taints", default=())
    if any(taint not in kept for taint in dig(old, "spec", "taints", default=())):
        moved |= {"TaintToleration", "PodTopologySpread"}
    if dig(old, "status", "allocatable") != dig(new, "status", "allocatable"):
        moved.add("NodeResourcesFit")
    return frozenset(moved)


def by_assigned_pod(old: Object | None, new: Object | None) -> Moved:
    """A pod with a node that came, went, finished, shrank or was relabelled."""
    if new is None or is_finished(new):
        return NOBODY if old is not None and new is not None and is_finished(old) else _LEAVING
    if old is None or not dig(old, "spec", "nodeName"):
        return _COMPANY
    if labels(old) != labels(new) or bool(_deletion(old)) != bool(_deletion(new)):
        return _COMPANY
    if dig(old, "spec", "containers") != dig(new, "spec", "containers"):
        return _LEAVING
    return NOBODY


def _deletion(pod: Object) -> str:
    return str(dig(pod, "metadata", "deletionTimestamp", default=""))


def by_volume(old: Object | None, new: Object | None) -> Moved:
    """A claim, volume or class that came or changed."""
    return NOBODY if new is None else _VOLUMES


def by_pod(old: Object | None, new: Object | None) -> Moved:
    """A pod that has a node, or one that went without having got one: what it wanted of volumes is free again."""
    last = new if new is not None else old
    if new is None and not dig(last, "spec", "nodeName"):
        return _VOLUMES
    return by_assigned_pod(old, new)


def by_namespace(old: Object | None, new: Object | None) -> Moved:
    """Namespace labels decide which pods an affinity term looks at."""
    if old is not None and new is not None and labels(old) == labels(new):
        return NOBODY
    return frozenset({"InterPodAffinity"})
