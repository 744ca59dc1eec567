"""Default service accounts, CA bundles, and what is told of a namespace that is being emptied."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from eachpod.controllers import rootca, serviceaccount
from eachpod.controllers.config import ControllersConfig
from eachpod.controllers.namespacecontent import Remaining, finalized, is_ending, seconds_of_grace, with_conditions
from eachpod.controllers.plan import Create, Update
from eachpod.controllers.view import Key, View
from eachpod.model.objects import Object, condition
from eachpod.model.resources import CONFIGMAP, POD, STATEFULSET

KEY = Key("", "d")
LIVE: Object = {"metadata": {"name": "d"}, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}
ENDING: Object = {
    "metadata": {"name": "d", "deletionTimestamp": "2026-01-01T00:00:00Z"},
    "spec": {"finalizers": ["kubernetes", "mine"]},
    "status": {"phase": "Terminating"},
}
MakeView = Callable[..., View]


def test_every_live_namespace_has_a_default_account(view_of: MakeView) -> None:
    (change,) = serviceaccount.reconcile(view_of(serviceaccount.CONTROLLER, namespaces=[LIVE]), KEY, 0.0).changes
    assert isinstance(change, Create)
    assert change.object["metadata"] == {"name": "default", "namespace": "d"}
    assert not serviceaccount.reconcile(view_of(serviceaccount.CONTROLLER, namespaces=[ENDING]), KEY, 0.0)
    there = [{"metadata": {"name": "default", "namespace": "d"}}]
    view = view_of(serviceaccount.CONTROLLER, namespaces=[LIVE], serviceaccounts=there)
    assert not serviceaccount.reconcile(view, KEY, 0.0)


def bundle(text: str) -> Object:
    return {
        "metadata": {"name": "kube-root-ca.crt", "namespace": "d", "labels": {"my": "own"}},
        "data": {"ca.crt": text},
    }


@pytest.mark.parametrize(("held", "change"), [([], Create), ([bundle("old")], Update), ([bundle("CA")], Update)])
def test_the_bundle_is_made_and_repaired(view_of: MakeView, held: list[Object], change: type) -> None:
    config = ControllersConfig(root_ca=b"CA")
    plan = rootca.reconcile(view_of(rootca.CONTROLLER, config, namespaces=[LIVE], configmaps=held), KEY, 0.0)
    (made,) = plan.changes
    assert isinstance(made, change)
    assert made.object["data"] == {"ca.crt": "CA"}
    again = view_of(rootca.CONTROLLER, config, namespaces=[LIVE], configmaps=[made.object])
    assert not rootca.reconcile(again, KEY, 0.0)


def conditions(remaining: Remaining) -> dict[str, tuple[str, str]]:
    found = with_conditions(ENDING, remaining, 0.0)["status"]["conditions"]
    return {one["type"]: (one["status"], one["message"]) for one in found}


def test_what_remains_is_told() -> None:
    remaining = Remaining()
    held: dict[str, Any] = {"metadata": {"name": "c", "finalizers": ["example.org/x"]}}
    remaining.add("d", CONFIGMAP, [held], graceful=False)
    found = conditions(remaining)
    assert found["NamespaceContentRemaining"] == (
        "True",
        "Some resources are remaining: configmaps. has 1 resource instances",
    )
    assert found["NamespaceFinalizersRemaining"][1].endswith("remaining: example.org/x in 1 resource instances")
    assert found["NamespaceDeletionContentFailure"][0] == "False"
    assert not remaining.nothing


def test_what_stays_without_reason_is_a_failure() -> None:
    remaining = Remaining(only_pods=True)
    remaining.add("d", POD, [{"metadata": {"name": "p"}}], graceful=False)
    assert (
        "unexpected items still remain in namespace: d for gvr: /v1, Resource=pods"
        in (conditions(remaining)["NamespaceDeletionContentFailure"][1])
    )
    assert conditions(remaining)["NamespaceContentRemaining"][0] == "False"


FINE = {
    "NamespaceDeletionDiscoveryFailure": ("ResourcesDiscovered", "All resources successfully discovered"),
    "NamespaceDeletionGroupVersionParsingFailure": ("ParsedGroupVersions", "All legacy kube types successfully parsed"),
    "NamespaceDeletionContentFailure": (
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    "NamespaceContentRemaining": ("ContentRemoved", "All content successfully removed"),
    "NamespaceFinalizersRemaining": ("ContentHasNoFinalizers", "All content-preserving finalizers finished"),
}
DISCOVERY = (
    "Discovery failed for some groups, 2 failing: unable to retrieve the complete list of server APIs: a/v1: x, b/v1: y"
)
RESOURCES_LEFT = (
    "Some resources are remaining: configmaps. has 2 resource instances, statefulsets.apps has 1 resource instances"
)
FINALIZERS_LEFT = (
    "Some content in the namespace has finalizers remaining: a in 1 resource instances, b in 2 resource instances"
)


@pytest.mark.parametrize(
    ("remaining", "troubles"),
    [
        (Remaining(), {}),
        (
            Remaining(discovery={"b/v1": "y", "a/v1": "x"}),
            {"NamespaceDeletionDiscoveryFailure": ("DiscoveryFailed", DISCOVERY)},
        ),
        (
            Remaining(errors=["b", "a"]),
            {
                "NamespaceDeletionContentFailure": (
                    "ContentDeletionFailed",
                    "Failed to delete all resource types, 2 remaining: a, b",
                )
            },
        ),
        (
            Remaining({STATEFULSET: 1, CONFIGMAP: 2}, Counter(b=2, a=1)),
            {
                "NamespaceContentRemaining": ("SomeResourcesRemain", RESOURCES_LEFT),
                "NamespaceFinalizersRemaining": ("SomeFinalizersRemain", FINALIZERS_LEFT),
            },
        ),
        (Remaining({POD: 1}, Counter(a=1), only_pods=True), {}),
        (
            Remaining({POD: 1}, errors=["a"], only_pods=True),
            {
                "NamespaceDeletionContentFailure": (
                    "ContentDeletionFailed",
                    "Failed to delete all resource types, 1 remaining: a",
                )
            },
        ),
    ],
)
def test_each_condition_says_its_own(remaining: Remaining, troubles: dict[str, tuple[str, str]]) -> None:
    found = with_conditions(ENDING, remaining, 0.0)["status"]["conditions"]
    said = {one["type"]: (one["reason"], one["message"]) for one in found}
    assert said == {**FINE, **troubles}
    assert {one["type"] for one in found if one["status"] == "True"} == set(troubles)


def test_a_condition_keeps_its_time_while_its_status_stays() -> None:
    first = with_conditions(ENDING, Remaining(errors=["a"]), 0.0)
    for remaining, changes in ((Remaining(errors=["b"]), False), (Remaining(), True)):
        later = with_conditions(first, remaining, 60.0)
        before, after = (condition(one, "NamespaceDeletionContentFailure") or {} for one in (first, later))
        assert (before["lastTransitionTime"] != after["lastTransitionTime"]) is changes
        assert [one["type"] for one in later["status"]["conditions"]] == list(FINE)


def test_equal_conditions_are_not_written_again() -> None:
    told = with_conditions(ENDING, Remaining(), 0.0)
    assert with_conditions(told, Remaining(), 99.0) is told


def test_only_our_finalizer_goes() -> None:
    assert is_ending(ENDING)
    assert finalized(ENDING)["spec"]["finalizers"] == ["mine"]
    assert not is_ending(finalized(ENDING))
    assert not is_ending(LIVE)


def test_the_slowest_pod_gives_the_grace() -> None:
    pods: list[Object] = [
        {"spec": {"terminationGracePeriodSeconds": 30}},
        {"spec": {"terminationGracePeriodSeconds": 90}, "status": {"phase": "Failed"}},
    ]
    assert seconds_of_grace(pods, 100.0, 110.0) == 20
    assert seconds_of_grace([], 0.0, 1.0) == 0
