"""status.containerStatuses and its likes."""

import json
from dataclasses import replace
from typing import Any

from eachpod.model.objects import Object, dig
from eachpod.model.timestamps import render

from . import podspec
from .podoutcome import ending
from .podstate import Container, PodState
from .runtime import ContainerState, Phase


def container_statuses(state: PodState, specs: list[Object], *, init: bool = False) -> list[Object]:
    """One per container of the spec: regular ones by name, init containers in their order."""
    found = [_status(state, spec, init=init) for spec in specs]
    return found if init else sorted(found, key=lambda each: str(each["name"]))


def _status(state: PodState, spec: Object, *, init: bool) -> Object:
    known = state.containers.get(spec["name"]) or Container(spec["name"])
    before = _before(state.pod, spec["name"])
    if known.seen is None:
        return _not_begun(state, spec, known, before)
    if known.running and state.starting(known.name):
        return _starting(state, spec, known, before)
    seen = known.seen
    current = _current(state, known, seen)
    status: Object = {
        "name": spec["name"],
        "state": current,
        "lastState": _last(known, before, current),
        "ready": _ready(known, seen, spec, init=init),
        "restartCount": max(seen.attempt, int(before.get("restartCount") or 0)),
        "image": seen.image or spec.get("image") or "",
        "imageID": seen.image_ref,
        "containerID": container_id(seen),
        "started": known.started and known.running,
    }
    return status | _resources(spec, seen) | _mounts(spec)


def container_id(seen: ContainerState) -> str:
    """`containerd://ID`; an id that brings its own scheme (simulated ones do) stays."""
    return seen.id if "://" in seen.id else f"containerd://{seen.id}"


def _not_begun(state: PodState, spec: Object, known: Container, before: Object) -> Object:
    if dig(before, "state", "terminated"):
        kept = dict(before)  # the runtime has forgotten it; how it ended is still true
        kept["ready"] = before.get("ready", False) if dig(before, "state", "terminated", "exitCode") == 0 else False
        return kept
    status: Object = {
        "name": spec["name"],
        "state": {"waiting": _waiting(state.pod, known)},
        "lastState": before.get("lastState") or {},
        "ready": False,
        "restartCount": int(before.get("restartCount") or 0),
        "image": spec.get("image") or "",
        "imageID": "",
        "started": False,
    }
    if dig(before, "state", "running") and not status["lastState"]:
        status["lastState"] = {"terminated": _unlocated()}
        status["restartCount"] += 0 if ending(state) else 1
    return status | _mounts(spec)


def _starting(state: PodState, spec: Object, known: Container, before: Object) -> Object:
    """It runs, but its postStart hook has not ended: nothing is said of this run yet."""
    if known.previous is None:
        return _not_begun(state, spec, replace(known, seen=None), before)
    status = _not_begun(state, spec, replace(known, seen=None), {})
    status["lastState"] = {"terminated": terminated(known.previous)}
    status["restartCount"] = max(known.previous.attempt, int(before.get("restartCount") or 0))
    return status


def _waiting(pod: Object, known: Container) -> Object:
    if known.waiting:
        reason, message = known.waiting
        return {"reason": reason, "message": message} if message else {"reason": reason}
    return {"reason": "PodInitializing" if podspec.init_containers(pod) else "ContainerCreating"}


def _unlocated() -> Object:
    message = "The container could not be located when the pod was deleted.  The container used to be Running"
    found = {"exitCode": 137, "reason": "ContainerStatusUnknown", "message": message}
    return found | {"startedAt": None, "finishedAt": None}


def _current(state: PodState, known: Container, seen: ContainerState) -> Object:
    if seen.phase is Phase.RUNNING:
        return {"running": {"startedAt": render(seen.started_at)}}
    if seen.phase is Phase.CREATED:
        return {"waiting": _waiting(state.pod, known) if known.waiting else {}}
    if known.waiting and not ending(state):
        return {"waiting": _waiting(state.pod, known)}
    return {"terminated": terminated(seen)}


def terminated(seen: ContainerState) -> Object:
    found: Object = {"exitCode": seen.exit_code}
    if seen.reason:
        found["reason"] = seen.reason
    if seen.message:
        found["message"] = seen.message
    found["startedAt"] = render(seen.started_at) if seen.started_at else None
    found["finishedAt"] = render(seen.finished_at) if seen.finished_at else None
    return found | {"containerID": container_id(seen)}


def _last(known: Container, before: Object, current: Object) -> Object:
    if known.exited and "waiting" in current and known.seen:
        return {"terminated": terminated(known.seen)}
    if known.previous and known.previous.phase in (Phase.EXITED, Phase.UNKNOWN):
        return {"terminated": terminated(known.previous)}
    end = dig(before, "state", "terminated")
    if end and known.seen and before.get("containerID") != container_id(known.seen):
        return {"terminated": end}
    found: Object = before.get("lastState") or {}
    return found


def _ready(known: Container, seen: ContainerState, spec: Object, *, init: bool) -> bool:
    if init and not podspec.is_sidecar(spec):
        return known.exited and seen.exit_code == 0
    return known.running and known.started and known.ready


def _before(pod: Object, name: str) -> Object:
    for kind in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
        for status in dig(pod, "status", kind, default=[]):
            if status.get("name") == name:
                return dict(status)
    return {}


def _resources(spec: Object, seen: ContainerState) -> Object:
    """Those that this run was made with: the spec may ask for others since."""
    made_with = seen.annotations.get(podspec.RESOURCES)
    resources: dict[str, Any] = json.loads(made_with) if made_with else podspec.resources(spec)
    found: Object = {"resources": resources}
    if resources.get("requests"):
        found["allocatedResources"] = resources["requests"]
    return found


def _mounts(spec: Object) -> Object:
    mounts = []
    for mount in spec.get("volumeMounts") or []:
        entry: Object = {"name": mount["name"], "mountPath": mount["mountPath"]}
        if mount.get("readOnly"):
            entry |= {"readOnly": True, "recursiveReadOnly": "Disabled"}
        mounts.append(entry)
    return {"volumeMounts": mounts} if mounts else {}
