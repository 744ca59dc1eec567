"""Making objects of a kind the way the server does."""

import asyncio
import contextlib
import copy
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from eachpod.client.client import Client
from eachpod.model.errors import AlreadyExists, Invalid
from eachpod.model.kind import Kind
from eachpod.model.kinds import builtin
from eachpod.model.resources import SERVICEACCOUNT
from eachpod.testing import peers
from eachpod.wire.http import Request

Object = dict[str, Any]

REGISTRY = builtin()


class Bench:
    """Defaults and prepares objects of one kind, and lists what is wrong with them."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    def make(self, spec: Object | None = None, **more: Any) -> Object:
        metadata = {"name": "x", "namespace": "n", "uid": "u", "creationTimestamp": "2020-01-01T00:00:00Z"}
        body: Object = {"metadata": {**metadata, **more.pop("metadata", {})}, **more}
        if spec is not None:
            body["spec"] = spec
        return self.kind.prepare_create(self.kind.default(body))

    def faults(self, spec: Object | None = None, **more: Any) -> list[str]:
        return [str(error) for error in self.kind.validate(self.make(spec, **more))]

    def change_faults(self, old: Object, new: Object) -> list[str]:
        new = self.kind.prepare_update(self.kind.default(new), old)
        return [str(error) for error in self.kind.validate_update(new, old)]


@pytest.fixture
def of() -> Callable[[str, str], Bench]:
    def find(api_version: str, kind: str) -> Bench:
        found = REGISTRY.by_kind(api_version, kind)
        assert found is not None
        return Bench(found)

    return find


Judge = Callable[[str, str, Object], list[str]]


@pytest.fixture(scope="session")
def kube_apiserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """What the real server finds wrong with an object, which is not stored."""
    with asyncio.Runner() as runner:
        programs = AsyncExitStack()

        async def begin() -> Client:
            kubeconfig = await programs.enter_async_context(peers.kube_apiserver(tmp_path_factory.mktemp("real")))
            client = await programs.enter_async_context(peers.client_of(kubeconfig))
            with contextlib.suppress(AlreadyExists):
                await client.create(SERVICEACCOUNT, {"metadata": {"name": "default", "namespace": "default"}})
            return client

        client = runner.run(begin())
        yield lambda api_version, kind, body: runner.run(_told(client, api_version, kind, body))
        runner.run(programs.aclose())


async def _told(client: Client, api_version: str, kind: str, body: Object) -> list[str]:
    found = REGISTRY.by_kind(api_version, kind)
    assert found is not None
    where = {"namespace": "default"} if found.resource.namespaced else {}
    obj = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x", **where}, **body}
    path = found.resource.path(where.get("namespace", ""))
    try:
        await client.transport.send(Request("POST", path, {"dryRun": "All"}, obj))
    except Invalid as refusal:
        return [f"{cause['field']}: {cause['message']}" for cause in refusal.details["causes"]]
    return []


MISSING = peers.missing("etcd", "kube-apiserver")
REAL = pytest.param("kube_apiserver", marks=[pytest.mark.e2e, pytest.mark.skipif(bool(MISSING), reason=MISSING)])


@pytest.fixture(params=["ours", REAL])
def refuse(request: pytest.FixtureRequest, of: Callable[[str, str], Bench]) -> Callable[..., None]:
    """Checks that an object is refused with faults that begin as told, and with no others: by the rules of the model,
    and by kube-apiserver, whose words they claim to be."""

    def ours(api_version: str, kind: str, body: Object) -> list[str]:
        return of(api_version, kind).faults(**body)

    judge: Judge = ours if request.param == "ours" else request.getfixturevalue(request.param)

    def check(api_version: str, kind: str, body: Object, expected: list[str]) -> None:
        found = judge(api_version, kind, copy.deepcopy(body))
        assert [text[: len(head)] for text, head in zip(found, expected, strict=False)] == expected
        assert len(found) == len(expected), found

    return check
