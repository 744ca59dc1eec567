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
        (pod(name=3), "cannot unmarshal number into Go struct field .spec.containers[0].name of type string"),
        (pod(stdin="yes"), "cannot unmarshal string into Go struct field .spec.containers[0].stdin of type bool"),
        (pod(command="x"), "cannot unmarshal string into Go struct field .spec.containers[0].command of type []string"),
        (pod(ports=[{"containerPort": "80"}]), "of type int32"),
        (pod(resources={"limits": {"cpu": "much"}}), "quantities must match the regular expression"),
        (pod(livenessProbe={"httpGet": {"port": True}}), "cannot unmarshal bool"),
        ({"metadata": {"labels": {"a": 1}}}, "cannot unmarshal number into Go struct field .metadata.labels.a"),
        ({"metadata": {"creationTimestamp": "now"}}, 'parsing time "now"'),
        ({"spec": {"containers": {}}}, "cannot unmarshal object"),
    ],
)
def test_wrong_types(body: dict[str, Any], text: str) -> None:
    assert text in examine("core/v1.Pod", body).wrong


def test_base64() -> None:
    assert examine("core/v1.Secret", {"data": {"a": "YQ=="}}).wrong == ""
    assert examine("core/v1.Secret", {"data": {"a": "not base64!"}}).wrong == "illegal base64 data at input byte 3"


def test_null_is_absent() -> None:
    assert examine("core/v1.Pod", {"spec": None, "metadata": {"labels": {"a": None}}}).wrong == ""
