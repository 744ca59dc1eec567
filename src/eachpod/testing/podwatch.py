"""What happened to pods, in the order in which it happened, and the laws of an ordered set over it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any


@dataclass(frozen=True, slots=True)
class PodEvent:
    """One event of the watch: what kind it was, and what the pod was after it."""

    type: str
    name: str
    ready: bool
    deleting: bool


def events_of(stream: str) -> list[PodEvent]:
    """The events of a watch as the API sends them, one a line."""
    return [event_of(json.loads(line)) for line in stream.splitlines() if line]


def event_of(found: Mapping[str, Any]) -> PodEvent:
    pod = found["object"]
    conditions = pod.get("status", {}).get("conditions") or []
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
    return PodEvent(found["type"], pod["metadata"]["name"], ready, "deletionTimestamp" in pod["metadata"])


def ordered_up(events: Sequence[PodEvent], names: Sequence[str]) -> list[str]:
    """What is wrong where each of `names` should appear only after the one before it was Ready."""
    faults = [f"{name} did not appear" for name in names if _first(events, name, "ADDED") is None]
    for before, name in pairwise(names):
        ready = next((at for at, event in enumerate(events) if event.name == before and event.ready), len(events))
        added = _first(events, name, "ADDED")
        if added is not None and added < ready:
            faults.append(f"{name} appeared before {before} was Ready")
    return faults


def ordered_down(events: Sequence[PodEvent], names: Sequence[str]) -> list[str]:
    """What is wrong where each of `names` should begin to go only after the one before it is gone."""
    faults = [f"{name} did not go" for name in names if _first(events, name, "DELETED") is None]
    for before, name in pairwise(names):
        gone = _first(events, before, "DELETED")
        going = next((at for at, event in enumerate(events) if event.name == name and event.deleting), len(events))
        if gone is None or going < gone:
            faults.append(f"{name} began to go before {before} was gone")
    return faults


def _first(events: Sequence[PodEvent], name: str, kind: str) -> int | None:
    return next((at for at, event in enumerate(events) if (event.name, event.type) == (name, kind)), None)
