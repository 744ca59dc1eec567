"""Many random schedules with faults hold the laws, and a broken rule is found: the test of the test."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from eachpod.controllers.endpointslice import tracked
from eachpod.controllers.statefulset import claims, decide
from eachpod.testing.simulation import LawBroken, Simulation


@pytest.mark.parametrize("block", range(5))
def test_laws_hold(block: int) -> None:
    for seed in range(block * 60, block * 60 + 60):
        Simulation(seed).run()


@pytest.mark.e2e
@pytest.mark.parametrize("block", range(10))
def test_laws_hold_for_thousands_of_schedules(block: int) -> None:
    for seed in range(10_000 + block * 400, 10_000 + block * 400 + 400):
        Simulation(seed).run(200)


def test_a_seed_replays_exactly() -> None:
    first, second = Simulation(7).run(), Simulation(7).run()
    assert first.story == second.story
    assert first.world.objects == second.world.objects
    assert Simulation(8).run().story != first.story


_delete_pod = decide.delete_pod

BROKEN: list[tuple[object, str, Callable[..., Any], str]] = [
    (decide, "_not_done", lambda world, pod: "", "before web-0 was Ready"),
    (
        decide,
        "delete_pod",
        lambda set_, pod: dataclasses.replace(_delete_pod(set_, pod), grace_seconds=0),
        "two could run at once",
    ),
    (claims, "_owned_by", lambda set_, pod: (False, True), "deleted against its policy"),
    (tracked, "_differing", lambda old, new: set(), "published are"),
]


@pytest.mark.parametrize(("module", "rule", "broken", "law"), BROKEN, ids=[rule for _, rule, _, _ in BROKEN])
def test_a_broken_rule_is_found(
    monkeypatch: pytest.MonkeyPatch, module: object, rule: str, broken: Callable[..., Any], law: str
) -> None:
    monkeypatch.setattr(module, rule, broken)
    with pytest.raises(LawBroken, match=law) as caught:
        search(200)
    assert str(caught.value).startswith("seed ")
    assert "endpointslice-controller: create EndpointSlice" in str(caught.value)  # the story


def search(seeds: int) -> None:
    for seed in range(seeds):
        Simulation(seed).run()
