"""Keeps the files of running pods in step with the ConfigMaps and Secrets that they come from.

One watch per object that some pod of the node names, as the kubelet does: a node may read what its pods may, no more.
"""

import asyncio
import logging

from eachpod.client.client import Client
from eachpod.client.informer import Informer
from eachpod.model import objects
from eachpod.model.objects import Object, dig
from eachpod.model.resources import CONFIGMAP, SECRET

from .agent import Agent
from .volumes import payload
from .volumes.keeper import VolumeKeeper
from .volumes.payload import Ref

log = logging.getLogger(__name__)

_TOKENS_SECONDS = 60.0

Source = tuple[str, Ref]  # namespace and object


class Follower:
    def __init__(self, client: Client, volumes: VolumeKeeper, agent: Agent) -> None:
        self._client, self._volumes, self._agent = client, volumes, agent
        self._users: dict[Source, set[str]] = {}
        self._watches: dict[Source, asyncio.Task[None]] = {}
        self._stale: set[str] = set()
        self._wake = asyncio.Event()

    def changed(self, old: Object | None, new: Object | None) -> None:
        """A pod of the node came, changed or went."""
        if old is not None and (new is None or objects.uid(old) != objects.uid(new)):
            self._forget(objects.uid(old))
        if new is None:
            return
        uid = objects.uid(new)
        for source in sources(new):
            self._users.setdefault(source, set()).add(uid)
            if source not in self._watches:
                self._watches[source] = asyncio.ensure_future(self._watch(source))
        about = ("labels", "annotations")
        if old is not None and any(dig(old, "metadata", each) != dig(new, "metadata", each) for each in about):
            self._mark({uid})

    async def run(self) -> None:
        """Refresh what is stale, until cancelled; tokens are looked at once a minute."""
        while True:
            try:
                async with asyncio.timeout(_TOKENS_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                self._mark(
                    {uid for uid, each in self._agent.workers.items() if self._volumes.renewal_due(each.state.pod)}
                )
            self._wake.clear()
            stale, self._stale = self._stale, set()
            for uid in stale:
                worker = self._agent.workers.get(uid)
                if worker and worker.state.volumes_ready and not worker.state.cleaned:
                    await self._volumes.refresh(worker.state.pod)

    def _mark(self, uids: set[str]) -> None:
        if uids:
            self._stale |= uids
            self._wake.set()

    async def _watch(self, source: Source) -> None:
        namespace, ref = source
        resource = CONFIGMAP if ref.kind == "ConfigMap" else SECRET
        informer = Informer(self._client, resource, namespace=namespace, field_selector=f"metadata.name={ref.name}")
        informer.listen(lambda old, new: self._mark(set(self._users.get(source, ()))))
        await informer.run()

    def _forget(self, uid: str) -> None:
        for source, users in list(self._users.items()):
            users.discard(uid)
            if not users:
                del self._users[source]
                self._watches.pop(source).cancel()


def sources(pod: Object) -> set[Source]:
    """The objects that files of the pod come from."""
    found: set[Source] = set()
    for volume in dig(pod, "spec", "volumes", default=[]):
        if payload.has_payload(volume):
            found |= {(objects.namespace(pod), ref) for ref in payload.refs(volume)}
    return found
