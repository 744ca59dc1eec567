"""The pod machine: what it orders, in which order, and that it always ends."""

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.node import podmachine
from eachpod.node.podstate import (
    Admitted,
    CleanUp,
    ContainerLost,
    ContainerSeen,
    DeletePod,
    Done,
    PodGone,
    PodSeen,
    PodState,
    PrepareVolumes,
    Probed,
    RunSandbox,
    SandboxSeen,
    StartContainer,
    StatusWritten,
    StopContainer,
    StopSandbox,
    Tell,
    Tick,
    Verdict,
    WakeAt,
)
from eachpod.node.runtime import Phase

SIDECAR = {"name": "side", "image": "x", "restartPolicy": "Always"}


def kinds(orders: list[Any]) -> list[str]:
    return [type(each).__name__ for each in orders if not isinstance(each, WakeAt | Tell)]


def test_a_pod_comes_up_in_order(make: SimpleNamespace) -> None:
    world = make.world(make.pod({"name": "a"}, {"name": "b"}))
    assert kinds(world.orders) == ["PrepareVolumes", "RunSandbox", "StartContainer", "StartContainer"]
    assert [each.name for each in world.of_kind(StartContainer)] == ["a", "b"]
    assert world.state.addresses == ("10.0.0.2",)


def test_init_containers_run_one_after_the_other_and_sidecars_stay(make: SimpleNamespace) -> None:
    pod = make.pod({"name": "c"}, initContainers=[{"name": "one"}, SIDECAR, {"name": "two"}])
    world = make.world(pod, one=[0], two=[0])
    assert [each.name for each in world.of_kind(StartContainer)] == ["one", "side", "two", "c"]


def test_a_sidecar_with_a_startup_probe_holds_the_rest_back(make: SimpleNamespace) -> None:
    slow = {**SIDECAR, "startupProbe": {"tcpSocket": {"port": 1}}}
    world = make.world(make.pod({"name": "c"}, initContainers=[slow]))
    assert [each.name for each in world.of_kind(StartContainer)] == ["side"]
    world.tell(Probed("side", "side-0", "startup", True))
    assert [each.name for each in world.of_kind(StartContainer)] == ["side", "c"]


def test_a_failed_init_container_is_tried_again_unless_the_pod_never_restarts(make: SimpleNamespace) -> None:
    init = [{"name": "i"}]
    again = make.world(make.pod({"name": "c"}, initContainers=init), i=[1, 0])
    assert [each.name for each in again.of_kind(StartContainer)] == ["i", "i", "c"]
    never = make.world(make.pod({"name": "c"}, initContainers=init, restartPolicy="Never"), i=[1])
    assert [each.name for each in never.of_kind(StartContainer)] == ["i"]
    assert podmachine.finished(never.state)


def test_the_first_restart_is_immediate_and_the_next_ones_wait_longer_and_longer(make: SimpleNamespace) -> None:
    world = make.world(make.pod({"name": "c"}), c=[1] * 20)
    assert [each.attempt for each in world.of_kind(StartContainer)] == [0, 1]
    starts = []
    for second in range(1, 1200):
        world.now = float(second)
        before = len(world.of_kind(StartContainer))
        world.tell(Tick())
        if len(world.of_kind(StartContainer)) > before:
            starts.append(second)
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    assert starts[0] == 10
    assert gaps[:5] == [20, 40, 80, 160, 300]
    told = world.of_kind(Tell)[0]
    assert (told.type, told.reason) == ("Warning", "BackOff")
    assert told.message == "Back-off restarting failed container c in pod web-0_default(u1)"


def test_waiting_for_a_restart_says_for_how_long(make: SimpleNamespace) -> None:
    world = make.world(make.pod({"name": "c"}), c=[1, 1])
    assert world.state.containers["c"].waiting is None  # how it ended shows first
    world.now = 2.0
    world.tell(Tick())
    message = "back-off 10s restarting failed container=c pod=web-0_default(u1)"
    assert world.state.containers["c"].waiting == ("CrashLoopBackOff", message)


@pytest.mark.parametrize(("seconds", "text"), [(10, "10s"), (80, "1m20s"), (300, "5m0s")])
def test_durations_are_written_as_go_writes_them(seconds: float, text: str) -> None:
    assert podmachine.duration(seconds) == text


@pytest.mark.parametrize(
    ("policy", "code", "starts"),
    [("Always", 0, 2), ("OnFailure", 0, 1), ("OnFailure", 3, 2), ("Never", 0, 1), ("Never", 3, 1)],
)
def test_restart_policy(make: SimpleNamespace, policy: str, code: int, starts: int) -> None:
    world = make.world(make.pod({"name": "c"}, restartPolicy=policy), c=[code])
    assert len(world.of_kind(StartContainer)) == starts


def test_a_finished_pod_gives_its_sandbox_back_and_stays(make: SimpleNamespace) -> None:
    world = make.world(make.pod({"name": "c"}, restartPolicy="Never"), c=[0])
    assert kinds(world.orders)[-1] == "StopSandbox"
    assert not world.of_kind(CleanUp, DeletePod)


def test_deletion_stops_cleans_and_deletes_once(make: SimpleNamespace) -> None:
    pod = make.pod({"name": "c"})
    world = make.world(pod)
    world.tell(PodSeen(make.deleted(pod)), Tick(), Tick())
    assert kinds(world.orders)[3:] == ["StopContainer", "StopSandbox", "CleanUp", "DeletePod"]
    assert world.of_kind(StopContainer)[0].grace == 30
    assert world.state.done


def test_sidecars_stop_last_in_reverse_order(make: SimpleNamespace) -> None:
    pod = make.pod({"name": "c"}, initContainers=[{**SIDECAR, "name": "one"}, {**SIDECAR, "name": "two"}])
    world = make.world(pod)
    world.tell(PodSeen(make.deleted(pod)))
    assert [each.name for each in world.of_kind(StopContainer)] == ["c", "two", "one"]


def test_a_shorter_grace_overtakes_a_stop_under_way(make: SimpleNamespace) -> None:
    pod = make.pod({"name": "c"})
    state = make.world(pod).state
    state, first = podmachine.handle(state, PodSeen(make.deleted(pod, 30)), 1.0)
    state, second = podmachine.handle(state, PodSeen(make.deleted(pod, 2)), 2.0)
    assert [each.grace for each in first + second if isinstance(each, StopContainer)] == [30, 2]


def test_a_pod_removed_by_force_is_taken_down_without_another_delete(make: SimpleNamespace) -> None:
    pod = make.pod({"name": "c"})
    world = make.world(pod)
    world.tell(PodGone(make.deleted(pod, 0)))
    assert kinds(world.orders)[3:] == ["StopContainer", "StopSandbox", "CleanUp"]
    assert world.of_kind(StopContainer)[0].grace == 1
    assert world.state.done


def test_a_refused_pod_gets_nothing(make: SimpleNamespace) -> None:
    state = podmachine.begin(make.pod(), 0.0)
    state, orders = podmachine.handle(state, Admitted(Verdict("OutOfcpu", "Pod was rejected: no")), 0.0)
    assert not orders


def test_the_deadline_of_a_pod_ends_it(make: SimpleNamespace) -> None:
    world = make.world(make.pod({"name": "c"}, activeDeadlineSeconds=5))
    assert WakeAt(5.0) in world.orders
    world.now = 5.0
    world.tell(Tick())
    assert world.of_kind(StopContainer)
    assert world.state.verdict is not None
    assert world.of_kind(Tell)[0].reason == "DeadlineExceeded"


def test_a_failed_liveness_probe_restarts_that_container_only(make: SimpleNamespace) -> None:
    world = make.world(make.pod({"name": "a", "livenessProbe": {"tcpSocket": {"port": 1}}}, {"name": "b"}))
    world.tell(Probed("a", "a-0", "liveness", False))
    assert [(each.name, each.message) for each in world.of_kind(StopContainer)] == [
        ("a", "Container a failed liveness probe, will be restarted")
    ]
    assert [(each.name, each.attempt) for each in world.of_kind(StartContainer)][-1] == ("a", 1)


def test_a_probe_of_an_earlier_run_changes_nothing(make: SimpleNamespace) -> None:
    world = make.world(make.pod({"name": "c", "readinessProbe": {"tcpSocket": {"port": 1}}}))
    world.tell(Probed("c", "c-9", "readiness", True))
    assert not world.state.containers["c"].ready
    world.tell(Probed("c", "c-0", "readiness", True))
    assert world.state.containers["c"].ready


def test_a_lost_sandbox_is_made_anew_with_its_containers(make: SimpleNamespace) -> None:
    world = make.world(make.pod({"name": "c"}))
    world.tell(ContainerSeen(make.container("c", 0, Phase.EXITED)), SandboxSeen("s0", None))
    assert [each.attempt for each in world.of_kind(RunSandbox)] == [0, 1]
    assert any(each.reason == "SandboxChanged" for each in world.of_kind(Tell))


def test_a_lost_container_counts_as_killed(make: SimpleNamespace) -> None:
    world = make.world(make.pod({"name": "c"}, restartPolicy="Never"))
    world.tell(ContainerLost("c-0"))
    seen = world.state.containers["c"].seen
    assert seen is not None
    assert (seen.exit_code, seen.reason) == (137, "ContainerStatusUnknown")


def test_a_restarted_agent_goes_on_with_what_is_there(make: SimpleNamespace) -> None:
    state = podmachine.begin(make.pod({"name": "c"}), 0.0)
    orders = []
    running = ContainerSeen(make.container("c", 3))
    for event in (SandboxSeen("s2", make.sandbox(2)), running, Admitted(), Done("volumes"), running, Tick()):
        state, more = podmachine.handle(state, event, 9.0)
        orders += more
    assert kinds(orders) == ["PrepareVolumes"]
    assert state.containers["c"].ready


def test_a_failed_pull_shows_as_such_and_then_as_waiting(make: SimpleNamespace) -> None:
    state = podmachine.begin(make.pod({"name": "c", "image": "x"}), 0.0)
    for event in (Admitted(), Done("volumes"), Done("sandbox", make.sandbox())):
        state, _ = podmachine.handle(state, event, 0.0)
    failed = Done("start:c", failed=True, reason="ErrImagePull", message="no")
    state, _ = podmachine.handle(state, failed, 0.0)
    assert state.containers["c"].waiting == ("ErrImagePull", "no")
    state, orders = podmachine.handle(state, Tick(), 2.0)
    assert state.containers["c"].waiting == ("ImagePullBackOff", 'Back-off pulling image "x": ErrImagePull: no')
    assert [each.reason for each in orders if isinstance(each, Tell)] == ["BackOff", "Failed"]
    state, orders = podmachine.handle(state, Tick(), 10.0)
    assert kinds(orders) == ["StartContainer"]


def test_a_container_whose_hook_failed_starts_again_as_one_that_ended(make: SimpleNamespace) -> None:
    state = podmachine.begin(make.pod({"name": "c", "image": "x"}), 0.0)
    for event in (Admitted(), Done("volumes"), Done("sandbox", make.sandbox())):
        state, _ = podmachine.handle(state, event, 0.0)
    killed = make.container("c", 0, Phase.EXITED, exit_code=137)
    state, orders = podmachine.handle(state, Done("start:c", killed, "PostStartHookError", "no", failed=True), 3.0)
    assert [each.attempt for each in orders if isinstance(each, StartContainer)] == [1]
    killed = make.container("c", 1, Phase.EXITED, exit_code=137)
    state, orders = podmachine.handle(state, Done("start:c", killed, "PostStartHookError", "no", failed=True), 3.0)
    assert kinds(orders) == []
    assert state.containers["c"].waiting == ("PostStartHookError", "no")
    state, _ = podmachine.handle(state, Tick(), 5.0)
    assert (state.containers["c"].waiting or ("",))[0] == "CrashLoopBackOff"
    _, orders = podmachine.handle(state, Tick(), 13.0)
    assert kinds(orders) == ["StartContainer"]


EVENTS = st.sampled_from(
    ["tick", "exit", "lost", "sandbox-gone", "again", "ready", "unready", "dead", "delete", "fail", "succeed"]
)


class Shaken:
    """A machine whose events come in any order, with operations that end late or fail."""

    def __init__(self, make: SimpleNamespace) -> None:
        self.make = make
        self.pod = make.pod({"name": "a"}, {"name": "b"}, initContainers=[SIDECAR])
        self.state: PodState = podmachine.begin(self.pod, 0.0)
        self.now = 0.0
        self.open: list[Any] = []
        self.deletes = 0
        self.tell(Admitted())

    def tell(self, event: Any) -> None:
        before = self.state.busy
        self.state, orders = podmachine.handle(self.state, event, self.now)
        for order in orders:
            if isinstance(order, DeletePod):
                self.deletes += 1
                assert not any(each.running for each in self.state.containers.values()), "deleted while running"
        self.open += [each for each in orders if not isinstance(each, Tell | WakeAt)]
        starting = [each for each in self.state.busy if each.startswith("start:")]
        assert len(starting) <= 1, "two starts at once"
        assert len(self.state.busy | before) < 12

    def act(self, what: str) -> None:
        self.now += 3.0
        running = [each for each in self.state.containers.values() if each.running and each.seen]
        if what == "delete":
            self.pod = self.make.deleted(self.pod)
            self.tell(PodSeen(self.pod))
        elif what == "sandbox-gone" and self.state.sandbox:
            self.tell(SandboxSeen(self.state.sandbox.id, None))
        elif what in ("fail", "succeed"):
            self.finish(what == "fail")
        elif what == "again":
            self.tell(PodSeen(self.pod))
        elif running and what in ("exit", "lost"):
            seen = running[0].seen
            assert seen
            ended = self.make.container(seen.name, seen.attempt, Phase.EXITED, finished_at=self.now)
            self.tell(ContainerSeen(ended) if what == "exit" else ContainerLost(seen.id))
        elif running and what in ("ready", "unready", "dead"):
            seen = running[-1].seen
            assert seen
            kind = "liveness" if what == "dead" else "readiness"
            self.tell(Probed(seen.name, seen.id, kind, what == "ready"))
        else:
            self.tell(Tick())

    def finish(self, failed: bool) -> None:
        """The oldest open operation ends."""
        if not self.open:
            self.tell(Tick())
            return
        order = self.open.pop(0)
        name = {PrepareVolumes: "volumes", StopSandbox: "stop-sandbox", CleanUp: "clean", DeletePod: "delete"}
        if isinstance(order, RunSandbox):
            self.tell(Done("sandbox", None if failed else self.make.sandbox(order.attempt), failed=failed))
        elif isinstance(order, StartContainer):
            seen = None if failed else self.make.container(order.name, order.attempt, started_at=self.now)
            self.tell(Done(f"start:{order.name}", seen, failed=failed, reason="RunContainerError" if failed else ""))
        elif isinstance(order, StopContainer):
            known = self.state.containers[order.name].seen
            attempt = known.attempt if known else 0
            ended = self.make.container(order.name, attempt, Phase.EXITED, finished_at=self.now)
            self.tell(Done(f"stop:{order.name}", None if failed else ended, failed=failed))
        elif type(order) in name:
            self.tell(Done(name[type(order)], failed=failed))


@given(st.lists(EVENTS, max_size=60))
def test_whatever_happens_deletion_ends_and_nothing_is_done_twice(make: SimpleNamespace, story: list[str]) -> None:
    shaken = Shaken(make)
    attempts = {name: 0 for name in shaken.state.containers}
    for what in story:
        shaken.act(what)
        for name, known in shaken.state.containers.items():
            seen = known.seen.attempt if known.seen else 0
            assert seen >= attempts[name], "the restart count went down"
            attempts[name] = seen
    shaken.act("delete")
    for _ in range(40):
        if shaken.state.done:
            break
        shaken.finish(failed=False)
        if shaken.state.cleaned:
            shaken.tell(StatusWritten())
    assert shaken.state.done
    assert shaken.deletes >= 1
