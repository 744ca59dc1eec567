"""What a pod's endpoints `resize` and `ephemeralcontainers` take over, and what they refuse."""

from typing import Any

import pytest

from eachpod.model.podspec.subresources import (
    take_ephemeral_containers,
    take_resources,
    validate_ephemeral_changes,
    validate_resize,
)
from eachpod.model.wellknown import MIRROR_POD


def container(name: str = "c", cpu: str = "1", **more: Any) -> dict[str, Any]:
    return {"name": name, "image": "i", "resources": {"requests": {"cpu": cpu}}, **more}


def pod(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "p", "labels": {"a": "old"}}, "spec": {"containers": list(containers), **spec}}


def test_a_resize_takes_amounts_and_nothing_else() -> None:
    sent = pod(container(cpu="2", image="other"), nodeName="elsewhere")
    made = take_resources(sent, pod(container(), nodeName="n1"))
    assert made["spec"] == {"containers": [container(cpu="2")], "nodeName": "n1"}


def test_a_resize_policy_and_the_pods_own_amounts_are_taken_too() -> None:
    policy = [{"resourceName": "cpu", "restartPolicy": "NotRequired"}]
    own = {"requests": {"cpu": "4"}}
    made = take_resources(pod(container(resizePolicy=policy), resources=own), pod(container()))
    assert made["spec"] == {"containers": [container(resizePolicy=policy)], "resources": own}


MIRROR = {**pod(container()), "metadata": {"annotations": {MIRROR_POD: "x"}}}
LIMITED = container(resources={"requests": {"cpu": "1"}, "limits": {"cpu": "1"}})
OLD_NODE = {**pod(container()), "status": {"containerStatuses": [{"state": {"running": {}}}]}}


@pytest.mark.parametrize(
    ("new", "old", "told"),
    [
        (pod(container(cpu="2")), pod(container()), ""),
        (pod(container()), MIRROR, "static pods cannot be resized"),
        (pod(container()), pod(container(), os={"name": "windows"}), "windows pods cannot be resized"),
        (pod(container(resources={})), pod(container()), "Pod QOS Class may not change"),
        (pod(container(cpu="2")), OLD_NODE, "Pod running on node without support for resize"),
        (pod(container(), container("d")), pod(container()), "containers may not be added or removed on resize"),
        (pod(container("d")), pod(container()), "containers may not be renamed or reordered on resize"),
        (pod(container()), pod(LIMITED), "resource limits cannot be removed"),
        (pod(container(image="x")), pod(container()), "only cpu and memory resources are mutable"),
    ],
)
def test_what_a_resize_refuses(new: dict[str, Any], old: dict[str, Any], told: str) -> None:
    found = [str(fault) for fault in validate_resize(new, old)]
    assert any(told in text for text in found) if told else found == []


DEBUG = {"name": "debug", "image": "busybox"}


def test_ephemeral_containers_are_taken_and_nothing_else() -> None:
    sent = pod(container(image="other"), ephemeralContainers=[DEBUG])
    assert take_ephemeral_containers(sent, pod(container()))["spec"] == {
        "containers": [container()], "ephemeralContainers": [DEBUG],
    }  # fmt: skip
    assert take_ephemeral_containers(pod(), pod(container(), ephemeralContainers=[DEBUG]))["spec"] == {
        "containers": [container()]
    }


@pytest.mark.parametrize(
    ("after", "told"),
    [
        ([DEBUG, {"name": "more"}], ""),
        ([], 'existing ephemeral containers "debug" may not be removed'),
        ([{**DEBUG, "image": "other"}], 'existing ephemeral containers "debug" may not be changed'),
    ],
)
def test_ephemeral_containers_are_only_ever_added(after: list[dict[str, Any]], told: str) -> None:
    old = pod(container(), ephemeralContainers=[DEBUG])
    found = [str(fault) for fault in validate_ephemeral_changes(pod(container(), ephemeralContainers=after), old)]
    assert any(told in text for text in found) if told else found == []
    assert "static pods" in str(validate_ephemeral_changes(old, MIRROR)[0])
