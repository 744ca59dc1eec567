"""managedFields of what is written by ordinary requests."""

from typing import Any

import pytest

from eachpod.client.client import Client
from eachpod.model.errors import BadRequest, Invalid, StatusError
from eachpod.model.objects import Object, dig
from eachpod.model.resource import Resource
from eachpod.model.resources import CONFIGMAP, JOB
from eachpod.server.app import ApiServer
from eachpod.server.user import User
from eachpod.wire.http import APPLY_PATCH, MERGE_PATCH, STRATEGIC_PATCH, Request

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


async def test_an_apply_may_leave_its_name_out_but_not_empty(hand: Hand) -> None:
    applied: Object = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"k": "1"}}
    assert (await hand.patch(applied, "a", APPLY_PATCH))["metadata"]["name"] == "c"
    with pytest.raises(BadRequest, match="name must be provided"):
        await hand.patch({**applied, "metadata": {"name": ""}}, "a", APPLY_PATCH)


async def test_what_is_no_base64_in_a_patch(hand: Hand) -> None:
    await hand.create(CONFIGMAP, {"metadata": {"name": "c"}}, "a")
    body = {"apiVersion": "v1", "kind": "ConfigMap", "binaryData": {"k": "v"}}
    with pytest.raises(StatusError, match=r"error decoding from json: illegal base64 data at input byte 0$"):
        await hand.patch(body, "a", APPLY_PATCH)
    with pytest.raises(Invalid, match=r": error decoding from json: illegal base64 data at input byte 0$"):
        await hand.patch(body, "a", STRATEGIC_PATCH)


async def test_owners_that_are_there_twice_are_told_of_in_two_ways(hand: Hand) -> None:
    owner = {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u"}
    await hand.create(CONFIGMAP, {"metadata": {"name": "c"}}, "a")
    body = {"metadata": {"name": "c", "ownerReferences": [owner, owner]}}
    path, text = CONFIGMAP.path("x", "c"), ".metadata.ownerReferences contains duplicate entries"
    patched = await hand.server.answer(Request("PATCH", path, {"dryRun": "All"}, body, MERGE_PATCH), ADMIN)
    assert patched.warnings[0].startswith(f"{text} after mutating admission happens; API server")
    written = await hand.server.answer(Request("PUT", path, {"dryRun": "All"}, body), ADMIN)
    assert [warning.startswith(f"{text}; API server") for warning in written.warnings] == [True]
