"""Beyond Kubernetes, and off unless asked for: a rollout that is stuck on a broken revision goes on when the template
is mended.

With OrderedReady a pod that never becomes Ready holds everything up, even when a newer template would mend it; people
have to delete it by hand (kubernetes/kubernetes#67250). With the annotation such a pod is replaced: only one whose
revision is outdated, that is not Ready, and that waits for something which does not pass by itself.
"""

from eachpod.controllers.podstate import is_ready, phase
from eachpod.model import objects
from eachpod.model.objects import Object, dig

ANNOTATION = "eachpod.dev/replace-broken-pods"

_HOPELESS = frozenset(
    {
        "CrashLoopBackOff",
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "RunContainerError",
    }
)


def is_asked_for(set_: Object) -> bool:
    return objects.annotations(set_).get(ANNOTATION) == "true"


def is_broken(pod: Object) -> bool:
    """Not Ready, and in a state that only another template can mend."""
    if is_ready(pod) or objects.deleting(pod):
        return False
    scheduled = objects.condition(pod, "PodScheduled") or {}
    if phase(pod) == "Pending" and scheduled.get("reason") == "Unschedulable":
        return True
    lists = ("initContainerStatuses", "containerStatuses")
    statuses = [status for name in lists for status in dig(pod, "status", name, default=[])]
    return any(dig(status, "state", "waiting", "reason") in _HOPELESS for status in statuses)
