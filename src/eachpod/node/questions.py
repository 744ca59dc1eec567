"""Asks a container or a pod's address: what probes and lifecycle hooks have in common."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eachpod.kit.hostport import joined
from eachpod.model.objects import Object
from eachpod.wire.protofields import encoded
from eachpod.wire.unchecked import unchecked

from .probe import Outcome, ProbeFault, port_of
from .runtime import Runtime, RuntimeFault

_AGENT = "kube-probe/1.37"
_MAX_BODY = 10 * 1024
_MAX_HEAD = 64 * 1024


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is asked: a container of a pod that has an address."""

    pod: Object
    container: Object
    container_id: str
    address: str


async def ask(runtime: Runtime, subject: Subject, handler: Object, timeout: float, agent: str = _AGENT) -> Outcome:
    """One question. `handler` holds exec, httpGet, tcpSocket, grpc or sleep."""
    try:
        if handler.get("exec") is not None:
            return await _exec(runtime, subject, handler["exec"].get("command") or [], timeout)
        if handler.get("httpGet") is not None:
            return await _http(subject, handler["httpGet"], timeout, agent)
        if handler.get("tcpSocket") is not None:
            return await _tcp(subject, handler["tcpSocket"], timeout)
        if handler.get("grpc") is not None:
            return await _grpc(subject, handler["grpc"], timeout)
        if handler.get("sleep") is not None:
            await asyncio.sleep(float(handler["sleep"].get("seconds") or 0))
            return Outcome(True)
    except ProbeFault as fault:
        return Outcome(False, str(fault))
    return Outcome(False, "no probe handler is set")


async def _exec(runtime: Runtime, subject: Subject, command: Sequence[str], timeout: float) -> Outcome:
    try:
        result = await runtime.exec_sync(subject.container_id, tuple(command), max(int(timeout), 1))
    except RuntimeFault as fault:
        return Outcome(False, fault.message)
    output = (result.stdout + result.stderr).decode(errors="replace")[:_MAX_BODY]
    if result.timed_out:
        return Outcome(False, f'command timed out: "{" ".join(command)}" timed out after {int(timeout)}s')
    return Outcome(result.exit_code == 0, output)


async def _http(subject: Subject, get: Object, timeout: float, agent: str) -> Outcome:
    port = port_of(subject.pod, subject.container, get.get("port"))
    host = get.get("host") or subject.address
    scheme = str(get.get("scheme") or "HTTP").lower()
    path = get.get("path") or "/"
    path = path if path.startswith("/") else f"/{path}"
    place = joined(host, port)
    url = f"{scheme}://{place}{path}"
    headers = {"Host": place, "User-Agent": agent, "Accept": "*/*", "Connection": "close"}
    headers |= {each["name"].title(): each.get("value") or "" for each in get.get("httpHeaders") or []}
    request = f"GET {path} HTTP/1.1\r\n" + "".join(f"{key}: {value}\r\n" for key, value in headers.items() if value)
    try:
        async with asyncio.timeout(timeout):
            status, body = await _exchange(host, port, scheme == "https", request + "\r\n")
    except TimeoutError:
        text = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        return Outcome(False, f'Get "{url}": {text}')
    except (OSError, ValueError, asyncio.IncompleteReadError) as error:
        return Outcome(False, f'Get "{url}": {_dial_text(host, port, error)}')
    if 200 <= status < 400:
        return Outcome(True, body)
    return Outcome(False, f"HTTP probe failed with statuscode: {status}")


async def _exchange(host: str, port: int, tls: bool, request: str) -> tuple[int, str]:
    """Status and the beginning of the body. OSError or ValueError where no HTTP answer comes."""
    context = unchecked() if tls else None
    reader, writer = await asyncio.open_connection(host, port, ssl=context, limit=_MAX_HEAD)
    try:
        writer.write(request.encode())
        line = await reader.readline()
        words = line.split(None, 2)
        if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
            raise ValueError("malformed HTTP response")
        while (await reader.readline()).strip():
            pass
        body = await reader.read(_MAX_BODY)
        return int(words[1]), body.decode(errors="replace")
    finally:
        writer.close()


def _dial_text(host: str, port: int, error: BaseException) -> str:
    shown = joined(host, port)
    if isinstance(error, ConnectionRefusedError):
        return f"dial tcp {shown}: connect: connection refused"
    if isinstance(error, asyncio.IncompleteReadError | ValueError):
        return "EOF" if isinstance(error, asyncio.IncompleteReadError) else str(error)
    text = getattr(error, "strerror", "") or str(error)
    return f"dial tcp {shown}: connect: {text.lower()}"


async def _tcp(subject: Subject, socket: Object, timeout: float) -> Outcome:
    port = port_of(subject.pod, subject.container, socket.get("port"))
    host = socket.get("host") or subject.address
    try:
        async with asyncio.timeout(timeout):
            _, writer = await asyncio.open_connection(host, port)
            writer.close()
    except TimeoutError:
        return Outcome(False, f"dial tcp {joined(host, port)}: i/o timeout")
    except OSError as error:
        return Outcome(False, _dial_text(host, port, error))
    return Outcome(True)


async def _grpc(subject: Subject, probe: Object, timeout: float) -> Outcome:
    import grpc  # only where a pod has such a probe

    address = joined(subject.address, probe["port"])
    service = (probe.get("service") or "").encode()
    request = encoded(1, service) if service else b""
    async with grpc.aio.insecure_channel(address) as channel:
        check: Any = channel.unary_unary("/grpc.health.v1.Health/Check", None, None)
        try:
            answer: bytes = await check(request, timeout=timeout)
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                return Outcome(False, f'timeout: failed to connect service "{address}" within {int(timeout)}s')
            return Outcome(False, f"error: health rpc probe failed: {error.details()}")
    if answer == b"\x08\x01":  # status: SERVING
        return Outcome(True)
    return Outcome(False, 'service unhealthy (responded with "NOT_SERVING")')
