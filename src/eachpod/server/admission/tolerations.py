"""DefaultTolerationSeconds: a pod stays five minutes on a node that went away, unless it says otherwise."""

from eachpod.model.objects import Object, dig, put
from eachpod.model.resources import POD
from eachpod.model.wellknown import NOT_READY, UNREACHABLE

from .chain import Attributes

_TAINTS = (NOT_READY, UNREACHABLE)
_SECONDS = 300


def default_tolerations(pod: Object, at: Attributes) -> Object:
    if at.kind.resource != POD or at.operation == "DELETE" or at.subresource:
        return pod
    held = dig(pod, "spec", "tolerations", default=[])
    missing = [taint for taint in _TAINTS if not any(_covers(toleration, taint) for toleration in held)]
    if not missing:
        return pod
    added = [
        {"effect": "NoExecute", "key": taint, "operator": "Exists", "tolerationSeconds": _SECONDS} for taint in missing
    ]
    return put(pod, ("spec", "tolerations"), [*held, *added])


def _covers(toleration: Object, taint: str) -> bool:
    return (toleration.get("key") or taint) == taint and (toleration.get("effect") or "NoExecute") == "NoExecute"
