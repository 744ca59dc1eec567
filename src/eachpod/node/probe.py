"""Probes as values: what to ask, when, and what an answer changes."""

from dataclasses import dataclass, replace
from enum import StrEnum

from eachpod.model.objects import Object

from . import podspec


class ProbeFault(Exception):
    """The probe cannot be asked as it is written."""


class Kind(StrEnum):
    STARTUP = "startup"
    READINESS = "readiness"
    LIVENESS = "liveness"


@dataclass(frozen=True, slots=True)
class Outcome:
    success: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class Timing:
    initial_delay: float
    period: float
    timeout: float
    successes: int
    failures: int


@dataclass(frozen=True, slots=True)
class Score:
    """Equal outcomes in a row, and the verdict that counts (None: none yet)."""

    last: bool | None = None
    run: int = 0
    verdict: bool | None = None


def timing(probe: Object) -> Timing:
    return Timing(
        float(probe.get("initialDelaySeconds") or 0),
        float(probe.get("periodSeconds") or 10),
        float(probe.get("timeoutSeconds") or 1),
        int(probe.get("successThreshold") or 1),
        int(probe.get("failureThreshold") or 3),
    )


def counted(score: Score, success: bool, when: Timing) -> Score:
    """The score after one more outcome; the verdict turns when a threshold is reached."""
    run = score.run + 1 if score.last is success else 1
    score = Score(success, run, score.verdict)
    if run >= (when.successes if success else when.failures):
        return replace(score, verdict=success)
    return score


def due_after(when: Timing, started_at: float, now: float) -> float:
    """Seconds until the first question."""
    return max(started_at + when.initial_delay - now, 0.0)


def port_of(pod: Object, container: Object, port: object) -> int:
    """A probe's or hook's port: a number, or the name of one of the container's ports."""
    if isinstance(port, int) or (isinstance(port, str) and port.isdecimal()):
        return int(port)
    for each in container.get("ports") or []:
        if each.get("name") == port:
            return int(each["containerPort"])
    raise ProbeFault(f'couldn\'t find port name "{port}" in container {container.get("name")}')


def probes(pod: Object, name: str) -> dict[Kind, Object]:
    spec = podspec.container(pod, name) or {}
    return {kind: spec[f"{kind}Probe"] for kind in Kind if spec.get(f"{kind}Probe")}
