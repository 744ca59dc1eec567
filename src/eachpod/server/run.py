"""Starts an API server on sockets and keeps it until it is cancelled."""

import asyncio
import ctypes
import logging
import ssl
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from eachpod.store.contract import Store
from eachpod.store.memory import MemoryStore
from eachpod.store.sqlite import SqliteStore

from .admission.escalation import Escalation
from .app import ApiServer
from .authn import Authenticator, TokenReader, read_token_file
from .authz import Authorizer
from .bootstrap import install, keep_pointing
from .config import ServerConfig
from .connections import Connections
from .expiry import expire_events
from .http import HttpFront
from .nodeauthz import NodeAuthorizer
from .nodes.passing import AgentTls
from .rbac import Rbac
from .tokens import TokenAuthority


async def serve(config: ServerConfig, ready: Callable[[ApiServer], None]) -> None:
    """Run until cancelled. `ready` is called when requests are answered. OSError where the store or a file fails."""
    _tame_malloc()
    store = open_store(config)
    server = ApiServer(store, config, tokens=token_authority(config))
    await install(server)
    authenticator = _authenticator(server)
    rbac = Rbac(server.view)
    rbac.follow(store)
    server.authorize, server.token_user = Authorizer(rbac, NodeAuthorizer(server.view, rbac)), authenticator.token_user
    server.plugins = (*server.plugins, Escalation(rbac))
    front = HttpFront(server, authenticator, _agent_tls(config))
    connections = Connections(front, access_log=None, logger=_connections())
    runner = web.ServerRunner(connections, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    try:
        context = tls_context(config)
        for sock in config.sockets:
            await web.SockSite(runner, sock, ssl_context=context, backlog=1024).start()
        ready(server)
        async with asyncio.TaskGroup() as chores:
            chores.create_task(keep_pointing(server))
            chores.create_task(expire_events(store))
    finally:
        front.end_watches()  # else they would be waited for
        await runner.cleanup()
        await store.close()


def token_authority(config: ServerConfig) -> TokenAuthority | None:
    path = config.service_account_key_path
    return TokenAuthority(Path(path).read_bytes(), config.issuer) if path else None


def _agent_tls(config: ServerConfig) -> ssl.SSLContext | None:
    authority = config.agent_ca_path or config.client_ca_path
    return AgentTls(authority, config.agent_cert_path, config.agent_key_path).context()


def _connections() -> logging.Logger:
    """aiohttp logs what clients do wrong, with tracebacks; the handler says what the server does wrong."""
    logger = logging.getLogger(f"{__name__}.connections")
    logger.setLevel(logging.CRITICAL)
    return logger


def open_store(config: ServerConfig) -> Store:
    if config.store == "memory":
        return MemoryStore()
    directory = Path(config.data_dir)
    directory.mkdir(parents=True, exist_ok=True)
    return SqliteStore.open(directory / "store.sqlite")


def _authenticator(server: ApiServer) -> Authenticator:
    config, tokens = server.config, server.tokens
    readers: list[TokenReader] = []
    if config.token_auth_file:
        known = read_token_file(config.token_auth_file)
        readers.append(
            lambda token, audiences: known.get(token) if not audiences or config.issuer in audiences else None
        )
    if tokens is not None:
        readers.append(lambda token, audiences: tokens.read(token, server.view, audiences))
    return Authenticator(readers, anonymous=config.anonymous_auth)


def tls_context(config: ServerConfig) -> ssl.SSLContext | None:
    if not config.cert_path:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(config.cert_path, config.key_path or None)
    if config.client_ca_path:
        context.load_verify_locations(config.client_ca_path)
        context.verify_mode = ssl.CERT_OPTIONAL
    context.set_alpn_protocols(["http/1.1"])
    return context


def _tame_malloc() -> None:
    """Keep glibc from mapping and unmapping uvloop's 256 KiB read buffer at every TLS read (three times the cost)."""
    try:
        libc = ctypes.CDLL(None)
        libc.mallopt(-3, 1024 * 1024)  # M_MMAP_THRESHOLD
        libc.mallopt(-1, 16 * 1024 * 1024)  # M_TRIM_THRESHOLD
    except (OSError, AttributeError):
        return
