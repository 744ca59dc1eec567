"""Which nodes a selector asks for."""

from typing import Any

import pytest

from eachpod.model.nodeaffinity import pod_accepts, preferred_weight, selector_matches, term_matches

NODE: dict[str, Any] = {"metadata": {"name": "n1", "labels": {"zone": "a", "cores": "8", "odd": "x"}}}


def expression(operator: str, *values: str, key: str = "zone") -> dict[str, Any]:
    return {"key": key, "operator": operator, "values": list(values)}


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        (expression("In", "a", "b"), True),
        (expression("In", "b"), False),
        (expression("In", "a", key="none"), False),
        (expression("NotIn", "b"), True),
        (expression("NotIn", "a"), False),
        (expression("NotIn", "a", key="none"), True),
        (expression("Exists"), True),
        (expression("Exists", key="none"), False),
        (expression("DoesNotExist", key="none"), True),
        (expression("DoesNotExist"), False),
        (expression("Gt", "7", key="cores"), True),
        (expression("Gt", "8", key="cores"), False),
        (expression("Lt", "9", key="cores"), True),
        (expression("Lt", "8", key="cores"), False),
        (expression("Gt", "7", key="odd"), False),
        (expression("Gt", "x", key="cores"), False),
        (expression("Odd", "a"), False),
    ],
)
def test_operators(requirement: dict[str, Any], expected: bool) -> None:
    assert term_matches({"matchExpressions": [requirement]}, NODE) is expected


def test_all_of_a_term_must_hold_and_an_empty_one_matches_nothing() -> None:
    here = {"key": "metadata.name", "operator": "In", "values": ["n1"]}
    zone = expression("In", "a")
    assert term_matches({"matchFields": [here], "matchExpressions": [zone]}, NODE)
    assert not term_matches({"matchFields": [here], "matchExpressions": [zone, expression("In", "b")]}, NODE)
    assert not term_matches({"matchFields": [{**here, "values": ["n2"]}], "matchExpressions": [zone]}, NODE)
    assert not term_matches({}, NODE)


def test_terms_are_alternatives_and_no_selector_matches_every_node() -> None:
    right, wrong = ({"matchExpressions": [expression("In", zone)]} for zone in ("a", "b"))
    assert selector_matches({"nodeSelectorTerms": [wrong, right]}, NODE)
    assert not selector_matches({"nodeSelectorTerms": [wrong]}, NODE)
    assert not selector_matches({"nodeSelectorTerms": []}, NODE)
    assert selector_matches(None, NODE)


@pytest.mark.parametrize(("labels", "zone", "expected"), [
    ({}, "a", True), ({"zone": "a"}, "a", True), ({"zone": "b"}, "a", False), ({"zone": "a"}, "b", False),
])  # fmt: skip
def test_a_pod_wants_both_its_selector_and_its_affinity(labels: dict[str, str], zone: str, expected: bool) -> None:
    terms = {"nodeSelectorTerms": [{"matchExpressions": [expression("In", zone)]}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}
    assert pod_accepts({"spec": {"nodeSelector": labels, "affinity": affinity}}, NODE) is expected


def test_weights_of_preferred_terms_add_up() -> None:
    preferred = [
        {"weight": 3, "preference": {"matchExpressions": [expression("In", "a")]}},
        {"weight": 5, "preference": {"matchExpressions": [expression("Exists")]}},
        {"weight": 7, "preference": {"matchExpressions": [expression("In", "b")]}},
        {"weight": 11, "preference": {}},
    ]
    affinity = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}
    assert preferred_weight({"spec": {"affinity": affinity}}, NODE) == 8
    assert preferred_weight({"spec": {}}, NODE) == 0
