"""What `kubectl get pods` shows of a pod: what its containers do, told in one word, as the API server tells it."""

from eachpod.model.kind import Cell
from eachpod.model.objects import Object, dig, meta, name
from eachpod.model.table import NONE, age, columns
from eachpod.model.timestamps import parse, span

COLUMNS = columns("Ready", "Status", "Restarts", "Age", "*IP", "*Node", "*Nominated Node", "*Readiness Gates")

_FINISHED = {
    "Succeeded": "The pod has completed successfully.",
    "Failed": "The pod failed.",
}


def row_conditions(pod: Object) -> list[Object]:
    phase = dig(pod, "status", "phase", default="")
    if phase not in _FINISHED:
        return []
    return [{"type": "Completed", "status": "True", "reason": phase, "message": _FINISHED[phase]}]


def row(pod: Object, now: float) -> list[Cell]:
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    ready, total, reason, restarts, last = _containers(pod, spec, status)
    phase = status.get("phase") or ""
    if meta(pod).get("deletionTimestamp"):
        if status.get("reason") == "NodeLost":
            reason = "Unknown"
        elif phase not in _FINISHED:
            reason = "Terminating"
    again = f"{restarts} ({span(now - last)} ago)" if restarts and last else str(restarts)
    ips = status.get("podIPs") or [{}]
    return [
        name(pod),
        f"{ready}/{total}",
        reason,
        again,
        age(pod, now),
        ips[0].get("ip") or NONE,
        spec.get("nodeName") or NONE,
        status.get("nominatedNodeName") or NONE,
        _gates(spec, status),
    ]


def _gates(spec: Object, status: Object) -> str:
    gates = spec.get("readinessGates") or []
    if not gates:
        return NONE
    states = {c.get("type"): c.get("status") for c in reversed(status.get("conditions") or [])}
    return f"{sum(states.get(gate.get('conditionType')) == 'True' for gate in gates)}/{len(gates)}"


def _containers(pod: Object, spec: Object, status: Object) -> tuple[int, int, str, int, float]:
    """Ready and total containers, the text of the Status column, restarts and when the last one was."""
    sidecars = {c.get("name") for c in spec.get("initContainers") or [] if c.get("restartPolicy") == "Always"}
    total = len(spec.get("containers") or []) + len(sidecars)
    reason = status.get("reason") or status.get("phase") or ""
    conditions = {c.get("type"): c for c in status.get("conditions") or []}
    if conditions.get("PodScheduled", {}).get("reason") == "SchedulingGated":
        reason = "SchedulingGated"
    inits = status.get("initContainerStatuses") or []
    ready, stopped_at, init_reason = _init_progress(inits, sidecars, len(spec.get("initContainers") or []))
    initialized = conditions.get("Initialized", {}).get("status") == "True"
    seen = inits if stopped_at is None else inits[: stopped_at + 1]
    if init_reason:
        reason = init_reason
        if not initialized:
            return ready, total, reason, _restarts(seen), _last_restart(seen)
    own = status.get("containerStatuses") or []
    counted = [c for c in seen if c.get("name") in sidecars] + own
    running, reason = _main_reason(own, reason, conditions)
    return ready + running, total, reason, _restarts(counted), _last_restart(counted)


def _restarts(statuses: list[Object]) -> int:
    return sum(c.get("restartCount") or 0 for c in statuses)


def _last_restart(statuses: list[Object]) -> float:
    return max((parse(dig(c, "lastState", "terminated", "finishedAt")) or 0.0 for c in statuses), default=0.0)


def _init_progress(inits: list[Object], sidecars: set[str | None], total: int) -> tuple[int, int | None, str]:
    """Ready sidecars, the index of the init container that everything waits for, and what is said about it."""
    ready = 0
    for index, container in enumerate(inits):
        state = container.get("state") or {}
        ended, waiting = state.get("terminated"), state.get("waiting") or {}
        if ended and not ended.get("exitCode"):
            continue
        if container.get("name") in sidecars and container.get("started"):
            ready += bool(container.get("ready"))
            continue
        if ended:
            return ready, index, f"Init:{_ended(ended)}"
        if waiting.get("reason") not in (None, "", "PodInitializing"):
            return ready, index, f"Init:{waiting['reason']}"
        return ready, index, f"Init:{index}/{total}"
    return ready, None, ""


def _ended(ended: Object) -> str:
    if ended.get("reason"):
        return str(ended["reason"])
    if ended.get("signal"):
        return f"Signal:{ended['signal']}"
    return f"ExitCode:{ended.get('exitCode') or 0}"


def _main_reason(statuses: list[Object], reason: str, conditions: dict[str, Object]) -> tuple[int, str]:
    """How many containers run and are ready, and the text of the Status column."""
    running, error = 0, ""
    for container in reversed(statuses):
        state = container.get("state") or {}
        waiting, ended = (state.get("waiting") or {}).get("reason"), state.get("terminated")
        if waiting:
            reason = waiting
        elif ended is not None:
            reason = _ended(ended)
            error = reason if ended.get("exitCode") else error
        elif container.get("ready") and state.get("running") is not None:
            running += 1
    if reason == "Completed":
        if running and conditions.get("Ready", {}).get("status") == "True":
            reason = "Running"
        elif error:
            reason = error
        elif running:
            reason = "NotReady"
    return running, reason
