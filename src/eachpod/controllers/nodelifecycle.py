"""Watches over nodes: one that falls silent is marked as lost, its pods as not ready, and after that it is emptied.

Heartbeats are the node's own status and, every ten seconds, its Lease. A key is looked at when either changes and when
the grace period would end, so that nothing is polled.
"""

from collections.abc import Iterable
from dataclasses import replace

from eachpod.client.correlate import Note
from eachpod.model.errors import NotFound
from eachpod.model.objects import Object, condition, deleting, dig, labels, name, namespace, put, uid
from eachpod.model.resources import LEASE, NODE, POD
from eachpod.model.timestamps import render
from eachpod.wire.http import STRATEGIC_PATCH

from .nodehealth import Health, eviction_rate, lost_conditions, observe, ready_status, taints_of
from .plan import NOTHING, Change, Emit, Patch, Plan, Telling, Together, Update, soonest
from .view import Controller, Index, Key, View, Watch, key_of

_LEASES = "kube-node-lease"
_PODS_BY_NODE = "node-name"
_BETA_LABELS = {"kubernetes.io/os": "beta.kubernetes.io/os", "kubernetes.io/arch": "beta.kubernetes.io/arch"}
_UNLIMITED = 100.0


def reconcile(view: View, key: Key, now: float) -> Plan:
    node = view.get(NODE, "", key.name)
    before: Health | None = view.recall(key)
    if node is None:
        if before is None:
            return NOTHING
        text = f"Node {key.name} event: Removing Node {key.name} from Controller"
        return Plan((Emit(Note(_reference(key.name), "RemovingNode", text)),), remember=None)
    health = observe(before, node, view.get(LEASE, _LEASES, key.name), now)
    changes: list[Change | Together] = []
    if before is None:
        text = f"Node {key.name} event: Registered Node {key.name} in Controller"
        changes.append(Emit(Note(_reference(key.name), "RegisteredNode", text)))
    silent_in = _until_silent(view, node, health, now)
    current = node
    if silent_in <= 0 and ready_status(node) != "Unknown":
        current = put(node, ("status", "conditions"), lost_conditions(node, now))
        changes.append(Update(NODE, current, "status"))
    changes += _losses(view, current, current is not node and ready_status(node) == "True", now)
    evict, wait = _eviction(view, current, now)
    marked = _spec_and_labels(current, evict, now)
    if marked is not None:
        changes.append(marked)
        if evict and not _has_eviction_taint(node):
            health = replace(health, tainted=now)
    health = replace(health, ready=ready_status(current))
    waits = soonest(silent_in if silent_in > 0 else None, wait)
    return Plan(tuple(changes), requeue_after=waits, remember=health)


def _reference(node_name: str) -> Object:
    # Events of the controller name a node by its name where a uid would be, so that they outlive the object.
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": node_name, "uid": node_name}}


def _until_silent(view: View, node: Object, health: Health, now: float) -> float:
    config = view.config
    grace = config.node_monitor_grace_period if ready_status(node) else config.node_startup_grace_period
    # A moment more, since the clock's reading at the deadline itself does not count as past it.
    return health.probed + grace + 0.001 - now


def _losses(view: View, node: Object, silenced: bool, now: float) -> list[Change | Together]:
    """What silence means for a node and its pods. A node that says itself that it is not ready still speaks for its
    pods, so that those are left alone."""
    if ready_status(node) != "Unknown":
        return []
    changes: list[Change | Together] = []
    if silenced:
        text = f"Node {name(node)} status is now: NodeNotReady"
        changes.append(Emit(Note(_reference(name(node)), "NodeNotReady", text)))
    groups = tuple((_not_ready(pod, now),) for pod in view.select(POD, _PODS_BY_NODE, name(node)) if _is_ready(pod))
    return [*changes, Together(groups)] if groups else changes


def _is_ready(pod: Object) -> bool:
    return (condition(pod, "Ready") or {}).get("status") == "True"


def _not_ready(pod: Object, now: float) -> Patch:
    # A strategic merge keeps the condition's other fields and the kubelet's other conditions.
    fresh: Object = {"type": "Ready", "status": "False", "lastTransitionTime": render(now)}
    generation = dig(pod, "metadata", "generation")
    if generation:
        fresh["observedGeneration"] = generation
    patch = {"metadata": {"uid": uid(pod)}, "status": {"conditions": [fresh]}}
    told = Telling(done=Note(pod, "NodeNotReady", "Node is not ready", "Warning"))
    return Patch(
        POD,
        namespace(pod),
        name(pod),
        patch,
        "status",
        STRATEGIC_PATCH,
        told,
        (NotFound,),
    )


def _has_eviction_taint(node: Object) -> bool:
    taints = dig(node, "spec", "taints", default=())
    return any(
        one.get("effect") == "NoExecute" and str(one.get("key")).startswith("node.kubernetes.io/") for one in taints
    )


def _eviction(view: View, node: Object, now: float) -> tuple[bool, float | None]:
    """Whether this node is to be emptied now, and when to ask again if not: nodes are emptied one by one, slowly."""
    if ready_status(node) in ("True", ""):
        return False, None
    if _has_eviction_taint(node):
        return True, None
    nodes = [node if name(one) == name(node) else one for one in view.all(NODE)]
    rate = eviction_rate(nodes, node, view.config.node_eviction_rate)
    if rate <= 0:
        return False, view.config.node_monitor_period
    if rate >= _UNLIMITED:
        return True, None
    memories = (view.recall(key_of(one)) for one in nodes)
    latest = max((one.tainted for one in memories if one is not None), default=0.0)
    wait = latest + 1 / rate - now
    return (True, None) if wait <= 0 else (False, wait)


def _spec_and_labels(node: Object, evict: bool, now: float) -> Patch | None:
    """Taints as the conditions ask for, and the old names of the labels for system and architecture."""
    patch: Object = {}
    taints = taints_of(node, evict, now)
    if taints != dig(node, "spec", "taints", default=[]):
        patch["spec"] = {"taints": taints or None}
    old = labels(node)
    moved = {beta: old[new] for new, beta in _BETA_LABELS.items() if new in old and old.get(beta) != old[new]}
    metadata: Object = {"uid": uid(node)}
    if moved:
        metadata["labels"] = moved
    if not patch and not moved:
        return None
    if patch:
        # The list is replaced as a whole, so it must be the one that was read.
        metadata["resourceVersion"] = dig(node, "metadata", "resourceVersion")
    return Patch(NODE, "", name(node), {"metadata": metadata, **patch}, accept=(NotFound,))


def _node_of_lease(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    lease = new if new is not None else old
    return (Key("", name(lease)),) if lease is not None and namespace(lease) == _LEASES else ()


def _node_of_pod(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """Only pods that look ready on a lost node concern us."""
    if new is None or deleting(new) or not _is_ready(new):
        return ()
    node = view.get(NODE, "", dig(new, "spec", "nodeName", default=""))
    return (key_of(node),) if node is not None and ready_status(node) == "Unknown" else ()


def _by_node(pod: Object) -> Iterable[str]:
    return (dig(pod, "spec", "nodeName", default=""),)


CONTROLLER = Controller(
    name="node-lifecycle-controller",
    component="node-controller",
    reconcile=reconcile,
    primary=NODE,
    watches=(Watch(LEASE, _node_of_lease), Watch(POD, _node_of_pod)),
    indexes=(Index(POD, _PODS_BY_NODE, _by_node),),
    # One worker, so that the pace of evictions holds over all nodes.
    workers=1,
)
