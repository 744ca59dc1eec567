"""The server on a TLS socket: who may come in, what answers look like, and connections that are passed on to nodes."""

import asyncio
import base64
import datetime
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from eachpod.client.client import Client
from eachpod.client.http import HttpTransport, tls_context
from eachpod.client.kubeconfig import Access
from eachpod.cluster.pki import Authority, new_token_key
from eachpod.model.errors import BadRequest, Forbidden, InternalError, NotFound, StatusError, TooLarge, Unauthorized
from eachpod.model.objects import Object, name
from eachpod.model.resources import CONFIGMAP, NODE, POD, ROLE, ROLEBINDING, SERVICEACCOUNT
from eachpod.server.app import ApiServer
from eachpod.server.config import ServerConfig
from eachpod.server.inprocess import InProcessTransport
from eachpod.server.run import serve
from eachpod.wire.http import Request

NOW = datetime.datetime.now(datetime.UTC)
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


@dataclass(frozen=True)
class Running:
    server: ApiServer
    access: Access
    authority: Authority
    serving: "asyncio.Task[None]"

    def local(self) -> Client:
        return Client(InProcessTransport(self.server))


@asynccontextmanager
async def client(access: Access) -> AsyncIterator[Client]:
    transport = HttpTransport(access)
    try:
        yield Client(transport)
    finally:
        await transport.close()


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    authority = Authority.open(tmp_path, NOW)
    authority.server("kube-apiserver", ["127.0.0.1"], NOW).write(tmp_path, "server")
    authority.client("system:kube-apiserver", ["system:masters"], NOW).write(tmp_path, "agent")
    (tmp_path / "sa.key").write_bytes(new_token_key())
    (tmp_path / "tokens").write_text('secret,jane,jane-uid,"devs"\n')
    sock = socket.create_server(("127.0.0.1", 0))
    config = ServerConfig(
        sockets=(sock,),
        store="memory",
        cert_path=str(tmp_path / "server.crt"),
        key_path=str(tmp_path / "server.key"),
        client_ca_path=str(tmp_path / "ca.crt"),
        service_account_key_path=str(tmp_path / "sa.key"),
        token_auth_file=str(tmp_path / "tokens"),
        agent_cert_path=str(tmp_path / "agent.crt"),
        agent_key_path=str(tmp_path / "agent.key"),
        advertise_address="192.168.0.1",
    )
    ready: asyncio.Future[ApiServer] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(config, ready.set_result))
    await asyncio.wait((ready, task), return_when=asyncio.FIRST_COMPLETED)
    admin = authority.client("admin", ["system:masters"], NOW)
    access = Access(
        f"https://127.0.0.1:{sock.getsockname()[1]}", ca=authority.pem, certificate=admin.certificate, key=admin.key
    )
    yield Running(ready.result(), access, authority, task)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def config_map(name_: str) -> Object:
    return {"metadata": {"name": name_, "namespace": "default"}, "data": {"k": "v"}}


async def test_the_same_objects_over_tls_and_in_the_process(running: Running) -> None:
    async with client(running.access) as remote:
        made = await remote.create(CONFIGMAP, config_map("a"))
        assert await running.local().get(CONFIGMAP, "a", "default") == made
        assert [name(item) for item in (await remote.list(CONFIGMAP, "default")).items] == ["a"]
        events = remote.watch(CONFIGMAP, "default")
        assert (await anext(events)).object == made
        await running.local().delete(CONFIGMAP, "a", "default")
        assert (await anext(events)).type == "DELETED"
        await events.aclose()


async def test_watches_end_in_good_order_with_the_server(running: Running) -> None:
    async with client(running.access) as remote:
        await remote.create(CONFIGMAP, config_map("a"))
        events = remote.watch(CONFIGMAP, "default")
        await anext(events)
        running.serving.cancel()
        assert [event async for event in events] == []


async def test_users_by_certificate_token_and_account(running: Running) -> None:
    bare = replace(running.access, certificate=b"", key=b"")
    async with client(bare) as nobody, client(replace(bare, token="wrong")) as wrong:
        for each in (nobody, wrong):
            with pytest.raises(Unauthorized):
                await each.list(CONFIGMAP, "default")
    async with client(replace(bare, token="secret")) as jane:
        with pytest.raises(Forbidden, match='User "jane" cannot list resource "configmaps" in API group ""'):
            await jane.list(CONFIGMAP, "default")
        await _grant(running.local(), {"kind": "User", "name": "jane", "apiGroup": "rbac.authorization.k8s.io"})
        assert (await jane.list(CONFIGMAP, "default")).items == []
        with pytest.raises(Forbidden):
            await jane.list(CONFIGMAP)


async def _grant(local: Client, subject: Object) -> None:
    meta = {"name": "reader", "namespace": "default"}
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "watch"]}]
    await local.create(ROLE, {"metadata": meta, "rules": rules})
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"}
    await local.create(ROLEBINDING, {"metadata": meta, "roleRef": reference, "subjects": [subject]})


async def test_an_accounts_token_ends_with_what_it_is_bound_to(running: Running) -> None:
    local = running.local()
    await local.create(SERVICEACCOUNT, {"metadata": {"name": "default", "namespace": "default"}})
    await local.create(POD, pod("p", "n"))
    await _grant(local, {"kind": "ServiceAccount", "name": "default", "namespace": "default"})
    bound = {"kind": "Pod", "apiVersion": "v1", "name": "p"}
    sent = {"spec": {"boundObjectRef": bound, "expirationSeconds": 600}}
    token = (await local.create(SERVICEACCOUNT, sent, "default", name="default", subresource="token"))["status"][
        "token"
    ]
    async with client(replace(running.access, certificate=b"", key=b"", token=token)) as remote:
        assert (await remote.list(CONFIGMAP, "default")).items == []
        await local.delete(POD, "p", "default", grace_seconds=0)
        with pytest.raises(Unauthorized):
            await remote.list(CONFIGMAP, "default")


def pod(name_: str, node: str) -> Object:
    spec = {"containers": [{"name": "c", "image": "i"}], "nodeName": node}
    return {"metadata": {"name": name_, "namespace": "default"}, "spec": spec}


@pytest.mark.filterwarnings("ignore:Sending a large body")
async def test_tables_warnings_and_limits(running: Running) -> None:
    async with client(running.access) as remote:
        await remote.create(CONFIGMAP, config_map("a"))
        shown = (await remote.transport.send(Request("GET", CONFIGMAP.path("default"), accept=TABLE))).body
        assert isinstance(shown, dict)
        assert shown["kind"] == "Table"
        assert shown["rows"][0]["cells"][:2] == ["a", 1]
        extra = {**config_map("b"), "nothing": 1}
        answer = await remote.transport.send(Request("POST", CONFIGMAP.path("default"), {}, extra))
        assert answer.warnings == ('unknown field "nothing"',)
        big = b'{"data":{"k":"' + b"x" * (3 << 20) + b'"}}'
        with pytest.raises(TooLarge):
            await remote.transport.send(Request("POST", CONFIGMAP.path("default"), {}, big[: (3 << 20) + 1]))


async def test_a_protobuf_body(running: Running) -> None:
    meta = b"\x0a\x01b"  # metadata.name
    inner = b"\x0a" + bytes([len(meta)]) + meta + b"\x12\x06\x0a\x01k\x12\x01v"  # and data
    types = b"\x0a\x02v1\x12\x09ConfigMap"
    body = b"k8s\x00\x0a" + bytes([len(types)]) + types + b"\x12" + bytes([len(inner)]) + inner
    async with client(running.access) as remote:
        request = Request("POST", CONFIGMAP.path("default"), {}, body, "application/vnd.kubernetes.protobuf")
        made = (await remote.transport.send(request)).body
    assert isinstance(made, dict)
    assert made["data"] == {"k": "v"}


@asynccontextmanager
async def node(running: Running, tmp_path: Path, handler: object) -> AsyncIterator[None]:
    """A node `n` whose agent is `handler`, with a pod `p` on it."""
    import ssl

    running.authority.server("n", ["127.0.0.1"], NOW).write(tmp_path, "node")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "node.crt", tmp_path / "node.key")
    context.load_verify_locations(tmp_path / "ca.crt")
    context.verify_mode = ssl.CERT_REQUIRED
    runner = web.ServerRunner(web.Server(handler, access_log=None))  # type: ignore[arg-type]  # a request handler
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    where = f"127.0.0.1:{runner.addresses[0][1]}"
    local = running.local()
    await local.create(NODE, {"metadata": {"name": "n", "annotations": {"eachpod.dev/agent-endpoint": where}}})
    await local.create(SERVICEACCOUNT, {"metadata": {"name": "default", "namespace": "default"}})
    await local.create(POD, pod("p", "n"))
    try:
        yield
    finally:
        await runner.cleanup()


async def test_logs_come_from_the_node(running: Running, tmp_path: Path) -> None:
    async def agent(request: web.BaseRequest) -> web.Response:
        if "previous" in request.query:
            return web.Response(status=int(request.query["previous"]), text="there was none before")
        return web.Response(text=f"{request.path_qs} {request.headers.get('Authorization')}")

    async with node(running, tmp_path, agent), client(running.access) as remote:
        path = POD.path("default", "p", "log")
        text = (await remote.transport.send(Request("GET", path, {"tailLines": "5", "follow": "true"}))).body
        assert text == b"/containerLogs/default/p/c?tailLines=5&follow=true None"
        with pytest.raises(StatusError, match="container x is not valid for pod p"):
            await remote.transport.send(Request("GET", path, {"container": "x"}))
        for status, error in ((400, BadRequest), (404, NotFound), (500, InternalError)):
            with pytest.raises(error, match="there was none before") as caught:
                await remote.transport.send(Request("GET", path, {"previous": str(status)}))
            assert caught.value.status_code == status


async def test_an_upgraded_connection_is_passed_on_unread(running: Running, tmp_path: Path) -> None:
    async def agent(request: web.BaseRequest) -> web.StreamResponse:
        if request.query.get("command") == "refuse":
            return web.Response(status=404, text="no such container")
        assert request.path == "/exec/default/p/c"
        socket_ = web.WebSocketResponse(protocols=("v5.channel.k8s.io",))
        await socket_.prepare(request)
        async for message in socket_:
            await socket_.send_bytes(message.data[::-1])
        return socket_

    import ssl

    context = ssl.create_default_context(cadata=running.authority.pem.decode())
    admin = running.authority.client("admin", ["system:masters"], NOW)
    admin.write(tmp_path, "admin")
    context.load_cert_chain(tmp_path / "admin.crt", tmp_path / "admin.key")
    url = running.access.server + POD.path("default", "p", "exec")
    async with node(running, tmp_path, agent), aiohttp.ClientSession() as session:
        async with session.ws_connect(f"{url}?command=x", protocols=("v5.channel.k8s.io",), ssl=context) as opened:
            assert opened.protocol == "v5.channel.k8s.io"
            for size in (3, 100_000):
                await opened.send_bytes(b"ab" * size)
                assert (await opened.receive()).data == b"ba" * size
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await session.ws_connect(f"{url}?command=refuse", ssl=context)
        assert caught.value.status == 404


async def test_nobody_grants_what_they_do_not_hold(running: Running) -> None:
    local = running.local()
    rules = [
        {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles", "rolebindings"], "verbs": ["create"]},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]},
    ]
    meta = {"name": "some", "namespace": "default"}
    await local.create(ROLE, {"metadata": meta, "rules": rules})
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "some"}
    jane = {"kind": "User", "name": "jane", "apiGroup": "rbac.authorization.k8s.io"}
    await local.create(ROLEBINDING, {"metadata": meta, "roleRef": reference, "subjects": [jane]})
    async with client(replace(running.access, certificate=b"", key=b"", token="secret")) as remote:
        less = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]
        await remote.create(ROLE, {"metadata": {**meta, "name": "less"}, "rules": less})
        more = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "delete"]}]
        with pytest.raises(Forbidden, match="not currently held"):
            await remote.create(ROLE, {"metadata": {**meta, "name": "more"}, "rules": more})
        admin = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
        with pytest.raises(Forbidden, match="not currently held"):
            await remote.create(ROLEBINDING, {"metadata": {**meta, "name": "up"}, "roleRef": admin, "subjects": [jane]})


async def test_a_browser_sends_its_token_as_a_subprotocol(running: Running) -> None:
    def offer(token: str) -> dict[str, str]:
        coded = base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")
        return {"Sec-WebSocket-Protocol": f"base64url.bearer.authorization.k8s.io.{coded}, v4.channel.k8s.io"}

    trusted = ssl.create_default_context(cadata=running.access.ca.decode())
    url = f"{running.access.server}/api/v1/namespaces/default/pods/none/log"
    async with aiohttp.ClientSession() as session:
        async with session.get(url, headers=offer("secret"), ssl=trusted) as answer:
            assert (answer.status, 'User "jane"' in (await answer.json())["message"]) == (403, True)
        async with session.get(url, headers=offer("wrong"), ssl=trusted) as answer:
            assert answer.status == 401


async def test_a_watch_with_a_timeout_that_is_no_number(running: Running) -> None:
    trusted = tls_context(running.access)
    url = f"{running.access.server}/api/v1/pods?watch=true&timeoutSeconds=x"
    async with aiohttp.ClientSession() as session, session.get(url, ssl=trusted) as answer:
        assert (answer.status, (await answer.json())["reason"]) == (400, "BadRequest")
