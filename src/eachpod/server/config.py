"""What an API server is told at start."""

import socket
from dataclasses import dataclass

from eachpod.model.objects import Object
from eachpod.model.resource import Resource


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """`sockets` listen already. Paths are PEM files; without `cert_path` the server speaks plain HTTP (tests only).

    `store` is "" for SQLite in `data_dir`, or "memory".
    """

    sockets: tuple[socket.socket, ...] = ()
    data_dir: str = ""
    store: str = ""
    cert_path: str = ""
    key_path: str = ""
    client_ca_path: str = ""
    service_account_key_path: str = ""
    service_cidrs: tuple[str, ...] = ("10.247.0.0/16",)
    node_ports: tuple[int, int] = (30000, 32767)
    token_auth_file: str = ""
    anonymous_auth: bool = False
    advertise_address: str = "127.0.0.1"
    advertise_port: int = 6443
    # Warn at the creation of what no controller of Eachpod acts on; off where other controllers may be attached.
    warn_unattended: bool = False
    issuer: str = "https://kubernetes.default.svc"
    # What the server shows to node agents.
    agent_cert_path: str = ""
    agent_key_path: str = ""
    # Whose certificates agents show; "" is the clients' CA.
    agent_ca_path: str = ""
    # What has to be there, as it is here, before the first request is answered.
    objects: tuple[tuple[Resource, Object], ...] = ()
