"""The agent's HTTPS API: the kubelet's paths, and `/proxy` to addresses of pods, which only the node can reach.

Who may come in is said in `callers.py`. The kubelet's paths keep their form, so that a foreign API server can use this
agent as its kubelet.
"""

import asyncio
import json
import logging
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from eachpod.model import objects
from eachpod.model.errors import StatusError
from eachpod.model.objects import Object
from eachpod.wire.takeover import taken_over

from . import httplogs, httpproxy
from .agent import Agent
from .callers import Callers
from .config import NodeConfig, Tls
from .containers import ContainerHands
from .httplogs import Refused
from .runtime import Runtime, RuntimeFault, StreamTarget
from .streams import serve as streams
from .streams.upgrade import Head
from .streams.upgrade import streams as wanted_streams
from .worker import PodWorker

log = logging.getLogger(__name__)

_REASONS = {400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 503: "ServiceUnavailable"}
_SIMULATED = "the pod is simulated: it has no containers that could be reached"


@dataclass(frozen=True, slots=True)
class Api:
    """`hands` and `runtime` are None where the nodes are simulated."""

    callers: Callers
    agents: list[Agent]
    hands: ContainerHands | None = None
    runtime: Runtime | None = None

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            await self.callers.admit(request)
            return await self._dispatch(request)
        except Refused as refused:
            return _refusal(request, refused.status, refused.text)
        except RuntimeFault as fault:
            return _refusal(request, 500, fault.message)

    async def _dispatch(self, request: web.BaseRequest) -> web.StreamResponse:
        parts = request.path.strip("/").split("/")
        match parts[0]:
            case "healthz" | "livez" | "readyz":
                return web.Response(text="ok")
            case "pods" | "runningpods":
                pods = [pod for agent in self.agents for pod in agent.pods()]
                body = {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": pods}
                return web.Response(text=json.dumps(body), content_type="application/json")
            case "metrics":
                return web.Response(text=self._metrics())
            case "stats":
                return await self._stats()
            case "containerLogs" if len(parts) == 4:
                return await self._logs(request, parts[1], parts[2], parts[3])
            case "exec" | "attach" if len(parts) in (4, 5):
                return await self._command(request, parts)
            case "portForward" if len(parts) in (3, 4):
                return await self._forward(request, parts)
            case "proxy" if len(parts) >= 4:
                self._live()
                return await httpproxy.serve(request, parts)
        raise Refused(404, f"the node agent does not serve {request.path}")

    def _find(self, namespace: str, name: str, uid: str = "") -> PodWorker:
        for agent in self.agents:
            worker = agent.find(namespace, name, uid)
            if worker:
                return worker
        raise Refused(404, f'pod "{name}_{namespace}" not found on this node')

    def _container_id(self, worker: PodWorker, name: str) -> str:
        known = worker.state.containers.get(name)
        if known is None:
            raise Refused(404, f"container {name} is not valid for pod {objects.name(worker.state.pod)}")
        if not known.running or known.seen is None:
            raise Refused(404, f'container not found ("{name}")')
        return known.seen.id

    def _live(self) -> tuple[Runtime, ContainerHands]:
        """What carries out requests to containers. Refused where the pods are simulated."""
        if self.runtime is None or self.hands is None:
            raise Refused(501, _SIMULATED)
        return self.runtime, self.hands

    async def _logs(self, request: web.BaseRequest, namespace: str, name: str, container: str) -> web.StreamResponse:
        worker = self._find(namespace, name)
        if self.hands is None:
            text = f"{namespace}/{name} {container}: {_SIMULATED}, and no logs\n"
            return web.Response(text=text)
        return await httplogs.serve(request, worker, container, self.hands)

    async def _command(self, request: web.BaseRequest, parts: list[str]) -> web.StreamResponse:
        runtime, _ = self._live()
        worker = self._find(parts[1], parts[2], parts[3] if len(parts) == 5 else "")
        id = self._container_id(worker, parts[-1])
        query = _query(request)
        streams_wanted = wanted_streams(query)
        flags = {
            "tty": streams_wanted.tty, "stdin": streams_wanted.stdin, "stdout": streams_wanted.stdout,
            "stderr": streams_wanted.stderr,
        }  # fmt: skip
        if parts[0] == "exec":
            target = await runtime.open_exec(id, tuple(request.query.getall("command", [])), **flags)
        else:
            target = await runtime.open_attach(id, **flags)
        return await self._upgraded(
            request, lambda head, reader, writer: streams.serve_command(head, reader, writer, target, streams_wanted)
        )

    async def _forward(self, request: web.BaseRequest, parts: list[str]) -> web.StreamResponse:
        runtime, _ = self._live()
        worker = self._find(parts[1], parts[2], parts[3] if len(parts) == 4 else "")
        sandbox = worker.state.sandbox
        if sandbox is None or not sandbox.ready:
            raise Refused(404, f"pod {parts[2]} is not running")
        given = [each for key in ("port", "ports") for each in request.query.getall(key, [])]
        ports = tuple(int(each) for text in given for each in text.split(",") if each.isdecimal())
        target: StreamTarget = await runtime.open_port_forward(sandbox.id, ports)
        return await self._upgraded(
            request, lambda head, reader, writer: streams.serve_port_forward(head, reader, writer, target, ports)
        )

    async def _upgraded(
        self,
        request: web.BaseRequest,
        serve: Callable[[Head, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    ) -> web.StreamResponse:
        headers = [(key.decode(), value.decode(errors="replace")) for key, value in request.raw_headers]
        head = Head(request.method, request.path_qs, headers)
        async with taken_over(request) as (reader, writer):
            await serve(head, reader, writer)
        return web.Response()

    def _metrics(self) -> str:
        lines = ["# TYPE kubelet_running_pods gauge"]
        for agent in self.agents:
            running = sum(
                1 for worker in agent.workers.values() if any(c.running for c in worker.state.containers.values())
            )
            lines.append(f'kubelet_running_pods{{node="{agent.host.name}"}} {running}')
        return "\n".join(lines) + "\n"

    async def _stats(self) -> web.StreamResponse:
        runtime, _ = self._live()
        pods: dict[tuple[str, str, str], list[Object]] = {}
        for each in await runtime.stats():
            labels = each.labels
            key = tuple(labels.get(f"io.kubernetes.pod.{part}", "") for part in ("name", "namespace", "uid"))
            name, namespace, uid = key
            memory = {"workingSetBytes": each.memory_working_set, "usageBytes": each.memory_usage}
            pods.setdefault((name, namespace, uid), []).append(
                {"name": each.name, "cpu": {"usageCoreNanoSeconds": each.cpu_nanoseconds}, "memory": memory}
            )
        body: dict[str, Any] = {
            "node": {"nodeName": self.agents[0].host.name},
            "pods": [
                {"podRef": {"name": name, "namespace": namespace, "uid": uid}, "containers": containers}
                for (name, namespace, uid), containers in pods.items()
            ],
        }
        return web.Response(text=json.dumps(body), content_type="application/json")


def _refusal(request: web.BaseRequest, code: int, text: str) -> web.Response:
    """A sentence; as a Status where it reaches the client as it is (upgrades, requests through the proxy): clients read
    that out, and take many a sentence for YAML."""
    if "Upgrade" not in request.headers and not request.path.startswith("/proxy/"):
        return web.Response(status=code, text=text + "\n")
    status = StatusError(text, code=code, reason=_REASONS.get(code, "InternalError")).status()
    return web.Response(status=code, text=json.dumps(status), content_type="application/json")


def _query(request: web.BaseRequest) -> dict[str, str]:
    return {key: request.query[key] for key in request.query}


def tls_context(tls: Tls) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls.certificate, tls.key)
    context.load_verify_locations(tls.client_ca)
    context.verify_mode = ssl.CERT_OPTIONAL  # who shows none may have a token
    return context


async def serve(config: NodeConfig, api: Api) -> None:
    """On the sockets given, until cancelled."""
    server = web.Server(api.handle, access_log=None)
    loop = asyncio.get_running_loop()
    context = tls_context(config.tls) if config.tls else None
    # Copies: the given sockets stay open for an agent that is begun again.
    listening = [await loop.create_server(server, sock=sock.dup(), ssl=context) for sock in config.sockets]
    try:
        await asyncio.Event().wait()
    finally:
        for each in listening:
            each.close()
        await server.shutdown(1)
