"""Which volume is reserved for which claim."""

from typing import Any

import pytest

from eachpod.model.volumebinding import BOUND_BY_CONTROLLER, refers_to, reserved

CLAIM = {"metadata": {"name": "c", "namespace": "d", "uid": "u", "resourceVersion": "7"}}
FULL = {
    "kind": "PersistentVolumeClaim",
    "apiVersion": "v1",
    "namespace": "d",
    "name": "c",
    "uid": "u",
    "resourceVersion": "7",
}


def volume(ref: Any, **annotations: str) -> dict[str, Any]:
    return {"metadata": {"name": "v", "annotations": annotations}, "spec": {"claimRef": ref}}


@pytest.mark.parametrize(
    ("ref", "refers"),
    [
        (None, False),
        ({}, False),
        ({"namespace": "d", "name": "c"}, True),
        ({"namespace": "d", "name": "c", "uid": ""}, True),
        ({"namespace": "d", "name": "c", "uid": "u"}, True),
        ({"namespace": "d", "name": "c", "uid": "earlier"}, False),
        ({"namespace": "e", "name": "c", "uid": "u"}, False),
        ({"namespace": "d", "name": "other", "uid": "u"}, False),
        ({"namespace": "e", "name": "c"}, False),
        ({"namespace": "d", "name": "other"}, False),
        ({"name": "c", "uid": "u"}, False),
    ],
)
def test_refers_to(ref: Any, refers: bool) -> None:
    assert refers_to(volume(ref), CLAIM) is refers


def test_reserving_fills_in_the_reference_once() -> None:
    fresh = reserved(volume(None), CLAIM)
    assert fresh["spec"]["claimRef"] == FULL
    assert fresh["metadata"]["annotations"] == {BOUND_BY_CONTROLLER: "yes"}
    assert reserved(fresh, CLAIM) is fresh


def test_what_a_person_reserved_is_not_marked_as_the_controllers() -> None:
    fresh = reserved(volume({"namespace": "d", "name": "c"}, a="b"), CLAIM)
    assert fresh["spec"]["claimRef"] == FULL
    assert fresh["metadata"]["annotations"] == {"a": "b"}
