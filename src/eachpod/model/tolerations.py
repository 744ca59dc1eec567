"""Which taints a pod tolerates (core/v1 Toleration, Taint)."""

from collections.abc import Iterable

from .objects import Object

NO_SCHEDULE, PREFER_NO_SCHEDULE, NO_EXECUTE = "NoSchedule", "PreferNoSchedule", "NoExecute"


def _ordered(toleration: Object, taint: Object) -> bool:
    """Operators Gt and Lt compare the taint's value with the toleration's as whole numbers."""
    try:
        ours, theirs = int(toleration.get("value") or ""), int(taint.get("value") or "")
    except ValueError:
        return False
    return theirs > ours if toleration["operator"] == "Gt" else theirs < ours


def tolerates(toleration: Object, taint: Object) -> bool:
    """Whether one toleration covers one taint; an empty effect or key stands for all."""
    if toleration.get("effect") and toleration["effect"] != taint.get("effect"):
        return False
    if toleration.get("key") and toleration["key"] != taint.get("key"):
        return False
    match toleration.get("operator") or "Equal":
        case "Exists":
            return True
        case "Equal":
            return (toleration.get("value") or "") == (taint.get("value") or "")
        case "Gt" | "Lt":
            return _ordered(toleration, taint)
    return False


def untolerated(taints: Iterable[Object], tolerations: Iterable[Object], effects: tuple[str, ...]) -> list[Object]:
    """The taints with one of `effects` that no toleration covers."""
    tolerations = tuple(tolerations)
    return [
        taint
        for taint in taints
        if taint.get("effect") in effects and not any(tolerates(toleration, taint) for toleration in tolerations)
    ]
