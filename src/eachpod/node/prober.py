"""Runs the probes of a node's containers: one task per container and kind of probe."""

import asyncio
import logging
from collections.abc import Callable
from typing import NamedTuple

from eachpod.client.correlate import Note
from eachpod.client.events import Recorder
from eachpod.model import objects
from eachpod.model.objects import Object

from . import podspec
from .podoutcome import ending
from .podstate import Container, PodEvent, PodState, Probed
from .probe import Kind, Outcome, Score, counted, due_after, probes, timing
from .questions import Subject, ask
from .runtime import Runtime

log = logging.getLogger(__name__)

_WORDS = {Kind.STARTUP: "Startup", Kind.READINESS: "Readiness", Kind.LIVENESS: "Liveness"}


class _Key(NamedTuple):
    uid: str
    container_id: str
    kind: Kind


class Prober:
    """`post` gives a verdict to the pod with a uid."""

    def __init__(
        self, runtime: Runtime, recorder: Recorder, clock: Callable[[], float], post: Callable[[str, PodEvent], None]
    ) -> None:
        self._runtime, self._recorder, self._clock, self._post = runtime, recorder, clock, post
        self._running: dict[str, dict[_Key, asyncio.Task[None]]] = {}

    def keep(self, state: PodState) -> None:
        """See that exactly the probes run which the state asks for."""
        uid = objects.uid(state.pod)
        running = self._running.setdefault(uid, {})
        wanted = {} if state.done else _wanted(state)
        for key in running.keys() - wanted.keys():
            running.pop(key).cancel()
        for key in wanted.keys() - running.keys():
            known, probe = wanted[key]
            running[key] = asyncio.ensure_future(self._probe(key, state, known, probe))
        if not running:
            del self._running[uid]

    async def _probe(self, key: _Key, state: PodState, known: Container, probe: Object) -> None:
        when = timing(probe)
        pod, seen = state.pod, known.seen
        assert seen is not None
        spec = podspec.container(pod, known.name) or {}
        address = state.addresses[0] if state.addresses else "127.0.0.1"
        subject = Subject(pod, spec, seen.id, address)
        # A running container's verdict before the first answer is what the state has already.
        score = Score(verdict=known.ready if key.kind is Kind.READINESS else None)
        await asyncio.sleep(due_after(when, seen.started_at, self._clock()))
        while True:
            begun = self._clock()
            try:
                outcome = await ask(self._runtime, subject, probe, when.timeout)
            except Exception as error:  # a probe that breaks is a failed probe, not the end of probing
                log.exception("probe of container %s", known.name)
                outcome = Outcome(False, str(error))
            if not outcome.success:
                self._tell(pod, known.name, key.kind, outcome.text)
            before = score.verdict
            score = counted(score, outcome.success, when)
            if score.verdict is not None and score.verdict is not before:
                self._post(key.uid, Probed(known.name, key.container_id, key.kind, score.verdict))
                if key.kind is not Kind.READINESS and not score.verdict:
                    await asyncio.Event().wait()  # it will be killed; the next run has its own probes
            await asyncio.sleep(max(when.period - (self._clock() - begun), 0.0))

    def _tell(self, pod: Object, container: str, kind: Kind, text: str) -> None:
        message = f"{_WORDS[kind]} probe failed: {text}"
        path = podspec.field_path(pod, container)
        self._recorder.tell(Note(pod, "Unhealthy", message, "Warning", path))


def _wanted(state: PodState) -> dict[_Key, tuple[Container, Object]]:
    uid = objects.uid(state.pod)
    leaving = ending(state)
    found = {}
    for known in state.containers.values():
        if not known.running or known.seen is None or state.starting(known.name):
            continue
        for kind, probe in probes(state.pod, known.name).items():
            if kind is Kind.STARTUP and (known.started or leaving):
                continue
            # Readiness goes on while a pod leaves, so that its endpoint says what is true.
            if kind is Kind.LIVENESS and (not known.started or leaving):
                continue
            if kind is Kind.READINESS and not known.started:
                continue
            found[_Key(uid, known.seen.id, kind)] = (known, probe)
    return found
