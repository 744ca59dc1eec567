"""Default service accounts, CA bundles, and what is told of a namespace that is being emptied."""

from collections.abc import Callable
from typing import Any

import pytest

from eachpod.controllers import rootca, serviceaccount
from eachpod.controllers.config import ControllersConfig
from eachpod.controllers.namespacecontent import Remaining, finalized, is_ending, seconds_of_grace, with_conditions
from eachpod.controllers.plan import Create, Update
from eachpod.controllers.view import Key, View
from eachpod.model.objects import Object
from eachpod.model.resources import CONFIGMAP, POD

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
