"""The controllers of the scene, each with the real runner and all in one process, as the control plane has them."""

import asyncio
from dataclasses import replace

from eachpod.client.client import Client
from eachpod.client.events import Clock
from eachpod.controllers.config import ControllersConfig
from eachpod.controllers.context import Context
from eachpod.controllers.plan import Plan
from eachpod.controllers.run import run_controller
from eachpod.controllers.table import CONTROLLERS
from eachpod.controllers.view import Controller, Key, View

from .link import Link

_RUNS = (
    "statefulset-controller",
    "endpointslice-controller",
    "garbage-collector-controller",
    "persistentvolumeclaim-protection-controller",
)


async def run_controllers(client: Client, config: ControllersConfig, clock: Clock) -> None:
    chosen = [controller for controller in CONTROLLERS if controller.name in _RUNS]
    async with Context(client, config, clock) as context, asyncio.TaskGroup() as group:
        for controller in chosen:
            if isinstance(controller, Controller):
                group.create_task(run_controller(_observed(controller, client), context))
            else:
                group.create_task(controller.run(context))


def _observed(controller: Controller, client: Client) -> Controller:
    """The same, telling the link when it decides: the laws ask what it could know by then."""

    def reconcile(view: View, key: Key, now: float) -> Plan:
        if isinstance(client.transport, Link):
            client.transport.decide()
        return controller.reconcile(view, key, now)

    return replace(controller, reconcile=reconcile)
