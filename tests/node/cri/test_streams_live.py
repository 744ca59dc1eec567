"""Exec and port-forward into real containers, for each form of client, through an HTTP server such as the agent has."""

import asyncio
import base64
import contextlib
import json
import socket
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from eachpod.node.cri.runtime import CriRuntime
from eachpod.node.runtime import ContainerSpec, SandboxSpec, StreamTarget
from eachpod.node.streams import Head, serve_command, serve_port_forward, streams
from eachpod.node.streams.session import Refused, Session, dial
from eachpod.wire import spdy
from eachpod.wire.takeover import taken_over

pytestmark = pytest.mark.e2e


class Agent:
    """An HTTP server with the streaming paths for two containers of one pod: a web server and an interactive shell."""

    def __init__(self, runtime: CriRuntime, sandbox: str, container: str) -> None:
        self.runtime, self.sandbox, self.container = runtime, sandbox, container
        self.url = ""

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        query = {key: request.query.getall(key) for key in request.query}
        head = Head(request.method, request.path, [(key, value) for key, value in request.headers.items()])
        if request.path == "/portforward":
            ports = tuple(int(port) for port in query.get("ports", []))
            target = await self.runtime.open_port_forward(self.sandbox, ports)
            async with taken_over(request) as (reader, writer):
                await serve_port_forward(head, reader, writer, target, ports)
            return web.Response()
        wanted = streams(query)
        asked = {name: getattr(wanted, name) for name in ("tty", "stdin", "stdout", "stderr")}
        target = await self.runtime.open_exec(self.container, tuple(query["command"]), **asked)
        async with taken_over(request) as (reader, writer):
            await serve_command(head, reader, writer, target, wanted)
        return web.Response()


@pytest.fixture
async def agent(machine: Any) -> AsyncIterator[Agent]:
    runtime = CriRuntime(machine.socket, machine.wishes, machine.namespace)
    logs = Path(machine.folder, "logs", "streams")
    logs.mkdir(parents=True, exist_ok=True)
    spec = SandboxSpec("streams", "default", "uid-streams", hostname="streams", log_directory=str(logs))
    image = await runtime.pull_image("nginx:alpine", None, spec)
    sandbox = await runtime.run_sandbox(spec)
    state = await runtime.sandbox_status(sandbox)
    container = await runtime.create_container(state, spec, ContainerSpec("c", image, "nginx:alpine", log_path="0.log"))
    await runtime.start_container(container)
    while (await runtime.exec_sync(container, ("wget", "-qO", "/dev/null", "http://127.0.0.1"), 60)).exit_code:
        await asyncio.sleep(0.05)  # nginx does not listen yet
    agent = Agent(runtime, sandbox, container)
    runner = web.ServerRunner(web.Server(agent.answer))
    await runner.setup()
    listening = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listening).start()
    agent.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    yield agent
    await runner.cleanup()
    await runtime.stop_sandbox(sandbox)
    await runtime.remove_sandbox(sandbox)
    await runtime.close()


async def channels_of(ws: aiohttp.ClientWebSocketResponse) -> dict[int, bytes]:
    """Everything that comes until the end, by channel."""
    found: dict[int, bytes] = {}
    async for message in ws:
        if message.type is aiohttp.WSMsgType.TEXT:
            channel, data = int(message.data[0]), base64.b64decode(message.data[1:])
        else:
            channel, data = message.data[0], message.data[1:]
        found[channel] = found.get(channel, b"") + data
    return found


def command(*words: str, **wanted: str) -> dict[str, Any]:
    return {"params": [*(("command", word) for word in words), *wanted.items()]}


FAILING = command("sh", "-c", "echo out; echo err >&2; exit 7", stdout="true", stderr="true")


@pytest.mark.parametrize("version", ["v5.channel.k8s.io", "v4.channel.k8s.io", "v4.base64.channel.k8s.io"])
async def test_output_and_exit_code_come_on_their_channels(agent: Agent, version: str) -> None:
    async with (
        aiohttp.ClientSession(agent.url) as http,
        http.ws_connect("/exec", protocols=(version,), **FAILING) as ws,
    ):
        found = await channels_of(ws)
        assert ws.close_code == 1000
    assert (found[1], found[2]) == (b"out\n", b"err\n")
    status = json.loads(found[3])
    assert (status["status"], status["reason"]) == ("Failure", "NonZeroExitCode")
    assert {"reason": "ExitCode", "message": "7"} in status["details"]["causes"]


async def test_success_is_told_too_but_not_to_the_first_version(agent: Agent) -> None:
    async with aiohttp.ClientSession(agent.url) as http:
        for version, expected in (("v4.channel.k8s.io", True), ("channel.k8s.io", False)):
            async with http.ws_connect("/exec", protocols=(version,), **command("true", stdout="true")) as ws:
                found = await channels_of(ws)
            assert (b'"Success"' in found.get(3, b"")) is expected
        async with http.ws_connect("/exec", **FAILING) as ws:
            found = await channels_of(ws)
        assert b"exit code 7" in found[3]


async def test_standard_input_ends_when_its_channel_is_closed_and_nothing_is_lost(agent: Agent) -> None:
    data = bytes(range(256)) * 8192
    async with aiohttp.ClientSession(agent.url) as http:
        wanted = command("cat", stdin="true", stdout="true")
        async with http.ws_connect("/exec", protocols=("v5.channel.k8s.io",), **wanted) as ws:
            receiving = asyncio.create_task(channels_of(ws))
            for at in range(0, len(data), 32768):
                await ws.send_bytes(b"\x00" + data[at : at + 32768])
            await ws.send_bytes(b"\xff\x00")
            found = await receiving
    assert found[1] == data
    assert b'"Success"' in found[3]


async def test_a_terminal_has_the_size_that_the_client_tells(agent: Agent) -> None:
    async with aiohttp.ClientSession(agent.url) as http:
        wanted = command("sh", stdin="true", stdout="true", tty="true")
        async with http.ws_connect("/exec", protocols=("v5.channel.k8s.io",), **wanted) as ws:
            await ws.send_bytes(b'\x04{"Width":123,"Height":40}')
            said = b""
            while b"40 123" not in said:
                await ws.send_bytes(b"\x00stty size\n")
                message = await ws.receive(timeout=60)
                said += message.data[1:]
            await ws.send_bytes(b"\x00exit 5\n")
            assert b'"5"' in (await channels_of(ws))[3]


async def test_a_client_that_goes_leaves_nothing_hanging(agent: Agent) -> None:
    async with aiohttp.ClientSession(agent.url) as http:
        wanted = command("sleep", "600", stdout="true")
        ws = await http.ws_connect("/exec", protocols=("v5.channel.k8s.io",), **wanted)
        await ws.close()
        assert ws.close_code is not None


async def test_a_version_that_nobody_speaks_is_refused(agent: Agent) -> None:
    async with aiohttp.ClientSession(agent.url) as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect("/exec", protocols=("v9.channel.k8s.io",), **FAILING)
    assert refused.value.status == 403


async def spdy_to(agent: Agent, path: str, version: str) -> Session:
    host, port = agent.url.removeprefix("http://").split(":")
    return Session(*await dial(StreamTarget(path, lambda: asyncio.open_connection(host, int(port))), version))


async def test_spdy_clients_are_passed_on(agent: Agent) -> None:
    session = await spdy_to(agent, "/exec?command=cat&stdin=true&stdout=true", "v4.channel.k8s.io")
    numbers = {name: session.open({"streamtype": name}) for name in ("error", "stdin", "stdout")}
    await session.send(numbers["stdin"], b"hello", fin=True)
    found: dict[int, bytes] = {}
    async for frame in session.frames():
        if isinstance(frame, spdy.Data):
            found[frame.stream] = found.get(frame.stream, b"") + frame.data
    session.close()
    assert found[numbers["stdout"]] == b"hello"
    assert b'"Success"' in found[numbers["error"]]
    with pytest.raises(Refused, match="403"):
        await spdy_to(agent, "/exec?command=true&stdout=true", "v9.channel.k8s.io")


REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


async def test_port_forward_of_go_clients_is_spdy_within_messages(agent: Agent) -> None:
    async with (
        aiohttp.ClientSession(agent.url) as http,
        http.ws_connect("/portforward", protocols=("SPDY/3.1+portforward.k8s.io",)) as ws,
    ):
        encoder, decoder = spdy.Encoder(), spdy.Decoder()
        about = {"port": "80", "requestid": "0"}
        raw = encoder.encode(spdy.SynStream(1, {"streamtype": "error", **about}, fin=True))
        raw += encoder.encode(spdy.SynStream(3, {"streamtype": "data", **about}))
        raw += encoder.encode(spdy.Data(3, REQUEST))
        for at in range(0, len(raw), 7):
            await ws.send_bytes(raw[at : at + 7])
        page = b""
        while b"</html>" not in page:
            message = await ws.receive(timeout=60)
            page += b"".join(f.data for f in decoder.feed(message.data) if isinstance(f, spdy.Data))
    assert b"Welcome to nginx!" in page


@pytest.mark.parametrize("protocols", [("v5.channel.k8s.io", "v4.channel.k8s.io"), ()])
async def test_the_older_port_forward_has_two_channels_a_port(agent: Agent, protocols: tuple[str, ...]) -> None:
    async with (
        aiohttp.ClientSession(agent.url) as http,
        http.ws_connect("/portforward?ports=80&ports=81", protocols=protocols) as ws,
    ):
        await ws.send_bytes(b"\x00" + REQUEST)
        found = await channels_of(ws)
    assert (found[0][:2], found[1], found[2]) == (struct.pack("<H", 80), struct.pack("<H", 80), struct.pack("<H", 81))
    assert b"Welcome to nginx!" in found[0]
    assert b"connection refused" in found[3]


async def test_the_older_port_forward_must_name_its_ports(agent: Agent) -> None:
    async with aiohttp.ClientSession(agent.url) as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect("/portforward", protocols=("v4.channel.k8s.io",))
    assert refused.value.status == 400


async def test_a_runtime_that_is_gone_is_told(agent: Agent) -> None:
    async def nobody() -> tuple[Any, Any]:
        raise ConnectionRefusedError("nobody there")

    reader = asyncio.StreamReader()
    here, there = socket.socketpair()
    _, writer = await asyncio.open_connection(sock=here)
    headers = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Key", "a")]
    await serve_command(Head("GET", "/", headers), reader, writer, StreamTarget("/x", nobody), streams({}))
    there.setblocking(False)
    said = await asyncio.get_running_loop().sock_recv(there, 4096)
    assert said.startswith(b"HTTP/1.1 500 ")
    assert b"does not answer: nobody there" in said
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    there.close()
