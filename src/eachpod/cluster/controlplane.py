"""The control-plane process: API server, controllers and scheduler on one event loop, joined without sockets."""

import asyncio
import socket
from pathlib import Path

from eachpod.client.client import Client
from eachpod.controllers.config import ControllersConfig
from eachpod.controllers.run import run_all
from eachpod.scheduler.config import SchedulerConfig
from eachpod.scheduler.run import run as run_scheduler
from eachpod.server.app import ApiServer
from eachpod.server.config import ServerConfig
from eachpod.server.inprocess import InProcessTransport
from eachpod.server.run import serve

from . import access, bootstrap
from .addresses import FABRIC_PORT
from .layout import Layout
from .settings import Settings
from .supervisor import tell_ready


def server_config(settings: Settings, fds: list[int], *, alone: bool = False) -> ServerConfig:
    """`alone` is for a server beside which others' controllers may run."""
    layout = Layout(settings.root)
    real = settings.runtime == "containers"
    return ServerConfig(
        sockets=tuple(socket.socket(fileno=fd) for fd in fds),
        data_dir=str(settings.root),
        cert_path=str(layout.pki / "apiserver.crt"),
        key_path=str(layout.pki / "apiserver.key"),
        client_ca_path=str(layout.pki / "ca.crt"),
        service_account_key_path=str(layout.pki / "service-account.key"),
        service_cidrs=tuple(settings.service_cidr.split(",")),
        token_auth_file=settings.token_auth_file,
        anonymous_auth=settings.anonymous_auth,
        warn_unattended=not alone,
        advertise_address=settings.advertise_address,
        advertise_port=FABRIC_PORT if real else settings.api_port,
        agent_cert_path=str(layout.pki / "apiserver-client.crt"),
        agent_key_path=str(layout.pki / "apiserver-client.key"),
        objects=access.objects(),
    )


def controllers_config(settings: Settings) -> ControllersConfig:
    return ControllersConfig(
        cluster_domain=settings.domain,
        service_cidrs=tuple(settings.service_cidr.split(",")),
        pod_cidrs=tuple(settings.pod_cidr.split(",")),
        root_ca=(Path(settings.data_dir) / "pki" / "ca.crt").read_bytes(),
        node_monitor_grace_period=settings.node_monitor_grace_period,
        explain=settings.explain,
    )


async def run(settings: Settings, fds: list[int]) -> None:
    """Until cancelled, or until a part fails: then all end, and the supervisor starts them anew."""
    served: asyncio.Future[ApiServer] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as parts:
        parts.create_task(serve(server_config(settings, fds), served.set_result))
        server = await served
        client = Client(InProcessTransport(server))
        await bootstrap.install(client, settings)
        parts.create_task(run_all(client, controllers_config(settings)))
        parts.create_task(run_scheduler(client, SchedulerConfig()))
        tell_ready()
