"""What the kinds of storage drivers drop."""

from eachpod.model.kinds import builtin


def test_a_node_keeps_no_health_of_backends() -> None:
    kind = builtin().by_kind("storage.k8s.io/v1", "CSINode")
    assert kind is not None
    assert kind.has_status
    told = {"spec": {"drivers": None}, "status": {"storageHealth": [{"name": "d"}]}}
    empty = {"spec": {"drivers": None}, "status": {}}
    assert kind.prepare_create(told) == empty
    assert kind.prepare_status(told, empty) == empty
