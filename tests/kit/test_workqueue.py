"""The promises of a work queue, one by one and under any story."""

from hypothesis import given
from hypothesis import strategies as st

from eachpod.kit.backoff import Backoff
from eachpod.kit.workqueue import WorkQueue


def test_a_key_waits_once() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add("a")
    queue.add("b")
    queue.add("a")
    assert [queue.get(0), queue.get(0), queue.get(0)] == ["a", "b", None]


def test_a_key_touched_while_worked_on_comes_back_after_done() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add("a")
    assert queue.get(0) == "a"
    queue.add("a")
    assert queue.get(0) is None
    queue.done("a")
    assert queue.get(0) == "a"
    queue.done("a")
    assert queue.get(0) is None
    assert queue.idle


def test_delayed_keys_ripen_and_the_earliest_time_counts() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add_after("a", 10)
    queue.add_after("a", 5)
    queue.add_after("a", 7)
    assert queue.next_at() == 5
    assert queue.get(4.9) is None
    assert queue.get(5) == "a"
    queue.done("a")
    assert queue.next_at() is None
    assert queue.get(100) is None


def test_rate_limited_keys_wait_twice_as_long_until_forgotten() -> None:
    queue: WorkQueue[str] = WorkQueue()
    times = [queue.add_rate_limited("a", 0) for _ in range(3)]
    assert times == [0.005, 0.01, 0.02]
    assert queue.failures("a") == 3
    queue.forget("a")
    assert queue.add_rate_limited("a", 1) == 1.005


def test_back_off_ends_at_its_limit() -> None:
    assert Backoff().delay(0) == 0
    assert Backoff().delay(10_000) == 1000
    assert Backoff(base=10, limit=300).delay(6) == 300


Step = st.tuples(st.sampled_from(["add", "after", "get", "done"]), st.integers(0, 4))


@given(st.lists(Step, max_size=60))
def test_no_key_is_lost_and_none_is_worked_on_twice_at_once(steps: list[tuple[str, int]]) -> None:
    queue: WorkQueue[int] = WorkQueue()
    wanted: set[int] = set()
    working: list[int] = []
    now = 0.0
    for action, key in steps:
        now += 1
        if action == "add":
            queue.add(key)
            wanted.add(key)
        elif action == "after":
            queue.add_after(key, now + key)
            wanted.add(key)
        elif action == "get" and (got := queue.get(now)) is not None:
            assert got not in working
            working.append(got)
            wanted.discard(got)
            if (due := queue.next_at()) is not None and due >= now:
                wanted |= {k for k in range(5) if k in queue._due}
        elif action == "done" and working:
            queue.done(working.pop(0))
    for key in working:
        queue.done(key)
    drained = set()
    while (got := queue.get(now + 100)) is not None:
        drained.add(got)
        queue.done(got)
    assert wanted <= drained
    assert queue.next_at() is None
