"""Which empty fields stay and which go."""

import json

from hypothesis import given
from hypothesis import strategies as st

from eachpod.model.shape import shape, zero


def test_empty_fields_vanish_or_stay_as_in_go() -> None:
    pod = {
        "metadata": {"name": "p", "labels": {}, "annotations": None},
        "spec": {
            "hostNetwork": False,
            "initContainers": [],
            "nodeName": "",
            "terminationGracePeriodSeconds": 0,
            "containers": [{"name": "c", "env": [{"name": "A", "value": ""}], "stdin": False}],
        },
    }
    shape("core/v1.Pod").fit(pod)
    assert pod == {
        "metadata": {"name": "p"},
        # A pointer field keeps its zero; by value it would be gone. Structs by value are always there.
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "containers": [{"name": "c", "env": [{"name": "A"}], "resources": {}}],
        },
        "status": {},
    }


def test_quantities_become_canonical() -> None:
    resources = shape("core/v1.ResourceRequirements").fit({"limits": {"cpu": 1, "memory": "1024Mi"}})
    assert resources == {"limits": {"cpu": "1", "memory": "1Gi"}}


def test_zero_has_what_is_always_written() -> None:
    assert zero("apps/v1.StatefulSetStatus") == {"replicas": 0, "availableReplicas": 0}
    assert zero("policy/v1.PodDisruptionBudgetStatus") == {
        "disruptionsAllowed": 0,
        "currentHealthy": 0,
        "desiredHealthy": 0,
        "expectedPods": 0,
    }


def test_unknown_fields_and_wrong_types_are_left_alone() -> None:
    odd = {"spec": {"containers": "none", "newField": []}, "metadata": 3, "status": {}}
    assert shape("core/v1.Pod").fit(json.loads(json.dumps(odd))) == odd


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)
fields = st.sampled_from(["name", "ports", "env", "resources", "tty", "command", "livenessProbe", "other"])


@given(st.dictionaries(fields, json_values))
def test_fitting_twice_changes_nothing_more(container: dict[str, object]) -> None:
    once = shape("core/v1.Container").fit(container)
    again = shape("core/v1.Container").fit(json.loads(json.dumps(once)))
    assert again == once


def test_what_is_switched_off_is_dropped() -> None:
    spec = {"holderIdentity": "a", "strategy": "OldestEmulationVersion", "preferredHolder": "b"}
    assert shape("coordination/v1.LeaseSpec").fit(spec) == {"holderIdentity": "a"}
