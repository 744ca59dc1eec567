"""The pod's status, in the kubelet's words."""

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from eachpod.model.objects import condition
from eachpod.node import podmachine, podspec
from eachpod.node.phase import phase
from eachpod.node.podstate import Admitted, ContainerSeen, Done, HostInfo, PodSeen, PodState, Tick, Verdict
from eachpod.node.runtime import Phase
from eachpod.node.status import generate
from eachpod.node.statuspatch import status_patch

HOST = HostInfo("n1", ("192.168.0.5",))


def of(state: str, code: int = 0, last: int | None = None, name: str = "c") -> dict[str, Any]:
    told = {"exitCode": code} if state == "terminated" else {}
    ended = {} if last is None else {"terminated": {"exitCode": last}}
    return {"name": name, "state": {state: told}, "lastState": ended, "started": state == "running"}


@pytest.mark.parametrize(
    ("policy", "statuses", "over", "expected"),
    [
        ("Always", [of("waiting")], False, "Pending"),
        ("Always", [of("running")], False, "Running"),
        ("Always", [of("terminated", 0)], False, "Running"),
        ("Always", [of("waiting", last=1)], False, "Running"),
        ("Always", [of("terminated", 0)], True, "Succeeded"),
        ("Always", [of("terminated", 1)], True, "Failed"),
        ("OnFailure", [of("terminated", 0)], False, "Succeeded"),
        ("OnFailure", [of("terminated", 1)], False, "Running"),
        ("Never", [of("terminated", 1)], False, "Failed"),
        ("Never", [], False, "Pending"),
    ],
)
def test_phase_of_one_container(
    make: SimpleNamespace, policy: str, statuses: list[Any], over: bool, expected: str
) -> None:
    pod = make.pod({"name": "c"}, restartPolicy=policy)
    assert phase(pod, statuses, over=over, initialized=False) == expected


@pytest.mark.parametrize(
    ("init", "policy", "expected"),
    [
        (of("running", name="i"), "Always", "Pending"),
        (of("terminated", 1, name="i"), "Never", "Failed"),
        (of("terminated", 1, name="i"), "Always", "Pending"),
        (of("terminated", 0, name="i"), "Always", "Running"),
    ],
)
def test_phase_with_an_init_container(make: SimpleNamespace, init: Any, policy: str, expected: str) -> None:
    pod = make.pod({"name": "c"}, initContainers=[{"name": "i"}], restartPolicy=policy)
    regular = of("running") if expected == "Running" else of("waiting")
    assert phase(pod, [init, regular], over=False, initialized=False) == expected


def test_a_running_pod(make: SimpleNamespace) -> None:
    world = make.world(make.pod({"name": "c", "image": "nginx"}))
    status = generate(world.state, HOST, 10.0)
    assert (status["phase"], status["podIP"], status["hostIP"]) == ("Running", "10.0.0.2", "192.168.0.5")
    assert status["observedGeneration"] == 1
    assert status["qosClass"] == "BestEffort"
    assert [(each["type"], each["status"]) for each in status["conditions"]] == [
        ("PodReadyToStartContainers", "True"), ("Initialized", "True"), ("Ready", "True"),
        ("ContainersReady", "True"), ("PodScheduled", "True"),
    ]  # fmt: skip
    only = status["containerStatuses"][0]
    assert only["containerID"] == "containerd://c-0"
    assert (only["ready"], only["started"], only["restartCount"]) == (True, True, 0)


def in_its_hook(make: SimpleNamespace, attempt: int = 0) -> PodState:
    """A container that runs, while its start is still under way."""
    state = podmachine.begin(make.pod({"name": "c", "image": "nginx"}), 0.0)
    events = [Admitted(), Done("volumes"), Done("sandbox", make.sandbox())]
    if attempt:
        events += [ContainerSeen(make.container("c", attempt - 1)), Done("start:c")]
        events.append(ContainerSeen(make.container("c", attempt - 1, Phase.EXITED, exit_code=7)))
    for event in (*events, ContainerSeen(make.container("c", attempt))):
        state, _ = podmachine.handle(state, event, 4.0)
    return state


def test_nobody_counts_on_a_container_whose_post_start_hook_has_not_ended(make: SimpleNamespace) -> None:
    status = generate(in_its_hook(make), HOST, 4.0)
    assert status["phase"] == "Pending"
    assert status["containerStatuses"][0]["state"] == {"waiting": {"reason": "ContainerCreating"}}
    assert not status["containerStatuses"][0]["ready"]
    state, _ = podmachine.handle(in_its_hook(make), Done("start:c", make.container("c")), 5.0)
    assert generate(state, HOST, 5.0)["containerStatuses"][0]["ready"]


def test_a_restarted_one_shows_in_its_hook_how_it_ended_before(make: SimpleNamespace) -> None:
    shown = generate(in_its_hook(make, attempt=1), HOST, 4.0)["containerStatuses"][0]
    assert "waiting" in shown["state"]
    assert (shown["lastState"]["terminated"]["exitCode"], shown["restartCount"], shown["ready"]) == (7, 0, False)


def test_unready_containers_are_named(make: SimpleNamespace) -> None:
    probe = {"tcpSocket": {"port": 1}}
    world = make.world(make.pod({"name": "a", "readinessProbe": probe}, {"name": "b", "readinessProbe": probe}))
    status = generate(world.state, HOST, 10.0)
    ready = condition({"status": status}, "Ready")
    assert ready
    assert (ready["reason"], ready["message"]) == ("ContainersNotReady", "containers with unready status: [a b]")


def test_readiness_gates_hold_ready_back(make: SimpleNamespace) -> None:
    world = make.world(make.pod(readinessGates=[{"conditionType": "x/y"}]))
    status = generate(world.state, HOST, 10.0)
    ready = condition({"status": status}, "Ready")
    assert ready
    assert ready["message"] == 'corresponding condition of pod readiness gate "x/y" does not exist.'
    inner = condition({"status": status}, "ContainersReady")
    assert inner
    assert inner["status"] == "True"


def test_unfinished_init_containers_are_named(make: SimpleNamespace) -> None:
    world = make.world(make.pod({"name": "c"}, initContainers=[{"name": "i"}]))
    status = generate(world.state, HOST, 10.0)
    found = condition({"status": status}, "Initialized")
    assert found
    assert (found["status"], found["message"]) == ("False", "containers with incomplete status: [i]")
    assert status["containerStatuses"][0]["state"] == {"waiting": {"reason": "PodInitializing"}}


def test_between_two_runs_it_shows_how_the_last_one_ended(make: SimpleNamespace) -> None:
    world = make.world(make.pod({"name": "c"}), c=[3, 3])
    ended = generate(world.state, HOST, 0.5)["containerStatuses"][0]
    assert ended["state"]["terminated"]["exitCode"] == 3
    assert ended["restartCount"] == 1
    world.now = 2.0
    world.tell(Tick())
    waiting = generate(world.state, HOST, 2.0)["containerStatuses"][0]
    assert waiting["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert waiting["lastState"]["terminated"]["exitCode"] == 3


def test_a_refused_pod_has_no_containers(make: SimpleNamespace) -> None:
    world = make.world(make.pod())
    state = replace(world.state, verdict=Verdict("OutOfcpu", "Pod was rejected: x"), sandbox=None, addresses=())
    status = generate(replace(state, volumes_ready=False, containers={}), HOST, 1.0)
    assert (status["phase"], status["reason"]) == ("Failed", "OutOfcpu")
    assert "containerStatuses" not in status


@pytest.mark.parametrize(("code", "expected"), [(0, "Succeeded"), (137, "Failed")])
def test_the_last_status_of_a_deleted_pod_is_terminal(make: SimpleNamespace, code: int, expected: str) -> None:
    pod = make.pod({"name": "c"})
    state = make.world(pod).state
    ended = replace(state.containers["c"], seen=make.container("c", 0, Phase.EXITED, exit_code=code))
    state = replace(state, pod=make.deleted(pod), containers={"c": ended})
    assert generate(state, HOST, 9.0)["phase"] == expected


def test_a_terminal_phase_never_changes_back(make: SimpleNamespace) -> None:
    world = make.world(make.pod())
    failed = {**world.state.pod, "status": {"phase": "Failed", "reason": "Evicted"}}
    world.tell(PodSeen(failed))
    status = generate(world.state, HOST, 9.0)
    assert (status["phase"], status["reason"]) == ("Failed", "Evicted")


# Patches


def test_no_patch_where_the_api_has_it_all(make: SimpleNamespace) -> None:
    state = make.world(make.pod()).state
    status = generate(state, HOST, 10.0)
    assert status_patch({**state.pod, "status": status}, status) is None


def test_conditions_of_others_are_not_in_the_patch(make: SimpleNamespace) -> None:
    state = make.world(make.pod()).state
    status = generate(state, HOST, 10.0)
    foreign = {"type": "x/y", "status": "True"}
    has = {**status, "conditions": [foreign, *status["conditions"]]}
    changed = {**status, "conditions": [{**each, "status": "False"} for each in status["conditions"]]}
    patch = status_patch({**state.pod, "status": has}, changed)
    assert patch
    assert "x/y" not in {each["type"] for each in patch["status"]["conditions"]}


def test_a_condition_that_became_true_loses_its_reason(make: SimpleNamespace) -> None:
    old = {"type": "Ready", "status": "False", "reason": "ContainersNotReady", "message": "m"}
    pod = {**make.pod(), "status": {"conditions": [old]}}
    patch = status_patch(pod, {"conditions": [{"type": "Ready", "status": "True"}]})
    assert patch
    assert patch["status"]["conditions"] == [{"type": "Ready", "status": "True", "reason": None, "message": None}]


def test_changed_addresses_replace_the_old_ones(make: SimpleNamespace) -> None:
    pod = {**make.pod(), "status": {"podIPs": [{"ip": "10.0.0.2"}]}}
    patch = status_patch(pod, {"podIPs": [{"ip": "10.0.0.3"}]})
    assert patch
    assert patch["status"]["podIPs"] == [{"ip": "10.0.0.3"}, {"$patch": "replace"}]


def test_resources_are_those_that_the_run_was_made_with(make: SimpleNamespace) -> None:
    small, big = ({"limits": {"cpu": cpu}, "requests": {"cpu": cpu}} for cpu in ("100m", "200m"))
    made = replace(make.container("c"), annotations={podspec.RESOURCES: json.dumps(small)})
    world = make.world(make.pod({"name": "c", "resources": small}))
    world.tell(ContainerSeen(made))
    before = generate(world.state, HOST, 10.0)
    assert condition({"status": before}, "PodResizePending") is None
    resized = {**make.pod({"name": "c", "resources": big}), "status": before}
    world.tell(PodSeen(resized))
    status = generate(world.state, HOST, 20.0)
    found = condition({"status": status}, "PodResizePending")
    assert found
    assert (status["containerStatuses"][0]["resources"], found["reason"]) == (small, "Deferred")
    patch = status_patch({**resized, "status": status}, before)
    assert patch
    assert {"type": "PodResizePending", "$patch": "delete"} in patch["status"]["conditions"]
