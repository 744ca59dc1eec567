"""The node agent's pods: who has a worker, and what reaches it."""

import logging
from collections.abc import Callable

from eachpod.client.client import Client
from eachpod.client.events import Recorder
from eachpod.model import objects
from eachpod.model.objects import Object, dig

from .hands import Hands
from .podstate import Admitted, HostInfo, PodEvent, PodGone, PodSeen
from .worker import PodWorker, Surroundings

log = logging.getLogger(__name__)


class Agent:
    """One node. Pods are known by uid: a new pod of an old name never meets its forerunner's state."""

    def __init__(
        self,
        client: Client,
        host: HostInfo,
        recorder: Recorder,
        clock: Callable[[], float],
        *,
        spare_last_status: bool = False,
    ) -> None:
        self.host = host
        self.workers: dict[str, PodWorker] = {}
        self._client, self._recorder, self._clock = client, recorder, clock
        self._spare = spare_last_status
        self._around: Surroundings | None = None

    def use(self, hands: Hands) -> None:
        """Before the first pod: what carries things out (it needs `post`, so it comes later than the agent)."""
        self._around = Surroundings(
            self._client, hands, self.host, self._recorder, self._clock, self._left, self._spare
        )

    def post(self, uid: str, event: PodEvent) -> None:
        worker = self.workers.get(uid)
        if worker:
            worker.post(event)

    def changed(self, old: Object | None, new: Object | None) -> None:
        """A pod of this node in the API: added, changed or (`new` None) gone."""
        if old is not None and (new is None or objects.uid(new) != objects.uid(old)):
            self.post(objects.uid(old), PodGone(old))
        if new is None:
            return
        uid = objects.uid(new)
        worker = self.workers.get(uid)
        if worker is None:
            self._begin(new)
        elif objects.revision(new) != objects.revision(worker.state.pod):
            worker.post(PodSeen(new))

    def pods(self) -> list[Object]:
        return [worker.state.pod for worker in self.workers.values()]

    def find(self, namespace: str, name: str, uid: str = "") -> PodWorker | None:
        """By name the newest: its forerunner may still be ending here."""
        for worker in reversed(self.workers.values()):
            pod = worker.state.pod
            if (objects.namespace(pod), objects.name(pod)) == (namespace, name) and uid in ("", worker.uid):
                return worker
        return None

    def addresses_of(self, pod: Object) -> tuple[str, ...]:
        """() while it has none, or has no worker yet."""
        worker = self.workers.get(objects.uid(pod))
        return worker.state.addresses if worker else ()

    def close(self) -> None:
        for worker in self.workers.values():
            worker.close()

    def _begin(self, pod: Object) -> None:
        around = self._around
        assert around is not None, "the agent has no hands yet"
        worker = PodWorker(around, pod)
        known = around.hands.adopt(pod)
        verdict = None
        # A pod that has begun was let in before; asking again after a restart could only harm it.
        if not known and not dig(pod, "status", "startTime") and not objects.deleting(pod):
            verdict = around.hands.admit(pod, self._admitted())
        self.workers[worker.uid] = worker
        for event in known:
            worker.post(event)
        worker.post(Admitted(verdict))

    def _admitted(self) -> list[Object]:
        return [worker.state.pod for worker in self.workers.values() if worker.state.verdict is None]

    def _left(self, uid: str) -> None:
        worker = self.workers.pop(uid, None)
        if worker:
            worker.close()
