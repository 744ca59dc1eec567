"""How often the one Endpoints object of a large Service is made anew."""

from collections.abc import Callable

import pytest

from eachpod.controllers.endpoints import CONTROLLER
from eachpod.controllers.view import Key, View
from eachpod.model.objects import Object
from eachpod.model.resources import POD

MakeView = Callable[..., View]

SERVICE: Object = {
    "metadata": {"name": "web", "namespace": "d"},
    "spec": {"clusterIP": "None", "selector": {"app": "web"}, "ports": [{"port": 80}]},
}


def pod(number: int) -> Object:
    address = f"10.0.{number // 250}.{number % 250}"
    status = {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}
    meta = {"name": f"web-{number}", "namespace": "d", "uid": f"p{number}", "labels": {"app": "web"}}
    return {"metadata": meta, "spec": {}, "status": status}


@pytest.mark.parametrize(("count", "pause"), [(99, None), (100, 0.04), (500, 0.2)])
def test_a_large_object_is_made_anew_less_often(view_of: MakeView, count: int, pause: float | None) -> None:
    view, key = view_of(CONTROLLER, services=[SERVICE], pods=[pod(n) for n in range(count)]), Key("d", "web")
    first = CONTROLLER.reconcile(view, key, 1000.0)
    assert len(first.changes) == 1
    view.remember(key, first.remember)
    view.cache(POD).put(pod(count))
    at_once = CONTROLLER.reconcile(view, key, 1000.0)
    assert at_once.requeue_after == pause
    assert len(at_once.changes) == (pause is None)
    assert len(CONTROLLER.reconcile(view, key, 1001.0).changes) == 1
