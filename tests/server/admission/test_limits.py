"""LimitRanges: defaults, and what each type of them refuses."""

from typing import Any

import pytest

from eachpod.model.errors import Forbidden
from eachpod.model.kinds import builtin
from eachpod.model.resource import Resource
from eachpod.model.resources import LIMITRANGE, PERSISTENTVOLUMECLAIM, POD
from eachpod.server.admission.chain import Attributes
from eachpod.server.admission.limits import limit_defaults, limit_range
from eachpod.server.context import Context


def container(requests: dict[str, str], limits: dict[str, str]) -> dict[str, Any]:
    return {"name": "c", "resources": {"requests": requests, "limits": limits}}


class Ranges:
    """A view in which one LimitRange stands."""

    def __init__(self, item: dict[str, Any]) -> None:
        self._range = {"spec": {"limits": [item]}}

    def get(self, resource: Resource, name: str, namespace: str = "") -> None:
        return None

    def all(self, resource: Resource, namespace: str = "") -> list[dict[str, Any]]:
        return [self._range] if resource is LIMITRANGE else []


def admitted(obj: dict[str, Any], item: dict[str, Any], resource: Resource = POD) -> dict[str, Any]:
    kind = builtin().by_plural(resource.group, resource.version, resource.plural)
    assert kind
    at = Attributes("CREATE", kind, "x", "a", Context(0.0), Ranges(item))
    return limit_range(limit_defaults(obj, at), at)


def test_defaults_fill_what_a_container_leaves_out() -> None:
    item = {"type": "Container", "default": {"cpu": "2", "memory": "1Gi"}, "defaultRequest": {"cpu": "1"}}
    made = admitted({"spec": {"containers": [container({}, {"cpu": "3"})]}}, item)
    held = made["spec"]["containers"][0]["resources"]
    assert held == {"limits": {"cpu": "3", "memory": "1Gi"}, "requests": {"cpu": "3"}}


SIDECAR = {**container({"cpu": "1"}, {"cpu": "1"}), "restartPolicy": "Always"}
TWO = {"spec": {"containers": [container({"cpu": "1"}, {"cpu": "1"})] * 2, "initContainers": [SIDECAR]}}


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ({"type": "Container", "max": {"cpu": "500m"}}, "maximum cpu usage per Container is 500m, but limit is 1"),
        ({"type": "Container", "min": {"memory": "1"}}, "minimum memory usage per Container is 1.  No request is"),
        ({"type": "Pod", "max": {"cpu": "2500m"}}, "maximum cpu usage per Pod is 2500m, but limit is 3"),
        ({"type": "Pod", "min": {"cpu": "4"}}, "minimum cpu usage per Pod is 4, but request is 3"),
        ({"type": "Pod", "max": {"cpu": "3"}}, ""),
        ({"type": "Pod", "maxLimitRequestRatio": {"cpu": "1"}}, ""),
        ({"type": "PersistentVolumeClaim", "max": {"cpu": "1"}}, ""),
    ],
)
def test_what_is_refused(item: dict[str, Any], told: str) -> None:
    if not told:
        assert admitted(TWO, item) == TWO
        return
    with pytest.raises(Forbidden, match=told):
        admitted(TWO, item)


def test_claims_have_ranges_of_their_own() -> None:
    claim = {"spec": {"resources": {"requests": {"storage": "5Gi"}}}}
    item = {"type": "PersistentVolumeClaim", "max": {"storage": "1Gi"}}
    with pytest.raises(Forbidden, match="maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 5Gi"):
        admitted(claim, item, PERSISTENTVOLUMECLAIM)
