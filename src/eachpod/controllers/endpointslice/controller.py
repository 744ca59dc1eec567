"""The EndpointSlice controller: publishes the pods that a Service selects, in slices."""

from collections.abc import Iterable
from dataclasses import replace

from eachpod.client.correlate import Note
from eachpod.controllers.ownership import controller_reference
from eachpod.controllers.plan import NOTHING, Change, Create, Delete, Emit, Plan, Telling, Update
from eachpod.controllers.podstate import is_ready
from eachpod.controllers.view import Controller, Index, Key, View, Watch
from eachpod.kit.backoff import Backoff
from eachpod.model import objects
from eachpod.model.objects import Object, dig, drop, put
from eachpod.model.resources import ENDPOINTSLICE, NODE, POD, SERVICE
from eachpod.model.wellknown import MANAGED_BY, SERVICE_NAME, ZONE

from . import hints, topology, tracked
from .endpoints import Ports, families, is_headless, key_of, parsed, rendered
from .packing import Desired, Slices, pack
from .tracked import Tracked

HEADLESS = "service.kubernetes.io/headless"
TRIGGER = "endpoints.kubernetes.io/last-change-trigger-time"
MANAGER = "endpointslice-controller.k8s.io"
_FAILED = "FailedToUpdateEndpointSlices"

_BY_SERVICE = "managed slices by service"
_BACKOFF = Backoff(base=1.0, limit=1000.0)


def reconcile(view: View, key: Key, now: float) -> Plan:
    service = view.get(SERVICE, key.namespace, key.name)
    if service is None:
        return Plan(remember=None)
    if dig(service, "spec", "type") == "ExternalName" or dig(service, "spec", "selector") is None:
        return NOTHING
    nodes = list(view.all(NODE))
    zones = {objects.name(node): objects.labels(node).get(ZONE, "") for node in nodes}
    state = tracked.advance(view.recall(key), service, view.within(POD, key.namespace), zones)
    existing = view.select(ENDPOINTSLICE, _BY_SERVICE, f"{key.namespace}/{key.name}")
    existing = [slice_ for slice_ in existing if not objects.deleting(slice_)]
    changes: list[Change] = []
    settled: dict[int, tuple[Object, tuple[tuple[str, ...], ...]]] = {}
    spread = state.spread
    for family in families(service):
        mine = [slice_ for slice_ in existing if slice_.get("addressType") == family]
        slices = _family(view, state, family, mine)
        told, now_spread = hints.assign(service, slices, family, nodes, spread)
        changes += _changes(service, slices, state.trigger_time)
        if state.differs or spread != now_spread:
            changes += [Emit(Note(service, reason, message, kind)) for kind, reason, message in told]
        spread = now_spread
        settled |= {id(s): _known(state, s) for s in slices.unchanged}
    changes += [_delete(service, s) for s in existing if s.get("addressType") not in families(service)]
    state = replace(state, settled=settled, spread=spread)
    state, told_missing = _look_for_nodes(state, now)
    again = state.retry_at - now if state.retries else None
    return Plan((*changes, *told_missing), requeue_after=again, remember=state)


def _look_for_nodes(state: Tracked, now: float) -> tuple[Tracked, tuple[Emit, ...]]:
    """Tells of pods that are left out because their node does not exist, and when to look for it again: with growing
    pauses, so long as nothing else changes."""
    service, missing = state.service, state.without_node
    if not missing:
        return replace(state, retries=0), ()
    if state.retries and now < state.retry_at and not state.differs:
        return state, ()
    where = f"{objects.namespace(service)}/{objects.name(service)}"
    causes = [f"skipping Pod {pod} for Service {where}: Node {node} Not Found" for pod, node in missing]
    text = causes[0] if len(causes) == 1 else f"[{', '.join(causes)}]"
    note = Note(service, _FAILED, f"Error updating Endpoint Slices for Service {where}: {text}", "Warning")
    retries = state.retries + 1
    return replace(state, retries=retries, retry_at=now + _BACKOFF.delay(retries)), (Emit(note),)


def _known(state: Tracked, slice_: Object) -> tuple[Object, tuple[tuple[str, ...], ...]]:
    """The slice with the keys of its endpoints. Holding the object keeps its identity from being used again."""
    known = state.settled.get(id(slice_))
    return known if known is not None else (slice_, tuple(map(key_of, slice_.get("endpoints") or [])))


def _family(view: View, state: Tracked, family: str, existing: list[Object]) -> Slices:
    """What has to happen to the slices of one address family."""
    service, limit = state.service, view.config.max_endpoints_per_slice
    desired: dict[Ports, Desired] = {}
    for entry in state.entries.values():
        endpoint = entry.endpoints.get(family)
        if endpoint is not None:
            desired.setdefault(endpoint.ports, {})[endpoint.key] = endpoint.value
    result = Slices()
    by_ports: dict[Ports, list[Object]] = {}
    for slice_ in existing:
        if _owned(slice_, service):
            by_ports.setdefault(_sorted(parsed(slice_.get("ports"))), []).append(slice_)
        else:
            result.delete.append(slice_)
    settled = _settled(state)
    for ports, endpoints in desired.items():
        part = pack(by_ports.pop(ports, ()), endpoints, template(service, family, ports), limit, settled)
        result.create += part.create
        result.update += part.update
        result.delete += part.delete
        result.unchanged += part.unchanged
    for unwanted in by_ports.values():
        result.delete += unwanted
    if not (result.create or result.update or result.unchanged):
        _placeholder(result, template(service, family, ()))
    _reuse(result, service)
    return result


def _sorted(ports: Ports) -> Ports:
    return tuple(sorted(ports))


def _settled(state: Tracked) -> dict[int, tuple[tuple[str, ...], ...]]:
    """The slices that need no look: right before, the same object still, and without a changed endpoint."""
    if state.changed is None:
        return {}
    return {number: keys for number, (_, keys) in state.settled.items() if state.changed.isdisjoint(keys)}


def _placeholder(result: Slices, empty: Object) -> None:
    """A Service always has a slice, so that who watches can tell that it has no endpoints."""
    for slice_ in result.delete:
        like = objects.labels(slice_) == objects.labels(empty) and not slice_.get("endpoints")
        if like and not slice_.get("ports") and objects.owners(slice_) == objects.owners(empty):
            result.delete.remove(slice_)
            result.unchanged.append(slice_)
            return
    result.create.append(empty)


def _reuse(result: Slices, service: Object) -> None:
    """A slice to delete and one to create are one update, which is half the news for watchers."""
    for slice_ in list(result.delete):
        if not result.create:
            return
        if _owned(slice_, service):
            fresh = result.create.pop()
            metadata = {**objects.meta(slice_), "labels": objects.labels(fresh)}
            result.delete.remove(slice_)
            result.update.append({**fresh, "metadata": metadata})


def template(service: Object, family: str, ports: Ports) -> Object:
    """A slice of this Service without endpoints."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "generateName": f"{objects.name(service)}-",
            "namespace": objects.namespace(service),
            "labels": slice_labels(service),
            "ownerReferences": [controller_reference(service)],
        },
        "addressType": family,
        "endpoints": [],
        "ports": rendered(ports),
    }


def slice_labels(service: Object) -> dict[str, str]:
    labels = {k: v for k, v in objects.labels(service).items() if k not in (SERVICE_NAME, MANAGED_BY, HEADLESS)}
    headless = {HEADLESS: ""} if is_headless(service) else {}
    return {**labels, **headless, SERVICE_NAME: objects.name(service), MANAGED_BY: MANAGER}


def _owned(slice_: Object, service: Object) -> bool:
    uid = objects.uid(service)
    return any(ref.get("uid") == uid and ref.get("kind") == "Service" for ref in objects.owners(slice_))


def _changes(service: Object, slices: Slices, trigger: str) -> list[Change]:
    changes: list[Change] = []
    if not objects.deleting(service):  # else they would be garbage as soon as they are there
        telling = _telling(service, "create ")
        changes += [Create(ENDPOINTSLICE, _stamped(slice_, trigger), telling) for slice_ in slices.create]
    for slice_ in slices.update:
        telling = _telling(service, f"update {objects.name(slice_)} ")
        changes.append(Update(ENDPOINTSLICE, _stamped(slice_, trigger), telling=telling))
    changes += [_delete(service, slice_) for slice_ in slices.delete]
    return changes


def _stamped(slice_: Object, trigger: str) -> Object:
    if trigger:
        return put(slice_, ("metadata", "annotations"), {**objects.annotations(slice_), TRIGGER: trigger})
    if TRIGGER not in objects.annotations(slice_):
        return slice_
    slice_ = drop(slice_, ("metadata", "annotations", TRIGGER))
    return slice_ if objects.annotations(slice_) else drop(slice_, ("metadata", "annotations"))


def _delete(service: Object, slice_: Object) -> Delete:
    name = objects.name(slice_)
    return Delete(
        ENDPOINTSLICE,
        objects.namespace(slice_),
        name,
        uid=objects.uid(slice_),
        telling=_telling(service, f"delete {name} "),
    )


def _telling(service: Object, what: str) -> Telling:
    where = f"{objects.namespace(service)}/{objects.name(service)}"
    text = f"Error updating Endpoint Slices for Service {where}: failed to {what}EndpointSlice for Service {where}: "
    return Telling(failed=Note(service, _FAILED, text, "Warning"))


def managed_service(slice_: Object) -> Iterable[str]:
    """The index of slices by the Service that this controller keeps them for."""
    labels = objects.labels(slice_)
    if labels.get(MANAGED_BY) != MANAGER or not labels.get(SERVICE_NAME):
        return ()
    return (f"{objects.namespace(slice_)}/{labels[SERVICE_NAME]}",)


def _slice_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    found = {value for obj in (old, new) if obj is not None for value in managed_service(obj)}
    return [Key(*value.split("/", 1)) for value in found]


def pod_matters(old: Object, new: Object) -> bool:
    """Whether a change of a pod can change its endpoint or the Services that select it."""
    return (
        objects.labels(old) != objects.labels(new)
        or objects.deleting(old) != objects.deleting(new)
        or is_ready(old) != is_ready(new)
        or dig(old, "status", "podIPs") != dig(new, "status", "podIPs")
        or dig(old, "status", "phase") != dig(new, "status", "phase")
        or (dig(old, "spec", "hostname"), dig(old, "spec", "subdomain"))
        != (dig(new, "spec", "hostname"), dig(new, "spec", "subdomain"))
    )


def services_of_pod(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """The Services that select the pod, before or after the change."""
    if old is not None and new is not None and not pod_matters(old, new):
        return ()
    pods = [pod for pod in (old, new) if pod is not None]
    namespace = objects.namespace(pods[0])
    return [
        Key(namespace, objects.name(service))
        for service in view.within(SERVICE, namespace)
        if any(_selects(service, pod) for pod in pods)
    ]


def _spread_over(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """Services whose endpoints are spread by CPU, where a node comes, goes, changes its zone or its readiness."""
    if old is not None and new is not None and _weight(old) == _weight(new):
        return ()
    keys = (Key(objects.namespace(s), objects.name(s)) for s in view.all(SERVICE) if hints.automatic(s))
    return [key for key in keys if (last := view.recall(key)) is not None and last.spread]


def _weight(node: Object) -> tuple[bool, str]:
    return topology.is_ready_node(node), objects.labels(node).get(ZONE, "")


def _selects(service: Object, pod: Object) -> bool:
    selector = dig(service, "spec", "selector")
    if selector is None:
        return False
    labels = objects.labels(pod)
    return all(labels.get(key) == value for key, value in selector.items())


CONTROLLER = Controller(
    name="endpointslice-controller",
    component="endpoint-slice-controller",
    reconcile=reconcile,
    primary=SERVICE,
    watches=(Watch(POD, services_of_pod), Watch(ENDPOINTSLICE, _slice_keys), Watch(NODE, _spread_over)),
    indexes=(Index(ENDPOINTSLICE, _BY_SERVICE, managed_service),),
    backoff=_BACKOFF,
)
