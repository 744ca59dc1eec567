"""What a look of a controller costs when one pod of many has changed: the deciding code alone, without a cluster."""

import time
from collections.abc import Callable
from statistics import median

from eachpod.client.cache import Cache, Key
from eachpod.controllers import endpointslice, statefulset
from eachpod.controllers.config import ControllersConfig
from eachpod.controllers.plan import UNSET, Create, Plan, Update
from eachpod.controllers.view import Controller, View
from eachpod.model.objects import Object, put
from eachpod.model.resource import Resource
from eachpod.model.resources import CONTROLLERREVISION, ENDPOINTSLICE, NODE, POD, SERVICE, STATEFULSET

KEY = Key("default", "web")
ROUNDS = 30
META = {"name": "web", "namespace": "default", "uid": "owner", "resourceVersion": "1"}
SPEC = {"containers": [{"name": "c", "image": "nginx"}]}


def pod(number: int, revision: str = "", *, ready: bool = True) -> Object:
    name, address = f"web-{number}", f"10.0.{number // 250}.{number % 250 + 1}"
    labels = {"app": "web", "controller-revision-hash": revision, "statefulset.kubernetes.io/pod-name": name}
    owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": "owner", "controller": True}
    meta = {"name": name, "namespace": "default", "uid": name, "labels": labels, "ownerReferences": [owner]}
    condition = {"type": "Ready", "status": str(ready), "lastTransitionTime": "2026-01-01T00:00:00Z"}
    status = {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}], "conditions": [condition]}
    spec = {**SPEC, "nodeName": "n", "hostname": name, "subdomain": "web"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": status}


def look(controller: Controller, view: View) -> Plan:
    plan = controller.reconcile(view, KEY, 2e9)
    if plan.remember is not UNSET:
        view.remember(KEY, plan.remember)
    return plan


def view_of(controller: Controller, *listed: tuple[Resource, Object]) -> View:
    caches = {resource: Cache() for resource in controller.resources}
    for index in controller.indexes:
        caches[index.resource].add_index(index.name, index.function)
    for resource, obj in listed:
        caches[resource].put(obj)
    return View(caches, ControllersConfig())


def of_stateful_set(replicas: int) -> float:
    """Milliseconds of a look at a Parallel set of which one pod has changed."""
    template = {"metadata": {"labels": {"app": "web"}}, "spec": SPEC}
    spec = {
        "replicas": replicas,
        "podManagementPolicy": "Parallel",
        "selector": {"matchLabels": {"app": "web"}},
        "template": template,
        "updateStrategy": {"type": "RollingUpdate"},
    }
    set_ = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": META, "spec": spec}
    view = view_of(statefulset.CONTROLLER, (STATEFULSET, set_))
    (create,) = (c for c in look(statefulset.CONTROLLER, view).changes if isinstance(c, Create))
    view.cache(CONTROLLERREVISION).put(put(create.object, ("metadata", "uid"), "revision"))
    revision = create.object["metadata"]["name"]
    for number in range(replicas):
        view.cache(POD).put(pod(number, revision))
    return _timed(lambda n: view.cache(POD).put(pod(n, revision, ready=n % 2 > 0)), statefulset.CONTROLLER, view)


def of_endpoint_slices(endpoints: int) -> tuple[float, int]:
    """Milliseconds of a look at a Service of which one endpoint has changed, and how many slices that wrote."""
    spec = {"clusterIP": "None", "ipFamilies": ["IPv4"], "selector": {"app": "web"}, "ports": [{"port": 80}]}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": META, "spec": spec}
    view = view_of(endpointslice.CONTROLLER, (SERVICE, service), (NODE, {"metadata": {"name": "n"}}))
    for number in range(endpoints):
        view.cache(POD).put(pod(number))
    for number, change in enumerate(look(endpointslice.CONTROLLER, view).changes):
        assert isinstance(change, Create)
        view.cache(ENDPOINTSLICE).put(put(change.object, ("metadata", "name"), f"web-{number}"))
    look(endpointslice.CONTROLLER, view)
    written = 0

    def settle(plan: Plan) -> None:
        nonlocal written
        for change in plan.changes:
            assert isinstance(change, Update)
            written = max(written, len(plan.changes))
            view.cache(ENDPOINTSLICE).put(change.object)
        look(endpointslice.CONTROLLER, view)

    def change(number: int) -> object:
        return view.cache(POD).put(pod(number * 97 % endpoints, ready=False))

    return _timed(change, endpointslice.CONTROLLER, view, settle), written


def _timed(
    change: Callable[[int], object], controller: Controller, view: View, after: Callable[[Plan], None] | None = None
) -> float:
    look(controller, view)
    taken = []
    for number in range(ROUNDS):
        change(number)
        begun = time.perf_counter()
        plan = look(controller, view)
        taken.append(time.perf_counter() - begun)
        if after is not None:
            after(plan)
    return median(taken) * 1000


def main() -> None:
    print("\none pod of many has changed: what a look of the controller costs")
    for replicas in (3, 500, 5000):
        print(f"  StatefulSet of {replicas:<5}                 {of_stateful_set(replicas):.2f} ms")
    for endpoints in (100, 5000):
        took, written = of_endpoint_slices(endpoints)
        print(f"  EndpointSlices of {endpoints:<5} endpoints     {took:.2f} ms, slices written {written}")


if __name__ == "__main__":
    main()
