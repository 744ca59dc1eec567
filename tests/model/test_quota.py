"""What objects use of a quota."""

from typing import Any

import pytest

from eachpod.model import quota
from eachpod.model.resources import CONFIGMAP, PERSISTENTVOLUMECLAIM, POD, SERVICE


def pod(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"spec": {"containers": list(containers), **spec}}


def container(cpu: str = "", limit: str = "", **more: Any) -> dict[str, Any]:
    amounts = {"requests": {"cpu": cpu} if cpu else {}, "limits": {"cpu": limit} if limit else {}}
    return {"name": "app", "resources": amounts, **more}


LIMITS = {"pods": "1", "requests.cpu": "1", "cpu": "1", "limits.cpu": "1", "count/pods": "1"}


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        (pod(container("500m"), container("600m")), {"pods": "1", "requests.cpu": "1100m", "limits.cpu": "0"}),
        (pod(container("1"), initContainers=[container("2")]), {"requests.cpu": "2"}),
        (pod(container("1"), initContainers=[container("2", restartPolicy="Always")]), {"requests.cpu": "3"}),
        (pod(container("1"), overhead={"cpu": "100m"}), {"cpu": "1100m"}),
        (pod(container("1"), resources={"requests": {"cpu": "3"}}), {"cpu": "3"}),
        (pod(container("1", "1"), overhead={"cpu": "100m", "memory": "1"}), {"limits.cpu": "1100m"}),
        ({**pod(container("1")), "status": {"phase": "Failed"}}, {"pods": "0", "cpu": "0", "count/pods": "1"}),
    ],
)
def test_pods(obj: dict[str, Any], expected: dict[str, str]) -> None:
    shown = quota.shown(quota.usage(POD, obj), LIMITS)
    assert {name: shown[name] for name in expected} == expected


def test_other_kinds() -> None:
    service = {"spec": {"type": "NodePort", "ports": [{}, {}]}}
    names = {"services": "9", "services.nodeports": "9", "services.loadbalancers": "9"}
    assert list(quota.shown(quota.usage(SERVICE, service), names).values()) == ["1", "2", "0"]
    claim = {"spec": {"storageClassName": "fast", "resources": {"requests": {"storage": "2Gi"}}}}
    names = {"requests.storage": "9Gi", "fast.storageclass.storage.k8s.io/requests.storage": "9Gi"}
    assert list(quota.shown(quota.usage(PERSISTENTVOLUMECLAIM, claim), names).values()) == ["2Gi", "2Gi"]
    assert quota.usage(CONFIGMAP, {}) == {"count/configmaps": 1, "configmaps": 1}


@pytest.mark.parametrize(
    ("scopes", "obj", "expected"),
    [
        ([], pod(container()), True),
        (["BestEffort"], pod(container()), True),
        (["BestEffort"], pod(container("1")), False),
        (["NotBestEffort"], pod(container("1")), True),
        (["NotTerminating", "BestEffort"], pod(container()), True),
        (["Terminating"], pod(container(), activeDeadlineSeconds=5), True),
    ],
)
def test_scopes(scopes: list[str], obj: dict[str, Any], expected: bool) -> None:
    each = {"spec": {"scopes": scopes}}
    assert quota.in_scope(each, POD, obj) == expected
    assert quota.in_scope(each, CONFIGMAP, {}) == (not scopes)


def test_what_is_left_out_is_named() -> None:
    each = {"spec": {"hard": {"requests.cpu": "1", "limits.cpu": "1", "pods": "2"}}}
    assert quota.unspecified(each, pod(container("1"))) == {"limits.cpu": ["app"]}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("pods", "pods"),
        ("cpu", "pods"),
        ("count/statefulsets.apps", "statefulsets.apps"),
        ("services.nodeports", "services"),
        ("fast.storageclass.storage.k8s.io/persistentvolumeclaims", "persistentvolumeclaims"),
        ("requests.storage", "persistentvolumeclaims"),
        ("secrets", "secrets"),
    ],
)
def test_names_tell_what_they_count(name: str, kind: str) -> None:
    assert quota.counted(name) == kind
