"""What is kept of a set's pods from look to look: never another answer, and no pod read twice."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.controllers.statefulset.members import Members, look
from eachpod.model.objects import Object

NAMES = ["web-0", "web-1", "web-2", "web-x", "other-0"]
OWNERS: list[list[Object]] = [[], [{"uid": "S", "controller": True}], [{"uid": "T", "controller": True}]]


def stateful_set(**spec: Any) -> Object:
    meta = {"name": "web", "namespace": "d", "uid": "S"}
    return {"metadata": meta, "spec": {"selector": {"matchLabels": {"app": "web"}}, **spec}}


def pod(
    name: str, app: str = "web", owners: list[Object] = OWNERS[1], ready: str = "True", phase: str = "Running"
) -> Object:
    condition = {"type": "Ready", "status": ready, "lastTransitionTime": "1970-01-01T00:00:07Z"}
    labels = {"app": app, "statefulset.kubernetes.io/pod-name": name}
    meta = {"name": name, "namespace": "d", "labels": labels, "ownerReferences": owners}
    return {"metadata": meta, "spec": {}, "status": {"phase": phase, "conditions": [condition]}}


PODS = st.dictionaries(
    st.sampled_from(NAMES),
    st.tuples(
        st.sampled_from(["web", "x"]),
        st.sampled_from(OWNERS),
        st.sampled_from(["True", "False"]),
        st.sampled_from(["Pending", "Running", "Failed"]),
    ),
)
SETS = st.sampled_from(
    [
        stateful_set(),
        stateful_set(selector={"matchLabels": {"app": "x"}}),
        stateful_set(volumeClaimTemplates=[{"metadata": {"name": "data"}}]),
    ]
)


@given(st.lists(st.tuples(SETS, PODS), min_size=1, max_size=4))
def test_what_is_kept_says_what_a_fresh_look_says(steps: list[tuple[Object, dict[str, Any]]]) -> None:
    seen: Members | None = None
    for set_, pods in steps:
        listed = [pod(name, *state) for name, state in pods.items()]
        seen = look(seen, set_, listed)
        assert seen == look(None, set_, listed)


def test_only_what_changed_is_read_again() -> None:
    pods = [pod(name) for name in NAMES[:3]]
    first = look(None, stateful_set(), pods)
    changed = pod("web-1", ready="False")
    second = look(first, {**stateful_set(), "status": {"replicas": 3}}, [pods[0], changed, pods[2]])
    assert [second.known[name] is first.known[name] for name in NAMES[:3]] == [True, False, True]
    assert not second.known["web-1"].ready


@pytest.mark.parametrize(
    "spec", [{"selector": {"matchLabels": {"app": "x"}}}, {"volumeClaimTemplates": [{"metadata": {"name": "d"}}]}]
)
def test_another_set_sees_its_pods_anew(spec: Object) -> None:
    pods = [pod("web-0")]
    first, second = look(None, stateful_set(), pods), look(None, stateful_set(**spec), pods)
    assert look(first, stateful_set(**spec), pods) == second != first


@pytest.mark.parametrize(
    ("seconds", "now", "available", "wait"), [(0, 0, True, 7), (5, 11, False, 1), (5, 12, True, None)]
)
def test_availability(seconds: int, now: float, available: bool, wait: float | None) -> None:
    member = look(None, stateful_set(), [pod("web-0")]).known["web-0"]
    assert member.is_available(seconds, now) is available
    assert member.available_in(seconds, now) == wait
    unready = dataclasses.replace(member, ready=False, ready_since=None)
    assert not unready.is_available(seconds, now)
    assert unready.available_in(seconds, now) is None
