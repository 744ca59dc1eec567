"""Quotas count, and admission holds them even for many requests at once."""

import asyncio
from collections.abc import Callable

from eachpod.client.client import Client
from eachpod.controllers.plan import Update
from eachpod.controllers.resourcequota import CONTROLLER
from eachpod.controllers.view import Key, View
from eachpod.model.errors import Forbidden
from eachpod.model.resources import CONFIGMAP, NAMESPACE, RESOURCEQUOTA
from eachpod.server.app import ApiServer
from eachpod.server.config import ServerConfig
from eachpod.server.inprocess import InProcessTransport
from eachpod.store.memory import MemoryStore


def test_used_is_counted(view_of: Callable[..., View]) -> None:
    hard = {"pods": "2", "count/configmaps": "5"}
    quota = {"metadata": {"name": "q", "namespace": "d"}, "spec": {"hard": hard}}
    maps = [{"metadata": {"name": f"c{n}", "namespace": "d"}} for n in range(3)]
    view = view_of(CONTROLLER, resourcequotas=[quota], configmaps=maps)
    (update,) = CONTROLLER.reconcile(view, Key("d", "q"), 0.0).changes
    assert isinstance(update, Update)
    assert update.object["status"] == {"hard": hard, "used": {"pods": "0", "count/configmaps": "3"}}
    view = view_of(CONTROLLER, resourcequotas=[update.object], configmaps=maps)
    assert not CONTROLLER.reconcile(view, Key("d", "q"), 0.0)


async def test_admission_refuses_what_is_too_much() -> None:
    client = Client(InProcessTransport(ApiServer(MemoryStore(), ServerConfig())))
    await client.create(NAMESPACE, {"metadata": {"name": "d"}})
    await client.create(RESOURCEQUOTA, {"metadata": {"name": "q"}, "spec": {"hard": {"count/configmaps": "2"}}}, "d")
    made = await asyncio.gather(
        *(client.create(CONFIGMAP, {"metadata": {"name": f"c{n}"}}, "d") for n in range(5)), return_exceptions=True
    )
    refused = [error for error in made if isinstance(error, Forbidden)]
    assert len(refused) == 3
    text = "exceeded quota: q, requested: count/configmaps=1, used: count/configmaps=2, limited: count/configmaps=2"
    assert str(refused[0]) == f'configmaps "c2" is forbidden: {text}'
    await client.delete(CONFIGMAP, "c0", "d")
    await client.create(CONFIGMAP, {"metadata": {"name": "again"}}, "d")
