"""Classes of storage and volumes."""

from typing import Any

import pytest

CLASS = {"provisioner": "p.example.com", "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"}
AFFINITY = {"required": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "Exists"}]}]}}
VOLUME = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/a"}}


@pytest.fixture
def classes(of: Any) -> Any:
    return of("storage.k8s.io/v1", "StorageClass").kind


@pytest.fixture
def volumes(of: Any) -> Any:
    return of("v1", "PersistentVolume")


def test_an_empty_policy_stays_and_an_empty_mode_is_refused(classes: Any) -> None:
    made = classes.default({"provisioner": "p.example.com", "reclaimPolicy": "", "volumeBindingMode": ""})
    assert made["reclaimPolicy"] == ""
    text = 'volumeBindingMode: Unsupported value: "": supported values: "Immediate", "WaitForFirstConsumer"'
    assert [str(fault) for fault in classes.validate(made)] == [text]


def test_what_changes_in_a_class_is_refused_and_looked_at(classes: Any) -> None:
    found = classes.validate_update({**CLASS, "provisioner": ""}, CLASS)
    texts = ["provisioner: Required value", "provisioner: Invalid value: null: field is immutable"]
    assert [str(fault) for fault in found] == texts


def test_a_flex_volume_may_be_one_too_many(volumes: Any) -> None:
    assert volumes.faults({**VOLUME, "flexVolume": {"driver": "a"}}) == []
    assert volumes.faults({**VOLUME, "flexVolume": {}}) == ["spec.flexVolume.driver: Required value"]
    (fault,) = volumes.faults({**VOLUME, "cephfs": {"monitors": ["a"]}})
    assert fault == "spec.cephFS: Forbidden: may not specify more than 1 volume type"


def test_where_a_volume_is_does_not_change(volumes: Any) -> None:
    old = volumes.make({**VOLUME, "nodeAffinity": AFFINITY})
    (fault,) = volumes.change_faults(old, volumes.make(VOLUME))
    assert fault == "nodeAffinity: Invalid value: null: field is immutable, except for updating from beta label to GA"
    assert volumes.change_faults(volumes.make(VOLUME), old) == []
