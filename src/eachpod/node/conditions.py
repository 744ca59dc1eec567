"""The pod conditions that the kubelet owns, in its words and order."""

from eachpod.model.objects import Object, condition, dig
from eachpod.model.podphase import FINISHED
from eachpod.model.timestamps import render

from . import podspec

# (status, reason, message)
Judgement = tuple[str, str, str]
_TRUE: Judgement = ("True", "", "")
RESIZE = "PodResizePending"


def conditions(pod: Object, status: Object, *, ready_to_start: bool, now: float) -> list[Object]:
    statuses = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
    by_name = {each["name"]: each for each in statuses}
    containers = _containers_ready(pod, by_name, status["phase"])
    judged: dict[str, Judgement] = {
        "PodReadyToStartContainers": _TRUE if ready_to_start else ("False", "", ""),
        "Initialized": _initialized(pod, by_name, status["phase"]),
        "Ready": _ready(pod, containers),
        "ContainersReady": containers,
        "PodScheduled": _TRUE,
    }
    if waiting := _resized(pod, by_name):
        text = f"new resources of containers {_listed(waiting)} count from their next start: none is resized as it runs"
        judged[RESIZE] = ("True", "Deferred", text)
    return [_condition(pod, kind, judgement, now) for kind, judgement in judged.items()]


def _resized(pod: Object, by_name: dict[str, Object]) -> list[str]:
    """The running containers that were made with other resources than they are to have now."""
    found = []
    for spec in [*podspec.init_containers(pod), *podspec.regular_containers(pod)]:
        status = by_name.get(spec["name"]) or {}
        if dig(status, "state", "running") and status.get("resources", {}) != podspec.resources(spec):
            found.append(spec["name"])
    return found


def _condition(pod: Object, kind: str, judgement: Judgement, now: float) -> Object:
    status, reason, message = judgement
    old = condition(pod, kind)
    found: Object = {"type": kind, "status": status}
    generation = dig(pod, "metadata", "generation", default=0)
    if generation:
        found["observedGeneration"] = generation
    kept = old.get("lastTransitionTime") if old and old.get("status") == status else None
    found["lastTransitionTime"] = kept or render(now)
    if reason:
        found["reason"] = reason
    if message:
        found["message"] = message
    return found


def _listed(names: list[str]) -> str:
    """As Go prints a list of strings."""
    return f"[{' '.join(names)}]"


def _containers_ready(pod: Object, by_name: dict[str, Object], phase: str) -> Judgement:
    if not by_name and phase not in FINISHED:
        return "False", "UnknownContainerStatuses", ""
    specs = [each for each in podspec.init_containers(pod) if podspec.is_sidecar(each)]
    names = [each["name"] for each in [*specs, *podspec.regular_containers(pod)]]
    unknown = [each for each in names if each not in by_name]
    unready = [each for each in names if each in by_name and not by_name[each].get("ready")]
    if phase == "Succeeded" and not unknown:
        return "False", "PodCompleted", ""
    if phase == "Failed":
        return "False", "PodFailed", ""
    parts = [f"containers with unknown status: {_listed(unknown)}"] if unknown else []
    parts += [f"containers with unready status: {_listed(unready)}"] if unready else []
    return ("False", "ContainersNotReady", ", ".join(parts)) if parts else _TRUE


def _ready(pod: Object, containers: Judgement) -> Judgement:
    if containers[0] != "True":
        return containers
    parts = []
    for gate in dig(pod, "spec", "readinessGates", default=[]):
        kind = gate.get("conditionType")
        found = condition(pod, kind)
        if found is None:
            parts.append(f'corresponding condition of pod readiness gate "{kind}" does not exist.')
        elif found.get("status") != "True":
            parts.append(f'the status of pod readiness gate "{kind}" is not "True", but {found.get("status")}')
    return ("False", "ReadinessGatesNotReady", ", ".join(parts)) if parts else _TRUE


def _initialized(pod: Object, by_name: dict[str, Object], phase: str) -> Judgement:
    specs = podspec.init_containers(pod)
    if not specs:
        return ("True", "PodCompleted", "") if phase == "Succeeded" else _TRUE
    if not by_name:
        return "False", "UnknownContainerStatuses", ""
    unknown = [each["name"] for each in specs if each["name"] not in by_name]
    if phase == "Succeeded" and not unknown:
        return "True", "PodCompleted", ""
    if any(_began(by_name.get(each["name"])) for each in podspec.regular_containers(pod)):
        return _TRUE
    pending = [each["name"] for each in specs if each["name"] in by_name and not _complete(each, by_name[each["name"]])]
    parts = [f"containers with unknown status: {_listed(unknown)}"] if unknown else []
    parts += [f"containers with incomplete status: {_listed(pending)}"] if pending else []
    return ("False", "ContainersNotInitialized", ", ".join(parts)) if parts else _TRUE


def _began(status: Object | None) -> bool:
    if status is None:
        return False
    state = status["state"]
    return "running" in state or "terminated" in state or bool(dig(status, "lastState", "terminated"))


def _complete(spec: Object, status: Object) -> bool:
    return bool(status.get("started") if podspec.is_sidecar(spec) else status.get("ready"))
