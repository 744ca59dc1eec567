"""What a pod's status says, in the terms that controllers count by (pkg/api/v1/pod)."""

from eachpod.model import objects
from eachpod.model.objects import Object, dig
from eachpod.model.podphase import is_finished
from eachpod.model.timestamps import parse


def phase(pod: Object) -> str:
    return str(dig(pod, "status", "phase", default=""))


def is_ready(pod: Object) -> bool:
    condition = objects.condition(pod, "Ready")
    return condition is not None and condition.get("status") == "True"


def ready_since(pod: Object) -> float | None:
    """Since when the pod is Ready; None where it is not, or the time is unknown."""
    condition = objects.condition(pod, "Ready")
    if condition is None or condition.get("status") != "True":
        return None
    return parse(condition.get("lastTransitionTime"))


def is_available(pod: Object, min_ready_seconds: int, now: float) -> bool:
    """Ready, and for at least so long."""
    if not is_ready(pod):
        return False
    since = ready_since(pod)
    return min_ready_seconds == 0 or (since is not None and since + min_ready_seconds <= now)


def available_in(pod: Object, min_ready_seconds: int, now: float) -> float | None:
    """Seconds until a pod that is Ready becomes available; None where no time will bring that."""
    since = ready_since(pod)
    if since is None or since + min_ready_seconds <= now:
        return None
    return since + min_ready_seconds - now


def is_active(pod: Object) -> bool:
    """Not finished and not on its way out."""
    return not is_finished(pod) and not objects.deleting(pod)
