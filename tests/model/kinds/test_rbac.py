"""Faults of roles and bindings, in the order in which the real server tells them."""

from typing import Any

import pytest

from eachpod.model.kinds.rbac import KINDS
from eachpod.model.objects import Object

GROUP = "rbac.authorization.k8s.io"


def told(kind: str, obj: Object) -> list[str]:
    (found,) = (each for each in KINDS if each.resource.kind == kind)
    return [str(fault) for fault in found.validate(obj)]


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        ({}, ["apiGroups", "resources", "verbs"]),
        ({"nonResourceURLs": ["/x"], "resources": ["a"]}, ["nonResourceURLs", "verbs"]),
        ({"nonResourceURLs": ["/x"]}, ["verbs"]),
        ({"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}, []),
    ],
)
def test_rules(rule: dict[str, Any], fields: list[str]) -> None:
    assert [text.partition(":")[0] for text in told("ClusterRole", {"rules": [rule]})] == [
        f"rules[0].{field}" for field in fields
    ]


def test_what_is_missing_in_a_binding_comes_last() -> None:
    subjects = [{"kind": "ServiceAccount", "apiGroup": "y"}, {"kind": "User", "apiGroup": GROUP, "name": "u"}]
    found = told("ClusterRoleBinding", {"roleRef": {"apiGroup": GROUP, "kind": "Role"}, "subjects": subjects})
    assert [text.partition(":")[0] for text in found] == [
        "roleRef.kind",
        "subjects[0].apiGroup",
        "subjects[0].namespace",
        "subjects[0].name",
        "roleRef.name",
    ]
