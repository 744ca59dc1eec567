"""What is known of a node's health: heartbeats, and what follows from their absence for its conditions and taints."""

from dataclasses import dataclass, replace

from eachpod.model.objects import Object, condition, dig, labels
from eachpod.model.timestamps import parse, render
from eachpod.model.wellknown import NOT_READY, REGION, UNREACHABLE, UNSCHEDULABLE, ZONE

_LOST = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")

# Conditions (with the status that means trouble) and the taint that keeps pods away meanwhile.
_TAINT_BY_CONDITION = {
    ("Ready", "False"): NOT_READY,
    ("Ready", "Unknown"): UNREACHABLE,
    ("MemoryPressure", "True"): "node.kubernetes.io/memory-pressure",
    ("DiskPressure", "True"): "node.kubernetes.io/disk-pressure",
    ("PIDPressure", "True"): "node.kubernetes.io/pid-pressure",
    ("NetworkUnavailable", "True"): "node.kubernetes.io/network-unavailable",
}
_OURS = {*_TAINT_BY_CONDITION.values(), UNSCHEDULABLE}


@dataclass(frozen=True, slots=True)
class Health:
    """`probed`: when the node was last seen to live, by our clock, since clocks of nodes may be wrong. `ready` is the
    status of its Ready condition then; `tainted` when it was last marked for eviction."""

    heartbeat: str
    lease: str
    probed: float
    ready: str
    tainted: float = 0.0


def ready_status(node: Object) -> str:
    """True, False or Unknown; "" for a node that never posted."""
    found = condition(node, "Ready")
    return str(found.get("status")) if found else ""


def observe(before: Health | None, node: Object, lease: Object | None, now: float) -> Health:
    """Take in the latest heartbeat: the condition's, or the Lease's renewal."""
    beat = str(dig(condition(node, "Ready") or {}, "lastHeartbeatTime", default=""))
    renewed = str(dig(lease, "spec", "renewTime", default=""))
    ready = ready_status(node)
    if before is None:
        created = parse(dig(node, "metadata", "creationTimestamp")) or now
        return Health(beat, renewed, now if ready else created, ready)
    if beat != before.heartbeat or renewed != before.lease or bool(ready) != bool(before.ready):
        return replace(before, heartbeat=beat, lease=renewed, probed=now)
    return before


def lost_conditions(node: Object, now: float) -> list[Object]:
    """The node's conditions when it has been silent for too long."""
    kept = list(dig(node, "status", "conditions", default=[]))
    for kind in _LOST:
        found = condition(node, kind)
        if found is None:
            created = dig(node, "metadata", "creationTimestamp")
            kept.append(
                {
                    "type": kind,
                    "status": "Unknown",
                    "lastHeartbeatTime": created,
                    "lastTransitionTime": render(now),
                    "reason": "NodeStatusNeverUpdated",
                    "message": "Kubelet never posted node status.",
                }
            )
        elif found.get("status") != "Unknown":
            lost = {
                "status": "Unknown",
                "reason": "NodeStatusUnknown",
                "message": "Kubelet stopped posting node status.",
                "lastTransitionTime": render(now),
            }
            kept[kept.index(found)] = {**found, **lost}
    return kept


def _wanted_keys(node: Object) -> set[str]:
    held = ((one.get("type"), one.get("status")) for one in dig(node, "status", "conditions", default=()))
    keys = {_TAINT_BY_CONDITION[pair] for pair in held if pair in _TAINT_BY_CONDITION}
    return keys | ({UNSCHEDULABLE} if dig(node, "spec", "unschedulable") else set())


def taints_of(node: Object, evict: bool, now: float) -> list[Object]:
    """The node's taints as its conditions ask for them; others are left alone. With `evict` also the one that makes
    pods leave, which only a node that is not ready may have."""
    wanted = _wanted_keys(node)
    leaving = {NOT_READY, UNREACHABLE} & wanted if evict else set()
    kept = []
    for taint in dig(node, "spec", "taints", default=()):
        key, effect = taint.get("key"), taint.get("effect")
        if effect == "NoSchedule" and key in _OURS and key not in wanted:
            continue
        if effect == "NoExecute" and key in (NOT_READY, UNREACHABLE) and key not in leaving:
            continue
        kept.append(taint)
    have = {(taint.get("key"), taint.get("effect")) for taint in kept}
    for key, effect in [(key, "NoSchedule") for key in sorted(wanted)] + [
        (key, "NoExecute") for key in sorted(leaving)
    ]:
        if (key, effect) not in have:
            kept.append({"key": key, "effect": effect, "timeAdded": render(now)})
    return kept


def zone_of(node: Object) -> tuple[str, str]:
    """Region and zone, each empty where the node has no label for it."""
    return labels(node).get(REGION, ""), labels(node).get(ZONE, "")


def eviction_rate(nodes: list[Object], node: Object, normal: float) -> float:
    """Nodes per second that may be emptied in this node's zone. None at all when every node is lost (more likely we are
    the ones cut off), and few or none when most of the zone is."""
    if all(ready_status(one) != "True" for one in nodes):
        return 0.0
    zone = [one for one in nodes if zone_of(one) == zone_of(node)]
    lost = sum(ready_status(one) != "True" for one in zone)
    if lost > 2 and lost / len(zone) >= 0.55 and lost < len(zone):
        return 0.01 if len(zone) > 50 else 0.0
    return normal


def out_of_service(node: Object | None) -> bool:
    """Whether an administrator has declared the node to be off for good."""
    taints = dig(node, "spec", "taints", default=())
    return any(taint.get("key") == "node.kubernetes.io/out-of-service" for taint in taints)
