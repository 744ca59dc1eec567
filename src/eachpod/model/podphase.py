"""The phases of a pod's life that a pod does not come back from."""

from .objects import Object, dig

FINISHED = ("Succeeded", "Failed")


def is_finished(pod: Object) -> bool:
    """Whether the pod runs no more, and so occupies nothing."""
    return dig(pod, "status", "phase") in FINISHED
