"""The status of a StatefulSet, counted from its pods."""

from collections.abc import Iterable

from eachpod.model import objects
from eachpod.model.objects import Object, dig

from .identity import replicas
from .members import Member
from .revisions import History


def min_ready_seconds(set_: Object) -> int:
    return int(dig(set_, "spec", "minReadySeconds", default=0))


def unavailable(pod: Member | None, min_ready: int, now: float) -> bool:
    """Missing, on its way out, or not Ready for long enough."""
    return pod is None or pod.deleting or not pod.is_available(min_ready, now)


def count(set_: Object, pods: Iterable[Member], history: History, now: float) -> Object:
    """Every counter. A pod counts as a replica as long as it exists; as current or updated only while it stays."""
    min_ready = min_ready_seconds(set_)
    current, update = objects.name(history.current), objects.name(history.update)
    total = ready = available = at_current = at_update = 0
    for pod in pods:
        total += 1
        if pod.running_and_ready:
            ready += 1
            available += pod.is_available(min_ready, now)
        if not pod.deleting:
            at_current += pod.revision == current
            at_update += pod.revision == update
    return {
        "observedGeneration": objects.meta(set_).get("generation", 0),
        "replicas": total,
        "readyReplicas": ready,
        "currentReplicas": at_current,
        "updatedReplicas": at_update,
        "currentRevision": current,
        "updateRevision": update,
        "collisionCount": history.collision_count,
        "availableReplicas": available,
        "conditions": dig(set_, "status", "conditions", default=[]),
    }


def completed(set_: Object, status: Object) -> Object:
    """When all pods that shall be there are updated and Ready, the update revision becomes the current one."""
    want = replicas(set_)
    if not status["updatedReplicas"] == status["readyReplicas"] == status["replicas"] == want:
        return status
    return {**status, "currentReplicas": status["updatedReplicas"], "currentRevision": status["updateRevision"]}


def encoded(status: Object) -> Object:
    """Without what the API leaves out when it is zero or empty."""
    always = ("replicas", "availableReplicas", "collisionCount")
    return {key: value for key, value in status.items() if value or key in always}
