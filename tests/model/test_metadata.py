"""Validation of metadata and of its changes."""

from typing import Any

import pytest

from eachpod.model import names
from eachpod.model.metadata import validate_meta, validate_meta_update, validate_selector


def faults(meta: dict[str, Any], **how: Any) -> list[str]:
    given = {"namespaced": True, **how}
    return [str(error) for error in validate_meta({"metadata": meta}, names.subdomain, **given)]


def test_sound_metadata() -> None:
    assert faults({"name": "a.b", "namespace": "n", "labels": {"x/y": "1"}}) == []
    assert faults({"generateName": "web-", "name": "web-abcde", "namespace": "n"}) == []


def test_the_name_is_required() -> None:
    assert faults({"namespace": "n"}) == ["metadata.name: Required value: name or generateName is required"]


def test_namespaces_belong_to_namespaced_kinds() -> None:
    assert faults({"name": "a"}) == ["metadata.namespace: Required value"]
    text = "metadata.namespace: Forbidden: not allowed on this type"
    assert faults({"name": "a", "namespace": "n"}, namespaced=False) == [text]


def test_finalizers_need_a_domain_except_in_custom_resources() -> None:
    meta = {"name": "a", "namespace": "n", "finalizers": ["orphan", "nope"]}
    assert faults(meta) == [
        'metadata.finalizers[1]: Invalid value: "nope": '
        "name is neither a standard finalizer name nor is it fully qualified"
    ]
    assert faults(meta, custom=True) == []


def test_only_one_controller() -> None:
    owner = {"apiVersion": "v1", "kind": "A", "name": "a", "uid": "u", "controller": True}
    found = faults({"name": "a", "namespace": "n", "ownerReferences": [owner, {**owner, "name": "b"}]})
    assert len(found) == 1
    assert "for A/a and A/b" in found[0]


OLD = {"name": "a", "namespace": "n", "uid": "u", "resourceVersion": "1"}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"uid": "v"}, 'metadata.uid: Invalid value: "v": field is immutable'),
        ({"name": "b"}, 'metadata.name: Invalid value: "b": field is immutable'),
        ({"labels": {"a b": ""}}, "metadata.labels"),
    ],
)
def test_changes(change: dict[str, Any], text: str) -> None:
    found = validate_meta_update({"metadata": OLD | change}, {"metadata": OLD})
    assert len(found) == 1
    assert text in str(found[0])


def test_no_new_finalizers_once_deleted() -> None:
    old = {**OLD, "deletionTimestamp": "2020-01-01T00:00:00Z"}
    found = validate_meta_update({"metadata": {**old, "finalizers": ["a/b"]}}, {"metadata": old})
    assert 'found new finalizers []string{"a/b"}' in str(found[0])


def test_selector_operators() -> None:
    selector = {"matchExpressions": [{"key": "a", "operator": "In"}, {"key": "a", "operator": "Like"}]}
    assert [str(error) for error in validate_selector(selector, "s")] == [
        "s.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
        's.matchExpressions[1].operator: Invalid value: "Like": not a valid selector operator',
    ]
