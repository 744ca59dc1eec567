"""The status of a Deployment: counters of its ReplicaSets, and whether it gets on."""

from eachpod.model import objects
from eachpod.model.objects import Object, dig
from eachpod.model.timestamps import parse, render

from .replicasets import limits, replicas
from .rollout import Sets, available

_NO_DEADLINE = 2**31 - 1


def counters(sets: Sets) -> Object:
    def total(field: str) -> int:
        return sum(int(dig(set_, "status", field, default=0)) for set_ in sets.all)

    ready = sum(map(available, sets.all))
    return {
        "observedGeneration": objects.meta(sets.deployment).get("generation", 0),
        "replicas": total("replicas"),
        "updatedReplicas": int(dig(sets.newest, "status", "replicas", default=0)),
        "readyReplicas": total("readyReplicas"),
        "availableReplicas": ready,
        "unavailableReplicas": max(0, sum(map(replicas, sets.all)) - ready),
        "terminatingReplicas": total("terminatingReplicas"),
    }


def is_complete(deployment: Object, status: Object) -> bool:
    want = replicas(deployment)
    return bool(
        status.get("updatedReplicas", 0) == status.get("replicas", 0) == status.get("availableReplicas", 0) == want
        and status.get("observedGeneration", 0) >= objects.meta(deployment).get("generation", 0)
    )


def deadline(deployment: Object) -> int | None:
    seconds = int(dig(deployment, "spec", "progressDeadlineSeconds", default=_NO_DEADLINE))
    return None if seconds == _NO_DEADLINE else seconds


class Conditions:
    """The conditions to be; setting one that says the same again changes nothing."""

    def __init__(self, deployment: Object, now: float) -> None:
        self.listed: list[Object] = list(dig(deployment, "status", "conditions", default=[]))
        self._now = render(now)

    def get(self, kind: str) -> Object | None:
        return next((c for c in self.listed if c.get("type") == kind), None)

    def remove(self, kind: str) -> None:
        self.listed = [c for c in self.listed if c.get("type") != kind]

    def set(self, kind: str, status: str, reason: str, message: str, *, again: bool = False) -> None:
        """`again` renews the time of the last update although nothing else changes."""
        before = self.get(kind)
        same = before is not None and before.get("status") == status
        if same and before is not None and before.get("reason") == reason and not again:
            return
        since = before.get("lastTransitionTime") if same and before is not None else self._now
        self.remove(kind)
        self.listed.append(
            {
                "type": kind,
                "status": status,
                "lastUpdateTime": self._now,
                "lastTransitionTime": since,
                "reason": reason,
                "message": message,
            }
        )


def tell_availability(conditions: Conditions, sets: Sets, counted: Object) -> None:
    if counted["availableReplicas"] >= replicas(sets.deployment) - limits(sets.deployment)[1]:
        reason, text = "MinimumReplicasAvailable", "Deployment has minimum availability."
        conditions.set("Available", "True", reason, text)
    else:
        reason, text = "MinimumReplicasUnavailable", "Deployment does not have minimum availability."
        conditions.set("Available", "False", reason, text)


def tell_progress(conditions: Conditions, sets: Sets, counted: Object, now: float) -> float | None:
    """The Progressing condition; returns the seconds until the deadline must be looked at."""
    deployment, seconds = sets.deployment, deadline(sets.deployment)
    if seconds is None:
        conditions.remove("Progressing")
        return None
    before = conditions.get("Progressing")
    done = before is not None and before.get("reason") == "NewReplicaSetAvailable"
    if counted["replicas"] == counted["updatedReplicas"] and done:
        return None
    what = f'ReplicaSet "{objects.name(sets.newest)}"' if sets.newest else f'Deployment "{objects.name(deployment)}"'
    if is_complete(deployment, counted):
        text = f"{what} has successfully progressed."
        conditions.set("Progressing", "True", "NewReplicaSetAvailable", text)
        return None
    if _has_moved(dig(deployment, "status", default={}), counted):
        conditions.set("Progressing", "True", "ReplicaSetUpdated", f"{what} is progressing.", again=True)
        return float(seconds + 1)
    if before is None or before.get("reason") in ("ProgressDeadlineExceeded", "DeploymentPaused"):
        return None
    since = parse(before.get("lastUpdateTime"))
    left = (now if since is None else since) + seconds - now
    if left < 0:
        conditions.set("Progressing", "False", "ProgressDeadlineExceeded", f"{what} has timed out progressing.")
        return None
    return left + 1


def _has_moved(old: Object, new: Object) -> bool:
    def of(field: str) -> int:
        return int(old.get(field) or 0)

    return bool(
        new["updatedReplicas"] > of("updatedReplicas")
        or new["replicas"] - new["updatedReplicas"] < of("replicas") - of("updatedReplicas")
        or new["readyReplicas"] > of("readyReplicas")
        or new["availableReplicas"] > of("availableReplicas")
    )


def tell_failures(conditions: Conditions, sets: Sets) -> None:
    """The newest set's failure to make pods, else that of another one."""
    listed = [*([sets.newest] if sets.newest is not None else []), *sets.old]
    found = next((c for s in listed if (c := objects.condition(s, "ReplicaFailure")) is not None), None)
    if found is None:
        conditions.remove("ReplicaFailure")
    else:
        conditions.set("ReplicaFailure", found["status"], found.get("reason") or "", found.get("message") or "")


def tell_pause(conditions: Conditions, deployment: Object) -> None:
    before = conditions.get("Progressing") or {}
    if deadline(deployment) is None or before.get("reason") == "ProgressDeadlineExceeded":
        return
    paused = bool(dig(deployment, "spec", "paused"))
    if paused and before.get("reason") != "DeploymentPaused":
        conditions.set("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused")
    elif not paused and before.get("reason") == "DeploymentPaused":
        conditions.set("Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed")


def encoded(counted: Object, conditions: Conditions, deployment: Object, collisions: int) -> Object:
    shown = {key: value for key, value in counted.items() if value or key == "terminatingReplicas"}
    if conditions.listed:
        shown["conditions"] = conditions.listed
    if collisions or dig(deployment, "status", "collisionCount") is not None:
        shown["collisionCount"] = collisions
    return shown
