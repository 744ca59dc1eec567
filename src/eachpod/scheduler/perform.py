"""Carries a decision out: volumes are reserved and waited for and the pod bound, or its refusal is written down."""

import asyncio
import logging
from contextlib import suppress

from eachpod.client.cache import Cache
from eachpod.client.client import Client
from eachpod.client.correlate import Note
from eachpod.client.events import Clock, Recorder
from eachpod.model.errors import Conflict, NotFound, StatusError
from eachpod.model.objects import Object, name, namespace
from eachpod.model.resources import PERSISTENTVOLUME, PERSISTENTVOLUMECLAIM, POD
from eachpod.wire.http import STRATEGIC_PATCH

from . import status
from .cluster import Cluster
from .decide import Chosen, Unschedulable
from .podinfo import PodInfo
from .volumebinding import all_bound, provisioning_requests, reservations, selection_withdrawn

log = logging.getLogger(__name__)


class Binder:
    """`claims` is the watched state of claims; a pod waits `patience` seconds for its own to be bound."""

    def __init__(self, client: Client, cluster: Cluster, claims: Cache, recorder: Recorder, patience: float) -> None:
        self._client, self._cluster, self._claims = client, cluster, claims
        self._recorder, self._patience = recorder, patience
        self._changed = asyncio.Event()

    def volumes_changed(self) -> None:
        """A claim, volume or class is not what it was: who waits looks again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def bind(self, pod: Object, chosen: Chosen) -> None:
        """StatusError, ConnectionError or TimeoutError where the pod cannot get there."""
        await self._bind_claims(pod, chosen)
        await self._client.create(
            POD, status.binding(pod, chosen.node), namespace(pod), name=name(pod), subresource="binding"
        )
        place = f"{namespace(pod)}/{name(pod)} to {chosen.node}"
        self._recorder.tell(Note(pod, "Scheduled", f"Successfully assigned {place}"))

    async def _bind_claims(self, pod: Object, chosen: Chosen) -> None:
        """Reserve volumes, ask for new ones, and wait until all are bound."""
        bindings = chosen.bindings
        if not bindings.static and not bindings.provision:
            return
        for volume in reservations(bindings):
            await self._client.update(PERSISTENTVOLUME, volume)
        for claim in provisioning_requests(bindings, chosen.node):
            await self._client.update(PERSISTENTVOLUMECLAIM, claim)
        async with asyncio.timeout(self._patience):
            while not self._claims_ready(pod, chosen):
                await self._changed.wait()

    def _claims_ready(self, pod: Object, chosen: Chosen) -> bool:
        node = self._cluster.nodes.get(chosen.node)
        if node is None or node.node is None:
            raise ConnectionError(f"node {chosen.node} is gone")
        if all_bound(self._cluster, pod, node.node):
            return True
        if self._selection_seen(chosen) and selection_withdrawn(self._cluster, pod, chosen.bindings):
            raise ConnectionError(f"no volume could be made for the pod on node {chosen.node}")
        return False

    def _selection_seen(self, chosen: Chosen) -> bool:
        """Whether the cache shows the claims as they are after our own write to them."""
        seen = (self._claims.get(name(claim), namespace(claim)) for claim in chosen.bindings.provision)
        return all(one is not None and one is not was for one, was in zip(seen, chosen.bindings.provision, strict=True))


class Refuser:
    """Says on a pod, and in an event, why it got no node, and makes room for it where that was decided."""

    def __init__(self, client: Client, recorder: Recorder, scheduler_name: str, clock: Clock) -> None:
        self._client, self._recorder, self._name, self._clock = client, recorder, scheduler_name, clock

    async def refuse(self, info: PodInfo, outcome: Unschedulable) -> None:
        pod = info.pod
        self._recorder.tell(Note(pod, "FailedScheduling", outcome.message, "Warning"))
        try:
            for victim in outcome.victims:
                await self._evict(victim, info, outcome.nominated)
            patch = status.unschedulable_patch(pod, outcome, self._clock())
            if patch:
                await self._write_status(pod, patch)
        except NotFound:
            return  # nobody waits for it any more
        except (StatusError, ConnectionError) as error:
            log.debug("pod %s/%s: its status could not be written: %s", namespace(pod), name(pod), error)

    async def _evict(self, victim: PodInfo, info: PodInfo, node: str) -> None:
        pod = victim.pod
        with suppress(NotFound, Conflict):
            await self._write_status(pod, status.victim_patch(pod, self._name, self._clock()))
            await self._client.delete(POD, name(pod), namespace(pod), uid=victim.uid)
            self._recorder.tell(Note(pod, "Preempted", f"Preempted by pod {info.uid} on node {node}"))

    async def _write_status(self, pod: Object, patch: Object) -> None:
        await self._client.patch(
            POD, name(pod), namespace(pod), patch, subresource="status", content_type=STRATEGIC_PATCH
        )
