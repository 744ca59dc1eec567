"""Owners of the number of replicas, in the object and in its scale."""

from typing import Any

from eachpod.model.patch.scaled import of_object, of_scale

NUMBER = {"f:spec": {"f:replicas": {}}}
BOTH = {"f:spec": {"f:replicas": {}, "f:selector": {}}}
REST = {"f:spec": {"f:selector": {}}}


def entry(manager: str, tree: dict[str, Any], subresource: str = "", version: str = "apps/v1") -> dict[str, Any]:
    made = {"manager": manager, "operation": "Update", "apiVersion": version, "fieldsV1": tree}
    return made | ({"subresource": subresource} if subresource else {})


def test_a_scale_shows_the_owners_of_the_number_only() -> None:
    held = [entry("a", BOTH), entry("b", REST), entry("c", NUMBER, "scale")]
    scale = [entry("a", NUMBER, version="autoscaling/v1"), entry("c", NUMBER, "scale", "autoscaling/v1")]
    assert of_scale(held) == scale


def test_who_writes_the_scale_takes_the_number_away() -> None:
    written = [entry("hand", NUMBER, "scale", "autoscaling/v1")]
    assert of_object([entry("a", BOTH), entry("b", NUMBER)], written, "apps/v1") == [
        entry("a", REST),
        entry("hand", NUMBER, "scale"),
    ]


def test_who_owns_it_all_along_keeps_it() -> None:
    held = [entry("a", BOTH)]
    assert of_object(held, of_scale(held), "apps/v1") == held


def test_the_last_write_counts() -> None:
    held = [{**entry("a", NUMBER, "scale"), "time": "1"}]
    written = [{**entry("a", NUMBER, "scale", "autoscaling/v1"), "time": "2"}]
    assert of_object(held, written, "apps/v1") == [{**held[0], "time": "2"}]


def test_nobody_owns_a_number_that_is_left_out() -> None:
    assert of_object([entry("a", BOTH), entry("b", NUMBER)], [], "apps/v1") == [entry("a", REST)]
