"""What strict validation says of unknown fields and wrong types."""

from typing import Any

import pytest

from eachpod.model.strict import examine


def pod(**container: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "c", **container}]}}


def test_sound() -> None:
    found = examine("core/v1.Pod", pod(resources={"limits": {"cpu": 1, "memory": "1Gi"}}, command=["a"], stdin=True))
    assert (found.wrong, found.unknown) == ("", [])


def test_unknown_fields_are_named_by_path() -> None:
    body = {**pod(portz=[]), "Spec": {}, "status": {"conditions": [{"kind": 1}]}}
    assert examine("core/v1.Pod", body).unknown == [
        "spec.containers[0].portz",
        "Spec",
        "status.conditions[0].kind",
    ]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (pod(name=3), "cannot unmarshal number into Go struct field Container.spec.containers.name of type string"),
        (
            pod(stdin="yes"),
            "cannot unmarshal string into Go struct field Container.spec.containers.stdin of type bool",
        ),
        (
            pod(command="x"),
            "cannot unmarshal string into Go struct field Container.spec.containers.command of type []string",
        ),
        (pod(ports=[{"containerPort": "80"}]), "of type int32"),
        (pod(resources={"limits": {"cpu": "much"}}), "quantities must match the regular expression"),
        (pod(livenessProbe={"httpGet": {"port": True}}), "cannot unmarshal bool"),
        (
            {"metadata": {"labels": {"a": 1}}},
            "cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string",
        ),
        ({"spec": []}, "cannot unmarshal array into Go struct field Pod.spec of type v1.PodSpec"),
        ({"spec": {"terminationGracePeriodSeconds": 2**63}}, f"number {2**63} into Go struct field"),
        (pod(ports=[{"containerPort": 2**31}]), "unmarshal number 2147483648 into Go struct field ContainerPort"),
        ({"metadata": {"creationTimestamp": "now"}}, 'parsing time "now"'),
        ({"spec": {"containers": {}}}, "cannot unmarshal object"),
    ],
)
def test_wrong_types(body: dict[str, Any], text: str) -> None:
    assert text in examine("core/v1.Pod", body).wrong


def test_integers_reach_as_far_as_their_kind() -> None:
    widest = {
        "spec": {"terminationGracePeriodSeconds": 2**63 - 1, "containers": [{"ports": [{"hostPort": 2**31 - 1}]}]}
    }
    assert examine("core/v1.Pod", widest).wrong == ""


def test_base64() -> None:
    assert examine("core/v1.Secret", {"data": {"a": "YQ=="}}).wrong == ""
    assert examine("core/v1.Secret", {"data": {"a": "not base64!"}}).wrong == "illegal base64 data at input byte 3"


@pytest.mark.parametrize(("text", "byte"), [("v", 0), ("YQ", 0), ("YWJjZ", 4), ("YQ=x", 2), ("Y W=", 1)])
def test_where_base64_ends(text: str, byte: int) -> None:
    assert examine("core/v1.Secret", {"data": {"a": text}}).wrong == f"illegal base64 data at input byte {byte}"


def test_null_is_absent() -> None:
    assert examine("core/v1.Pod", {"spec": None, "metadata": {"labels": {"a": None}}}).wrong == ""
