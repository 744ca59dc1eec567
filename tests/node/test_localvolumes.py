"""Which local volumes a node takes away."""

import pytest

from eachpod.model.wellknown import LOCAL_VOLUME
from eachpod.node.localvolumes import to_be_removed, without_finalizer


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
    node = {"metadata": {"name": "n1", "labels": {"kubernetes.io/hostname": "n1"}}}
    assert to_be_removed(volume, [node]) is expected
    assert LOCAL_VOLUME not in without_finalizer(volume)["metadata"]["finalizers"]
