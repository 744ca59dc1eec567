"""What this machine can do, decided from what is found."""

import pytest

from eachpod.cluster import ability
from eachpod.cluster.ability import Check


@pytest.mark.parametrize(
    ("root", "v1", "v2", "good"),
    [
        (True, True, [], True),
        (True, False, ["cpu", "memory"], True),
        (True, False, ["cpu"], False),
        (True, False, [], False),
        (False, False, [], True),
    ],
)
def test_the_memory_cgroup(root: bool, v1: bool, v2: list[str], good: bool) -> None:
    check = ability.judge_memory(root, v1, v2)
    assert check.good is good
    assert good or "cgroup_enable=memory" in check.mend


def test_the_reason_names_everything_that_is_missing() -> None:
    found = [Check("a", True, "fine"), Check("b", False, "not installed"), Check("c", False, "too old")]
    assert ability.reason_against_containers(found) == "b: not installed; c: too old"
    assert ability.reason_against_containers(found[:1]) == ""
    less = Check("way out", False, "not installed", needed=False)
    assert ability.reason_against_containers([less, *found[1:2]]) == "b: not installed"
