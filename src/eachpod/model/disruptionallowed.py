"""The condition of a PodDisruptionBudget that says whether pods may be evicted: the controller keeps it, and so does an
eviction that uses up the last disruption."""

from . import objects
from .objects import Object
from .timestamps import render

DISRUPTION_ALLOWED = "DisruptionAllowed"
SYNC_FAILED = "SyncFailed"


def with_disruption_allowed(status: Object, now: float, *, problem: str = "") -> Object:
    """The status of a budget with the condition that fits its counters; or with `problem`, why there are none."""
    allowed = not problem and (status.get("disruptionsAllowed") or 0) > 0
    value = "True" if allowed else "False"
    generation = status.get("observedGeneration")
    fresh: Object = {
        "type": DISRUPTION_ALLOWED,
        "status": value,
        **({"observedGeneration": generation} if generation else {}),
        "lastTransitionTime": render(now),
        "reason": SYNC_FAILED if problem else "SufficientPods" if allowed else "InsufficientPods",
        "message": problem,
    }
    return {**status, "conditions": objects.with_condition(status.get("conditions") or (), fresh)}
