"""A node agent without containers, as slow and as cut off as the schedule wants it, that keeps to a kubelet's rules.

A pod starts when its claims are there and nothing of an earlier pod of its name runs on the node; it leaves the API
when its containers have ended, and by nobody else. Between any two steps may lie milliseconds or a minute.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from eachpod.client.client import Client
from eachpod.client.informer import Informer
from eachpod.model import objects
from eachpod.model.errors import Conflict, NotFound, StatusError
from eachpod.model.objects import Object, dig
from eachpod.model.resources import PERSISTENTVOLUMECLAIM, POD
from eachpod.model.timestamps import render
from eachpod.wire.http import STRATEGIC_PATCH

from .machines import Machines

_AGAIN = 0.5


@dataclass(slots=True)
class Tempo:
    """How fast things go on a node. Until `slow_until` (loop time) nothing goes. `mishaps` are per second and pod."""

    chance: Random
    slow_until: float = 0.0
    mishaps: float = 0.0

    async def pause(self) -> None:
        await asyncio.sleep(self.chance.expovariate(3.0))
        now = asyncio.get_running_loop().time()
        await asyncio.sleep(max(0.0, self.slow_until - now))


class Kubelet:
    """One node. `clock` gives Unix seconds as this node sees them."""

    def __init__(self, node: str, client: Client, machines: Machines, tempo: Tempo, clock: Callable[[], float]) -> None:
        self._client, self._machines, self._tempo, self._clock = client, machines, tempo, clock
        self._informer = Informer(client, POD, field_selector=f"spec.nodeName={node}")
        self._pods: dict[str, Object] = {}
        self._changed: dict[str, asyncio.Event] = {}
        self._here: dict[str, str] = {}  # pod name -> uid whose containers run on this node

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:

            def note(old: Object | None, new: Object | None) -> None:
                for obj in (old, new):
                    if obj is not None and objects.uid(obj) not in self._changed:
                        self._changed[objects.uid(obj)] = asyncio.Event()
                        group.create_task(self._live(objects.name(obj), objects.uid(obj)))
                if old is not None and (new is None or objects.uid(new) != objects.uid(old)):
                    self._pods.pop(objects.uid(old), None)
                    self._changed[objects.uid(old)].set()
                if new is not None:
                    self._pods[objects.uid(new)] = new
                    self._changed[objects.uid(new)].set()

            self._informer.listen(note)
            await self._informer.run()

    def _stays(self, uid: str) -> bool:
        pod = self._pods.get(uid)
        return pod is not None and not objects.deleting(pod)

    async def _live(self, name: str, uid: str) -> None:
        """One pod from beginning to end."""
        address = await self._start(name, uid)
        if address:
            await self._report(name, uid, self._status("Running", address, ready=False))
            await self._tempo.pause()
            if self._stays(uid):
                await self._report(name, uid, self._status("Running", address, ready=True))
        await self._keep(name, uid, address)
        await self._tempo.pause()
        self._stop(name, uid)
        if uid in self._pods:
            await self._finish(name, uid, address)

    async def _start(self, name: str, uid: str) -> str:
        while self._stays(uid):
            await self._tempo.pause()
            if name not in self._here and await self._has_claims(self._pods.get(uid)) and self._stays(uid):
                address = self._machines.start(name, uid)
                if address:
                    self._here[name] = uid
                    return address
            await asyncio.sleep(_AGAIN)
        return ""

    def _stop(self, name: str, uid: str) -> None:
        if self._here.get(name) == uid:
            del self._here[name]
            self._machines.stop(name, uid)

    async def _has_claims(self, pod: Object | None) -> bool:
        for volume in dig(pod, "spec", "volumes", default=[]):
            claim = dig(volume, "persistentVolumeClaim", "claimName", default="")
            try:
                found = await self._client.get(PERSISTENTVOLUMECLAIM, claim, objects.namespace(pod or {}))
            except (StatusError, ConnectionError):
                return False
            if objects.deleting(found):
                return False
        return True

    async def _keep(self, name: str, uid: str, address: str) -> None:
        """Until the pod is to go; what may befall it in between befalls it."""
        while self._stays(uid):
            changed = self._changed[uid]
            changed.clear()
            rate = self._tempo.mishaps
            try:
                async with asyncio.timeout(self._tempo.chance.expovariate(rate) if rate else None):
                    await changed.wait()
            except TimeoutError:
                if uid == self._here.get(name):
                    await self._mishap(name, uid, address)

    async def _mishap(self, name: str, uid: str, address: str) -> None:
        if self._tempo.chance.random() < 0.5:
            await self._report(name, uid, self._status("Running", address, ready=False))
            await self._tempo.pause()
            if self._stays(uid):
                await self._report(name, uid, self._status("Running", address, ready=True))
            return
        phase = self._tempo.chance.choice(("Failed", "Succeeded"))
        self._stop(name, uid)
        await self._report(name, uid, self._status(phase, address, ready=False))

    async def _finish(self, name: str, uid: str, address: str) -> None:
        """The pod leaves the API: with a last status, as its address may be another pod's by now."""
        if address and dig(self._pods[uid], "status", "phase") not in ("Succeeded", "Failed"):
            await self._report(name, uid, self._status("Succeeded", address, ready=False))
        while uid in self._pods:
            try:
                await self._client.delete(POD, name, self._namespace(uid), uid=uid, grace_seconds=0)
                return
            except (NotFound, Conflict):
                return
            except (StatusError, ConnectionError):
                await asyncio.sleep(_AGAIN)

    async def _report(self, name: str, uid: str, status: Object) -> None:
        patch = {"metadata": {"uid": uid}, "status": status}
        while uid in self._pods:
            try:
                await self._client.patch(
                    POD, name, self._namespace(uid), patch, subresource="status", content_type=STRATEGIC_PATCH
                )
                return
            except (NotFound, Conflict):
                return
            except (StatusError, ConnectionError):
                await asyncio.sleep(_AGAIN)

    def _namespace(self, uid: str) -> str:
        return objects.namespace(self._pods.get(uid) or {})

    def _status(self, phase: str, address: str, *, ready: bool) -> Object:
        condition = {
            "type": "Ready",
            "status": "True" if ready else "False",
            "lastTransitionTime": render(self._clock()),
        }
        return {"phase": phase, "podIP": address, "podIPs": [{"ip": address}], "conditions": [condition]}


class Binder:
    """In the place of the scheduler: gives every pod a node, whichever."""

    def __init__(self, client: Client, nodes: tuple[str, ...], chance: Random) -> None:
        self._client, self._nodes, self._chance = client, nodes, chance
        self._informer = Informer(client, POD)
        self._known: set[str] = set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:

            def note(old: Object | None, new: Object | None) -> None:
                if new is not None and not dig(new, "spec", "nodeName") and objects.uid(new) not in self._known:
                    self._known.add(objects.uid(new))
                    group.create_task(self._bind(new))

            self._informer.listen(note)
            await self._informer.run()

    async def _bind(self, pod: Object) -> None:
        name, namespace = objects.name(pod), objects.namespace(pod)
        target = {"kind": "Node", "name": self._chance.choice(self._nodes)}
        binding = {"metadata": {"name": name, "namespace": namespace, "uid": objects.uid(pod)}, "target": target}
        while True:
            await asyncio.sleep(self._chance.expovariate(20.0))
            try:
                await self._client.create(POD, binding, namespace, name=name, subresource="binding")
                return
            except (NotFound, Conflict):
                return
            except (StatusError, ConnectionError):
                await asyncio.sleep(_AGAIN)
