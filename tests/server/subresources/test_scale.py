"""The scale of an object: its number of replicas in a form of its own."""

from typing import Any

import pytest

from eachpod.client.client import Client
from eachpod.model.errors import BadRequest, Conflict, Invalid, NotFound, StatusError
from eachpod.model.objects import Object, dig
from eachpod.model.resources import STATEFULSET
from eachpod.server.app import ApiServer
from eachpod.server.user import User
from eachpod.wire.http import APPLY_PATCH, JSON_PATCH, MERGE_PATCH, Request

ADMIN = User("admin", "", ("system:masters",))
SET = {
    "metadata": {"name": "w", "namespace": "x"},
    "spec": {
        "serviceName": "w",
        "replicas": 2,
        "selector": {"matchLabels": {"app": "w"}},
        "template": {"metadata": {"labels": {"app": "w"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}},
    },
}


class Hand:
    """A client that writes under a name, as one over HTTP does."""

    def __init__(self, server: ApiServer) -> None:
        self.server = server

    async def send(self, method: str, part: str, body: Any, manager: str, media: str = "application/json") -> Object:
        path = STATEFULSET.path("x", "w", part) if method != "POST" else STATEFULSET.path("x")
        request = Request(method, path, {"fieldManager": manager}, body, media)
        answer = await self.server.answer(request, ADMIN)
        assert isinstance(answer.body, dict)
        return answer.body

    async def owners(self) -> list[str]:
        held = (await self.send("GET", "", None, ""))["metadata"].get("managedFields", [])
        return [
            f"{entry['manager']}/{entry.get('subresource', '')}"
            for entry in held
            if dig(entry, "fieldsV1", "f:spec", "f:replicas") is not None
        ]


@pytest.fixture
async def hand(client: Client, server: ApiServer) -> Hand:
    made = Hand(server)
    await made.send("POST", "", SET, "maker")
    return made


async def test_a_scale_without_pods_says_no_number(hand: Hand) -> None:
    scale = await hand.send("PATCH", "scale", {"spec": {"replicas": 0}}, "hand", MERGE_PATCH)
    assert (scale["spec"], scale["status"]) == ({}, {"replicas": 0, "selector": "app=w"})
    replace = [{"op": "replace", "path": "/spec/replicas", "value": 4}]
    assert (await hand.send("PATCH", "scale", replace, "hand", JSON_PATCH))["spec"] == {"replicas": 4}


async def test_the_number_belongs_to_who_wrote_it_last(hand: Hand) -> None:
    assert await hand.owners() == ["maker/"]
    await hand.send("PUT", "scale", {"metadata": {"name": "w"}, "spec": {"replicas": 3}}, "hand")
    assert await hand.owners() == ["hand/scale"]
    applied = {"apiVersion": "autoscaling/v1", "kind": "Scale", "spec": {"replicas": 7}}
    with pytest.raises(Conflict, match='conflict with "hand" with subresource "scale" using autoscaling/v1: '):
        await hand.send("PATCH", "scale", applied, "app", APPLY_PATCH)
    applied["spec"] = {"replicas": 3}
    await hand.send("PATCH", "scale", applied, "app", APPLY_PATCH)
    assert await hand.owners() == ["app/scale", "hand/scale"]


async def test_what_nobody_owned_was_there_before(hand: Hand) -> None:
    await hand.send("PATCH", "scale", {"spec": {"replicas": 0}}, "hand", MERGE_PATCH)
    await hand.send("PATCH", "scale", {"spec": {"replicas": 4}}, "hand", MERGE_PATCH)
    assert await hand.owners() == []
    applied = {"apiVersion": "autoscaling/v1", "kind": "Scale", "spec": {"replicas": 7}}
    with pytest.raises(Conflict, match="before-first-apply"):
        await hand.send("PATCH", "scale", applied, "app", APPLY_PATCH)


@pytest.mark.parametrize(
    ("body", "error", "text"),
    [
        ({"metadata": {"name": "other"}}, BadRequest, r"\(other\) does not match the name on the URL \(w\)"),
        ({"spec": {"replicas": 1}}, BadRequest, "name must be provided"),
        ({"metadata": {"name": "w"}, "spec": {"replicas": "x"}}, BadRequest, "ScaleSpec.spec.replicas of type int32"),
        ({"metadata": {"name": "w"}, "spec": {"replicas": -1}}, Invalid, "must be greater than or equal to 0"),
        ({"metadata": {"name": "w", "resourceVersion": "1"}}, Conflict, "has been modified"),
        ({"metadata": {"name": "w", "uid": "u"}}, Conflict, "UID in precondition: u"),
        ({"metadata": {"name": "w"}, "kind": "Pod"}, BadRequest, "cannot be handled as a Scale"),
    ],
)
async def test_a_scale_that_is_refused(hand: Hand, body: Object, error: type[StatusError], text: str) -> None:
    with pytest.raises(error, match=text):
        await hand.send("PUT", "scale", body, "hand")


async def test_a_patch_is_to_blame_for_what_it_makes(hand: Hand) -> None:
    with pytest.raises(Invalid, match=r"patch: Invalid value.*unmarshal string into Go struct field ScaleSpec"):
        await hand.send("PATCH", "scale", {"spec": {"replicas": "x"}}, "hand", MERGE_PATCH)


async def test_nothing_there_to_scale(server: ApiServer, client: Client) -> None:
    with pytest.raises(NotFound, match=r'statefulsets.apps "w" not found'):
        await Hand(server).send("PATCH", "scale", {"spec": {"replicas": 1}}, "hand", MERGE_PATCH)
