"""The quality-of-service class of a pod, which the system writes into its status."""

from eachpod.model.objects import Object

_COUNTED = ("cpu", "memory")


def qos_class(spec: Object) -> str:
    """Guaranteed, Burstable or BestEffort, by the cpu and memory that containers (or the pod) ask for."""
    own = spec.get("resources") or {}
    if own.get("requests") or own.get("limits"):
        parts = [own]
    else:
        parts = [c.get("resources") or {} for kind in ("containers", "initContainers") for c in spec.get(kind) or ()]
    asked = False
    guaranteed = True
    for part in parts:
        requests, limits = _positive(part.get("requests")), _positive(part.get("limits"))
        asked = asked or bool(requests or limits)
        guaranteed = guaranteed and len(limits) == len(_COUNTED) and requests == limits
    if not asked:
        return "BestEffort"
    return "Guaranteed" if guaranteed else "Burstable"


def _positive(resources: Object | None) -> dict[str, str]:
    return {key: str(value) for key, value in (resources or {}).items() if key in _COUNTED and str(value) != "0"}
