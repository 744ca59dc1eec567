"""Which taints are tolerated."""

import pytest

from eachpod.model.tolerations import NO_EXECUTE, NO_SCHEDULE, PREFER_NO_SCHEDULE, tolerates, untolerated

TAINT = {"key": "disk", "value": "5", "effect": NO_SCHEDULE}


@pytest.mark.parametrize(
    ("toleration", "expected"),
    [
        ({"operator": "Exists"}, True),
        ({"key": "disk", "operator": "Exists"}, True),
        ({"key": "cpu", "operator": "Exists"}, False),
        ({"operator": "Exists", "effect": NO_SCHEDULE}, True),
        ({"operator": "Exists", "effect": NO_EXECUTE}, False),
        ({"key": "disk", "value": "5"}, True),
        ({"key": "disk", "operator": "Equal", "value": "6"}, False),
        ({"key": "disk"}, False),
        ({"key": "disk", "operator": "Gt", "value": "4"}, True),
        ({"key": "disk", "operator": "Gt", "value": "5"}, False),
        ({"key": "disk", "operator": "Lt", "value": "6"}, True),
        ({"key": "disk", "operator": "Lt", "value": "5"}, False),
        ({"key": "disk", "operator": "Lt", "value": "many"}, False),
        ({"key": "disk", "operator": "Odd", "value": "5"}, False),
    ],
)
def test_one_toleration(toleration: dict[str, str], expected: bool) -> None:
    assert tolerates(toleration, TAINT) is expected


def test_what_is_left_of_several() -> None:
    soft, lasting = {"key": "a", "effect": PREFER_NO_SCHEDULE}, {"key": "b", "effect": NO_EXECUTE}
    taints = [TAINT, soft, lasting]
    assert untolerated(taints, [], (NO_SCHEDULE, NO_EXECUTE)) == [TAINT, lasting]
    assert untolerated(taints, iter([{"key": "b", "operator": "Exists"}]), (NO_SCHEDULE, NO_EXECUTE)) == [TAINT]
    assert untolerated(taints, [{"operator": "Exists"}], (NO_SCHEDULE, NO_EXECUTE, PREFER_NO_SCHEDULE)) == []
