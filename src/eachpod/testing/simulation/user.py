"""What people do meanwhile: scale, roll, kill pods, delete the set and make it again. Their requests get through."""

import asyncio
from random import Random

from eachpod.client.client import Client
from eachpod.model import objects
from eachpod.model.errors import StatusError
from eachpod.model.objects import Object, put
from eachpod.model.resource import Resource
from eachpod.model.resources import ENDPOINTSLICE, NAMESPACE, NODE, POD, SERVICE, STATEFULSET

from .setting import NAMESPACE as SPACE
from .setting import NODES, SET, Setting, service, stateful_set, template
from .story import Story

_MOST = 4
_PATIENCE = 600


class User:
    def __init__(self, client: Client, chance: Random, setting: Setting, story: Story) -> None:
        self._client, self._chance, self._setting, self._story = client, chance, setting, story

    async def furnish(self) -> None:
        await self._client.create(NAMESPACE, {"metadata": {"name": SPACE}})
        for node in NODES:
            await self._client.create(NODE, {"metadata": {"name": node}})
        await self._client.create(SERVICE, service())
        await self._make_set()

    async def act(self) -> None:
        """Something, if it is possible at the moment."""
        set_ = await self._set()
        try:
            if set_ is None:
                await self._make_set()
            elif not objects.deleting(set_):
                await self._choose(set_)
        except StatusError as error:
            self._story.tell(f"the user is refused: {error}")

    async def settle(self) -> None:
        """Orphans get their set back, since nobody else would ever care for them."""
        for _ in range(_PATIENCE):
            set_ = await self._set()
            if set_ is None and await self._has_orphans():
                await self._make_set()
            if set_ is None or not objects.deleting(set_):
                return
            await asyncio.sleep(1)

    async def _has_orphans(self) -> bool:
        return any(objects.controller_of(pod) is None for pod in (await self._client.list(POD, SPACE)).items)

    async def _set(self) -> Object | None:
        listed = await self._client.list(STATEFULSET, SPACE)
        return listed.items[0] if listed.items else None

    async def _make_set(self) -> None:
        replicas = self._chance.randint(1, 3)
        self._story.tell(f"the user makes the set with {replicas}: {self._setting}")
        await self._client.create(STATEFULSET, stateful_set(self._setting, replicas, "v1"))

    async def _choose(self, set_: Object) -> None:
        drawn = self._chance.random()
        if drawn < 0.4:
            replicas = self._chance.randint(0, _MOST)
            self._story.tell(f"the user scales to {replicas}")
            await self._client.update(STATEFULSET, put(set_, ("spec", "replicas"), replicas))
        elif drawn < 0.65:
            version = f"v{self._chance.randint(1, 4)}"
            self._story.tell(f"the user wants {version}")
            await self._client.update(STATEFULSET, put(set_, ("spec", "template"), template(version)))
        elif drawn < 0.75:
            await self._delete_set()
        elif drawn < 0.85 or self._setting.calm:
            await self._touch()
        else:
            await self._kill()

    async def _delete_set(self) -> None:
        propagation = self._chance.choice(("Background", "Foreground", "Orphan"))
        self._story.tell(f"the user deletes the set ({propagation})")
        await self._client.delete(STATEFULSET, SET, SPACE, propagation=propagation)

    async def _touch(self) -> None:
        """A change that means nothing but a new revision: others meet a conflict."""
        resource = self._chance.choice((POD, ENDPOINTSLICE, STATEFULSET))
        obj = await self._any(resource)
        if obj is not None:
            mark = {"metadata": {"annotations": {"example.com/mark": str(self._chance.randint(0, 9))}}}
            await self._client.patch(resource, objects.name(obj), SPACE, mark)

    async def _kill(self) -> None:
        pod = await self._any(POD)
        if pod is not None:
            self._story.tell(f"the user deletes pod {objects.name(pod)}")
            await self._client.delete(POD, objects.name(pod), SPACE)

    async def _any(self, resource: Resource) -> Object | None:
        items = (await self._client.list(resource, SPACE)).items
        return self._chance.choice(items) if items else None
