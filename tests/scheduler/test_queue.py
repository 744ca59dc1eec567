"""The order in which waiting pods are tried, and what wakes those that sleep."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from eachpod.scheduler.podinfo import PodInfo, info_of
from eachpod.scheduler.queue import LONGEST_SLEEP, PendingPods

CPU = frozenset({"NodeResourcesFit"})
VOLUME = frozenset({"VolumeBinding"})


def waiting(name: str, priority: int = 0) -> PodInfo:
    metadata: dict[str, Any] = {"name": name, "namespace": "d", "uid": name}
    return info_of({"metadata": metadata, "spec": {"priority": priority, "containers": []}})


def popped(queue: PendingPods, now: float) -> str:
    info = queue.pop(now)
    return info.key.name if info else ""


def test_priority_then_age() -> None:
    queue = PendingPods()
    for name, priority in (("old", 0), ("new", 0), ("high", 5)):
        queue.put(waiting(name, priority), 0)
    order = []
    for _ in range(3):
        info = queue.pop(0)
        assert info
        order.append(info.key.name)
        queue.drop(info.key)
    assert order == ["high", "old", "new"]
    assert queue.pop(0) is None
    assert queue.next_at() is None


def test_sleeps_until_something_concerns_it() -> None:
    queue = PendingPods()
    queue.put(waiting("p"), 0)
    queue.pop(0)
    queue.failed(waiting("p").key, CPU, 0)
    assert queue.next_at() == LONGEST_SLEEP
    queue.move(VOLUME, 5)
    assert popped(queue, 5) == ""
    queue.move(CPU, 5)
    assert popped(queue, 5) == "p"


def test_a_change_during_the_decision_is_not_missed() -> None:
    queue = PendingPods()
    queue.put(waiting("p"), 0)
    queue.pop(0)
    queue.move(CPU, 0)
    queue.failed(waiting("p").key, CPU, 0)
    assert queue.next_at() == 0.0


def test_errors_back_off_doubling() -> None:
    queue = PendingPods()
    queue.put(waiting("p"), 0)
    now, waits = 0.0, []
    for _ in range(6):
        assert popped(queue, now) == "p"
        queue.failed(waiting("p").key, frozenset(), now)
        due = queue.next_at()
        assert due is not None
        waits.append(due - now)
        now = due
    assert waits == [1, 2, 4, 8, 10, 10]


def test_woken_pods_go_early_when_nobody_else_waits() -> None:
    queue = PendingPods()
    queue.put(waiting("p"), 0)
    queue.pop(0)
    queue.failed(waiting("p").key, CPU, 0)
    queue.move(CPU, 0.1)
    queue.put(waiting("fresh"), 0.1)
    assert popped(queue, 0.1) == "fresh"
    queue.drop(waiting("fresh").key)
    assert popped(queue, 0.1) == "p"


def test_a_pod_that_lost_its_node_comes_back() -> None:
    queue = PendingPods()
    queue.put(waiting("p"), 0)
    queue.pop(0)
    taken = queue.drop(waiting("p").key)
    assert taken
    assert len(queue) == 0
    queue.back(taken, 3)
    assert popped(queue, 3.5) == ""
    assert popped(queue, 4) == "p"


steps = st.lists(
    st.tuples(st.sampled_from(("put", "fail", "error", "move", "drop")), st.sampled_from("pqr")), max_size=40
)


@given(steps)
def test_no_pod_is_ever_lost(history: list[tuple[str, str]]) -> None:
    """Whatever happens, every pod that still waits is handed out again within the longest sleep."""
    queue, expected, now = PendingPods(), set[str](), 0.0
    for step, name in history:
        now += 0.5
        if step == "put":
            queue.put(waiting(name), now)
            expected.add(name)
        elif step == "drop":
            queue.drop(waiting(name).key)
            expected.discard(name)
        elif step == "move":
            queue.move(CPU, now)
        else:
            info = queue.pop(now)
            if info:
                queue.failed(info.key, CPU if step == "fail" else frozenset(), now)
    found = set()
    now += LONGEST_SLEEP
    while info := queue.pop(now):
        found.add(info.key.name)
        queue.drop(info.key)
    assert found == expected
