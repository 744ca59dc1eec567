"""Smaller decisions of the node: addresses, admission, credentials, security, volumes to remove, relists."""

import base64
import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.model.wellknown import LOCAL_VOLUME
from eachpod.node.addresses import Addresses
from eachpod.node.admission import admit
from eachpod.node.credentials import matching, registry_and_path
from eachpod.node.localvolumes import to_be_removed, without_finalizer
from eachpod.node.podstate import ContainerLost, ContainerSeen, SandboxSeen
from eachpod.node.relist import compare
from eachpod.node.runtime import NamespaceMode, Phase, Snapshot
from eachpod.node.security import SecurityFault, container_security, limits

NODE: dict[str, Any] = {
    "metadata": {"name": "n1", "labels": {"kubernetes.io/hostname": "n1"}},
    "status": {"allocatable": {"cpu": "2", "memory": "1Gi", "pods": "3"}},
}


# Addresses


def test_addresses_of_both_families() -> None:
    addresses = Addresses(["10.0.0.0/25", "fd00::/120"])
    assert addresses.take() == ("10.0.0.2", "fd00::2")
    assert addresses.take() == ("10.0.0.3", "fd00::3")
    addresses.give_back(("10.0.0.2", "fd00::2"))
    assert addresses.take() == ("10.0.0.4", "fd00::4")  # one that was just given back rests


def test_an_address_is_kept_for_its_name() -> None:
    addresses = Addresses(["10.0.0.0/29"])
    mine = addresses.take("ns/web-0")
    addresses.give_back(mine)
    others = [addresses.take() for _ in range(4)]
    assert mine not in others
    assert addresses.take("ns/web-0") == mine


@given(st.lists(st.booleans(), max_size=60))
def test_no_address_is_given_twice(story: list[bool]) -> None:
    addresses = Addresses(["10.0.0.0/28"])
    given: list[tuple[str, ...]] = []
    for take in story:
        if take:
            found = addresses.take()
            assert found not in given
            assert found or len(given) == 13
            given += [found] if found else []
        elif given:
            addresses.give_back(given.pop(0))


# Admission


def wanting(cpu: str, **spec: Any) -> dict[str, Any]:
    container = {"name": "c", "resources": {"requests": {"cpu": cpu}}}
    return {"metadata": {"name": "p"}, "spec": {"containers": [container], **spec}, "status": {}}


@pytest.mark.parametrize(
    ("pod", "others", "reason"),
    [
        (wanting("1"), [wanting("1")], ""),
        (wanting("1500m"), [wanting("1")], "OutOfcpu"),
        (wanting("0"), [wanting("0")] * 3, "OutOfpods"),
        (wanting("1", nodeSelector={"disk": "ssd"}), [], "NodeAffinity"),
    ],
)
def test_admission(pod: dict[str, Any], others: list[Any], reason: str) -> None:
    verdict = admit(pod, NODE, others)
    assert (verdict.reason if verdict else "") == reason
    assert not verdict or verdict.message.startswith("Pod was rejected: ")


def test_a_taken_host_port_refuses() -> None:
    with_port = wanting("0")
    with_port["spec"]["containers"][0]["ports"] = [{"containerPort": 80, "hostPort": 80}]
    verdict = admit(with_port, NODE, [with_port])
    assert verdict
    assert verdict.reason == "NodePorts"
    ended = {**with_port, "status": {"phase": "Succeeded"}}
    assert admit(with_port, NODE, [ended]) is None


# Credentials


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("nginx", ("docker.io", "library/nginx")),
        ("nginx:alpine", ("docker.io", "library/nginx")),
        ("a/b@sha256:1", ("docker.io", "a/b")),
        ("localhost:5000/x/y:1", ("localhost:5000", "x/y")),
        ("r.example/x", ("r.example", "x")),
    ],
)
def test_image_references(image: str, expected: tuple[str, str]) -> None:
    assert registry_and_path(image) == expected


@pytest.mark.parametrize(
    ("server", "image", "found"),
    [
        ("https://index.docker.io/v1/", "nginx", True),
        ("r.example", "r.example/x", True),
        ("*.example", "r.example/x", True),
        ("r.example/team", "r.example/team/x", True),
        ("r.example/team", "r.example/other/x", False),
        ("r.example", "nginx", False),
    ],
)
def test_credentials_of_the_images_registry(server: str, image: str, found: bool) -> None:
    auth = base64.b64encode(b"me:pw").decode()
    config = base64.b64encode(json.dumps({"auths": {server: {"auth": auth}}}).encode()).decode()
    credentials = matching(image, [{"data": {".dockerconfigjson": config}}])
    assert [(each.username, each.password) for each in credentials] == ([("me", "pw")] if found else [])


def test_a_broken_secret_is_no_credential() -> None:
    assert matching("nginx", [{"data": {".dockerconfigjson": "!!"}}, {"data": {}}]) == []


# Security and limits


def test_the_containers_own_settings_win() -> None:
    pod = {"spec": {"securityContext": {"runAsUser": 1, "fsGroup": 7, "supplementalGroups": [9]}, "hostPID": True}}
    spec = {"name": "c", "securityContext": {"runAsUser": 2, "allowPrivilegeEscalation": False}}
    found = container_security(pod, spec, None)
    assert (found.run_as_user, found.supplemental_groups, found.no_new_privileges) == (2, (9, 7), True)
    assert (found.pid, found.network) == (NamespaceMode.NODE, NamespaceMode.POD)


@pytest.mark.parametrize(("image_user", "refused"), [(0, True), (None, True), ("nginx", True), (101, False)])
def test_non_root(image_user: int | str | None, refused: bool) -> None:
    pod = {"spec": {"securityContext": {"runAsNonRoot": True}}}
    if refused:
        with pytest.raises(SecurityFault, match=r"\(container: c\)"):
            container_security(pod, {"name": "c"}, image_user)
    else:
        assert container_security(pod, {"name": "c"}, image_user).run_as_user is None


def test_limits() -> None:
    spec = {"resources": {"requests": {"cpu": "250m", "memory": "64Mi"}, "limits": {"cpu": "500m", "memory": "128Mi"}}}
    found = limits({"spec": {"containers": [spec]}}, spec, 1 << 30)
    assert (found.cpu_shares, found.cpu_quota, found.cpu_period) == (256, 50_000, 100_000)
    assert found.memory_limit == 128 << 20
    assert 3 <= found.oom_score_adj < 1000
    assert limits({"spec": {"containers": [{}]}}, {}, 1 << 30).oom_score_adj == 1000


# Local volumes


@pytest.mark.parametrize(
    ("phase", "host", "finalizers", "expected"),
    [
        ("Released", "n1", [LOCAL_VOLUME], True),
        ("Bound", "n1", [LOCAL_VOLUME], False),
        ("Released", "n2", [LOCAL_VOLUME], False),
        ("Released", "n1", ["other"], False),
    ],
)
def test_which_local_volumes_go(phase: str, host: str, finalizers: list[str], expected: bool) -> None:
    term = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [host]}]}
    volume = {
        "metadata": {"name": "v", "deletionTimestamp": "x", "finalizers": finalizers, "resourceVersion": "3"},
        "spec": {"nodeAffinity": {"required": {"nodeSelectorTerms": [term]}}},
        "status": {"phase": phase},
    }
    assert to_be_removed(volume, [NODE]) is expected
    assert LOCAL_VOLUME not in without_finalizer(volume)["metadata"]["finalizers"]


# Relists


def test_what_a_relist_tells(make: SimpleNamespace) -> None:
    running, ended = make.container("a"), make.container("a", 0, Phase.EXITED)
    gone = make.container("b")
    before = Snapshot((make.sandbox(0), make.sandbox(1)), (running, gone))
    now = Snapshot((make.sandbox(0),), (ended, make.container("c")))
    told = list(compare(before, now, {"s0": "u1", "s1": "u1"}))
    assert {uid for uid, _ in told} == {"u1"}
    assert [type(event) for _, event in told] == [ContainerSeen, ContainerSeen, ContainerLost, SandboxSeen]
    assert list(compare(now, now, {"s0": "u1"})) == []
