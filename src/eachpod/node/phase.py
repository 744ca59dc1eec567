"""status.phase from the containers' statuses (the kubelet's getPhase, with its odd cases)."""

from collections import Counter

from eachpod.model.objects import Object, dig

from . import podspec


def phase(pod: Object, statuses: list[Object], *, over: bool, initialized: bool) -> str:
    """`over`: the pod is being ended and nothing runs any more, so nothing will start again. `initialized`: a regular
    container has begun in this sandbox."""
    by_name = {each["name"]: each for each in statuses}
    count: Counter[str] = Counter()
    for spec in podspec.init_containers(pod):
        known = by_name.get(spec["name"])
        count[_sidecar(known) if podspec.is_sidecar(spec) else _init(pod, spec, known)] += 1
    if count["init-failed"]:
        return "Failed"
    for spec in podspec.regular_containers(pod):
        for what in _regular(pod, spec, by_name.get(spec["name"])):
            count[what] += 1
    if count["init-pending"] or count["waiting"] or (count["sidecar-pending"] and not initialized):
        return "Pending"
    running = count["running"] + count["sidecar-running"] + count["sidecar-pending"]
    if running and not count["unknown"]:
        return "Running"
    if count["stopped"] and not count["unknown"]:
        if not over and count["stopped"] != count["final"]:
            return "Running"
        return "Succeeded" if count["stopped"] == count["succeeded"] else "Failed"
    return "Pending"


def _ended(status: Object) -> Object | None:
    """How the container ended, also where it waits for its next start."""
    state = status["state"]
    found = state.get("terminated") or ("waiting" in state and dig(status, "lastState", "terminated"))
    return found or None


def _init(pod: Object, spec: Object, status: Object | None) -> str:
    end = _ended(status) if status else None
    if end is None:
        return "init-pending"
    if end["exitCode"] == 0:
        return "init-pending" if status and "waiting" in status["state"] else "init-done"
    return "init-retry" if podspec.init_may_restart(pod, spec, end["exitCode"]) else "init-failed"


def _sidecar(status: Object | None) -> str:
    if status is None:
        return "unknown"
    if "running" in status["state"]:
        return "sidecar-running" if status.get("started") else "sidecar-pending"
    if _ended(status):
        return "sidecar-ended"
    return "waiting"


def _regular(pod: Object, spec: Object, status: Object | None) -> list[str]:
    if status is None:
        return ["unknown"]
    if "running" in status["state"]:
        return ["running"]
    end = _ended(status)
    if end is None:
        return ["waiting"]
    found = ["stopped"]
    if not podspec.may_restart(pod, spec, end["exitCode"]):
        found.append("final")
    if end["exitCode"] == 0 and "terminated" in status["state"]:
        found.append("succeeded")
    return found
