"""managedFields of what is written by ordinary requests."""

from typing import Any

import pytest

from eachpod.client.client import Client
from eachpod.model.objects import Object, dig
from eachpod.model.resource import Resource
from eachpod.model.resources import CONFIGMAP, JOB
from eachpod.server.app import ApiServer
from eachpod.server.user import User
from eachpod.wire.http import APPLY_PATCH, MERGE_PATCH, Request

ADMIN = User("admin", "", ("system:masters",))
ENTRY = {
    "manager": "z",
    "operation": "Update",
    "apiVersion": "v1",
    "fieldsType": "FieldsV1",
    "fieldsV1": {"f:data": {"f:k": {}}},
}


class Hand:
    def __init__(self, server: ApiServer) -> None:
        self.server = server

    async def create(self, resource: Resource, body: Object, manager: str) -> Object:
        return await self._send(Request("POST", resource.path("x"), {"fieldManager": manager}, body))

    async def patch(self, body: Any, manager: str, media: str = MERGE_PATCH) -> Object:
        path = CONFIGMAP.path("x", "c")
        return await self._send(Request("PATCH", path, {"fieldManager": manager}, body, media))

    async def _send(self, request: Request) -> Object:
        answer = await self.server.answer(request, ADMIN)
        assert isinstance(answer.body, dict)
        return answer.body


@pytest.fixture
async def hand(client: Client, server: ApiServer) -> Hand:
    return Hand(server)


def owners(obj: Object) -> list[str]:
    return [entry["manager"] for entry in obj["metadata"].get("managedFields", [])]


async def test_of_what_an_empty_object_has_there_is_no_owner(hand: Hand) -> None:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}
    made = await hand.create(JOB, {"metadata": {"name": "j"}, "spec": {"template": template}}, "a")
    assert list(dig(made, "metadata", "managedFields")[0]["fieldsV1"]["f:spec"]["f:template"]) == ["f:spec"]


async def test_owners_can_be_sent_away_and_stay_away(hand: Hand) -> None:
    assert owners(await hand.create(CONFIGMAP, {"metadata": {"name": "c"}, "data": {"k": "1"}}, "a")) == ["a"]
    assert owners(await hand.patch({"metadata": {"managedFields": [{}]}}, "b")) == []
    assert owners(await hand.patch({"data": {"k": "2"}}, "b")) == []
    applied = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"l": "3"}}
    assert owners(await hand.patch(applied, "d", APPLY_PATCH)) == ["d", "before-first-apply"]


async def test_owners_that_are_named_count_where_they_can_be_read(hand: Hand) -> None:
    await hand.create(CONFIGMAP, {"metadata": {"name": "c"}, "data": {"k": "1"}}, "a")
    assert owners(await hand.patch({"metadata": {"managedFields": [{**ENTRY, "operation": "Zap"}]}}, "a")) == ["a"]
    assert owners(await hand.patch({"metadata": {"managedFields": [ENTRY]}}, "a")) == ["z"]


async def test_kubectl_keeps_its_note_of_what_it_applied(hand: Hand) -> None:
    note = "kubectl.kubernetes.io/last-applied-configuration"
    meta = {"name": "c", "annotations": {note: "{}\n"}}
    await hand.create(CONFIGMAP, {"metadata": meta, "data": {"k": "1"}}, "kubectl-client-side-apply")
    applied = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"k": "2"}}
    made = await hand.patch(applied, "kubectl", APPLY_PATCH)
    told = '{"apiVersion":"v1","data":{"k":"2"},"kind":"ConfigMap","metadata":{"name":"c"}}\n'
    assert made["metadata"]["annotations"][note] == told
    made = await hand.patch({**applied, "data": {"l": "3"}}, "other", APPLY_PATCH)
    assert made["metadata"]["annotations"][note] == told


async def test_a_job_is_not_deleted_without_a_word_on_its_pods(hand: Hand) -> None:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}
    for name, query, count in (("j", {}, 1), ("k", {"propagationPolicy": "Background"}, 0)):
        await hand.create(JOB, {"metadata": {"name": name}, "spec": {"template": template}}, "a")
        answer = await hand.server.answer(Request("DELETE", JOB.path("x", name), query), ADMIN)
        assert len([text for text in answer.warnings if "preserved by default" in text]) == count
