"""Who may use the agent's API, asked of a real API server over TLS as any client would."""

import asyncio
import datetime
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest

from eachpod.client.client import Client
from eachpod.cluster.pki import Authority
from eachpod.model.objects import Object
from eachpod.model.resources import CLUSTERROLE, CLUSTERROLEBINDING, SUBJECTACCESSREVIEW
from eachpod.node.callers import Caller, Callers, from_certificate, from_review, question, subresources
from eachpod.node.config import NodeConfig, Tls
from eachpod.node.http import Api, serve
from eachpod.server.app import ApiServer
from eachpod.server.authz import Authorizer
from eachpod.server.bootstrap import install
from eachpod.server.inprocess import InProcessTransport
from eachpod.server.rbac import Rbac
from eachpod.server.user import User
from eachpod.store.memory import MemoryStore
from eachpod.wire.http import Request, Response

NOW = datetime.datetime.now(datetime.UTC)
JANE = Caller("jane", ("devs", "system:authenticated"))
Get = Callable[..., Awaitable[tuple[int, str]]]


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("/metrics/cadvisor", ("metrics",)),
        ("/stats/summary", ("stats",)),
        ("/pods", ("pods", "proxy")),
        ("//pods/", ("pods", "proxy")),
        ("/healthz", ("healthz", "proxy")),
        ("/exec/default/web-0/nginx", ("proxy",)),
        ("/metricsx", ("proxy",)),
        ("/", ("proxy",)),
    ],
)
def test_what_a_path_is_part_of(path: str, parts: tuple[str, ...]) -> None:
    assert subresources(path) == parts


def test_whom_a_certificate_names() -> None:
    subject = ((("organizationName", "devs"),), (("commonName", "jane"),))
    assert from_certificate({"subject": subject}) == JANE
    assert from_certificate({"subject": ((("organizationName", "devs"),),)}) is None
    assert from_certificate({}) is None


def test_whom_a_review_names() -> None:
    user = {"username": "jane", "uid": "1", "groups": ["devs"]}
    assert from_review({"status": {"authenticated": True, "user": user}}) == Caller("jane", ("devs",), "1")
    assert from_review({"status": {"user": user}}) is None
    assert from_review({"status": {"authenticated": True, "user": {}}}) is None


def test_the_question_names_node_and_part() -> None:
    asked = question(JANE, "get", "n1", "metrics")["spec"]
    assert (asked["user"], asked["groups"]) == ("jane", ["devs", "system:authenticated"])
    assert asked["resourceAttributes"] == {
        "verb": "get", "version": "v1", "resource": "nodes", "subresource": "metrics", "name": "n1",
    }  # fmt: skip


class Counting(InProcessTransport):
    """Counts the questions about who may."""

    asked = 0

    async def send(self, request: Request) -> Response:
        self.asked += request.path == SUBJECTACCESSREVIEW.path()
        return await super().send(request)


class World:
    """An agent's API over TLS, an API server that it asks, and a clock."""

    def __init__(self, server: ApiServer, folder: Path) -> None:
        self.server, self.folder, self.now = server, folder, 0.0
        self.transport = Counting(server)
        self.authority = Authority.open(folder, NOW)
        self.authority.server("system:node:n1", ["127.0.0.1"], NOW).write(folder, "agent")
        self.socket = socket.create_server(("127.0.0.1", 0))
        tls = Tls(folder / "agent.crt", folder / "agent.key", folder / "ca.crt")
        api = Api(Callers(Client(self.transport), "n1", lambda: self.now), [])
        self.task = asyncio.create_task(serve(NodeConfig((), sockets=(self.socket,), tls=tls), api))

    async def get(self, path: str, user: str = "", groups: tuple[str, ...] = (), token: str = "") -> tuple[int, str]:
        context = ssl.create_default_context(cafile=str(self.folder / "ca.crt"))
        if user:
            self.authority.client(user, groups, NOW).write(self.folder, "client")
            context.load_cert_chain(self.folder / "client.crt", self.folder / "client.key")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"https://127.0.0.1:{self.socket.getsockname()[1]}{path}"
        async with aiohttp.ClientSession() as session, session.get(url, ssl=context, headers=headers) as answer:
            return answer.status, (await answer.text()).strip()

    async def grant(self, part: str, user: str) -> None:
        client = Client(self.transport)
        rule: Object = {"apiGroups": [""], "resources": [f"nodes/{part}"], "verbs": ["get"], "resourceNames": ["n1"]}
        await client.create(CLUSTERROLE, {"metadata": {"name": part}, "rules": [rule]})
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": part}
        subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}
        await client.create(CLUSTERROLEBINDING, {"metadata": {"name": part}, "roleRef": role, "subjects": [subject]})


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    server = ApiServer(MemoryStore())
    await install(server)
    rbac = Rbac(server.view)
    rbac.follow(server.store)
    server.authorize = Authorizer(rbac)
    server.token_user = lambda token, audiences: User("jane", ("devs",)) if token == "secret" else None
    made = World(server, tmp_path)
    yield made
    made.task.cancel()
    await asyncio.gather(made.task, return_exceptions=True)
    made.socket.close()
    await server.store.close()


async def test_the_api_server_may_without_a_question(world: World) -> None:
    assert await world.get("/healthz", "system:kube-apiserver") == (200, "ok")
    assert world.transport.asked == 0


async def test_nobody_is_dialled_for_a_simulated_pod(world: World) -> None:
    status, text = await world.get("/proxy/http/127.0.0.1/1/", "system:kube-apiserver")
    body = json.loads(text)
    assert (status, body["kind"], body["code"]) == (501, "Status", 501)
    assert "simulated" in body["message"]


async def test_without_tls_nobody_is_known(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain:
        api = Api(Callers(Client(world.transport), "n1", lambda: world.now), [])
        serving = asyncio.create_task(serve(NodeConfig((), sockets=(plain,)), api))
        url = f"http://127.0.0.1:{plain.getsockname()[1]}/healthz"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            assert answer.status == 401
        serving.cancel()
        await asyncio.wait([serving])


async def test_an_administrator_may(world: World) -> None:
    assert await world.get("/healthz", "someone", ("system:masters",)) == (200, "ok")


@pytest.mark.parametrize("token", ["", "wrong"])
async def test_who_is_unknown_is_told_so(world: World, token: str) -> None:
    assert await world.get("/metrics", token=token) == (401, "Unauthorized")


async def test_a_certificate_of_another_authority_is_not_heard(world: World, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    world.authority = Authority.open(tmp_path / "other", NOW)
    with pytest.raises(aiohttp.ClientError):
        await world.get("/healthz", "system:kube-apiserver")


async def test_a_part_of_the_node_is_granted_alone(world: World) -> None:
    await world.grant("metrics", "jane")
    assert (await world.get("/metrics", "jane"))[0] == 200
    assert (await world.get("/metrics", token="secret"))[0] == 200
    about = "(user=jane, verb=get, resource=nodes, subresource(s)=[pods proxy])"
    assert await world.get("/pods", "jane") == (403, f"Forbidden {about}")


async def test_nodes_do_not_use_each_other(world: World) -> None:
    assert (await world.get("/containerLogs/a/b/c", "system:node:n2", ("system:nodes",)))[0] == 403


async def test_answers_are_kept_a_while(world: World) -> None:
    for _ in range(3):
        assert (await world.get("/metrics", "jane"))[0] == 403
    assert world.transport.asked == 1
    await world.grant("metrics", "jane")
    world.now = 31.0
    for _ in range(3):
        assert (await world.get("/metrics", "jane"))[0] == 200
    assert world.transport.asked == 2
