"""The Endpoints controller: the older, single object per Service that many clients still read.

It is made from the same tracked state as the slices are, so the two cannot disagree for long. An object holds at most
1,000 addresses; beyond that it is cut, and says so in an annotation.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from eachpod.client.correlate import Note
from eachpod.kit.backoff import Backoff
from eachpod.model import objects
from eachpod.model.objects import Object, dig
from eachpod.model.resources import ENDPOINTS, POD, SERVICE

from .endpointslice import tracked
from .endpointslice.controller import HEADLESS, TRIGGER, services_of_pod
from .endpointslice.endpoints import Endpoint, families, is_headless, rendered
from .plan import NOTHING, Create, Delete, Plan, Telling, Update
from .view import Controller, Key, View, Watch

MANAGED_BY = "endpoints.kubernetes.io/managed-by"
MANAGER = "endpoint-controller"
OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"
CAPACITY = 1000

_Address = tuple[str, str]  # ip, uid


def reconcile(view: View, key: Key, now: float) -> Plan:
    service = view.get(SERVICE, key.namespace, key.name)
    current = view.get(ENDPOINTS, key.namespace, key.name)
    if service is None:
        ours = current is not None and objects.labels(current).get(MANAGED_BY) == MANAGER
        return Plan((Delete(ENDPOINTS, key.namespace, key.name),) if ours else (), remember=None)
    if dig(service, "spec", "type") == "ExternalName" or dig(service, "spec", "selector") is None:
        return NOTHING
    last: _Last | None = view.recall(key)
    pause = last.pause(now) if last is not None else 0.0
    if pause > 0:
        return Plan(requeue_after=pause)
    state = tracked.advance(last.state if last else None, service, view.within(POD, key.namespace), None)
    made = _Last(state, now)
    family = families(service)[0]
    found = (entry.endpoints.get(family) for entry in state.entries.values())
    subsets = repack(part for endpoint in found if endpoint is not None for part in _subsets(service, endpoint))
    wanted = _endpoints(service, current, subsets, state.trigger_time)
    if current is None:
        failed = _warning(wanted, "FailedToCreateEndpoint", f"Failed to create endpoint for service {_name(service)}: ")
        return Plan((Create(ENDPOINTS, wanted, failed),), remember=made)
    if _same(current, wanted):
        return Plan(remember=made)
    failed = _warning(wanted, "FailedToUpdateEndpoint", f"Failed to update endpoint {_name(service)}: ")
    return Plan((Update(ENDPOINTS, wanted, telling=failed),), remember=made)


@dataclass(frozen=True, slots=True)
class _Last:
    """The state and time of the last look. The object grows with the Service and goes to every watcher as a whole at
    each change, so a large one is made anew less often: 100 addresses every 40 ms, 1,000 every 0.4 s. A change by
    itself is not held up."""

    state: tracked.Tracked
    at: float

    def pause(self, now: float) -> float:
        count = len(self.state.entries)
        elapsed = now - self.at
        return count / 2_500 - elapsed if count >= 100 and elapsed >= 0 else 0.0


def _name(service: Object) -> str:
    return f"{objects.namespace(service)}/{objects.name(service)}"


def _warning(about: Object, reason: str, text: str) -> Telling:
    return Telling(failed=Note(about, reason, text, "Warning"))


def _same(current: Object, wanted: Object) -> bool:
    """Equal but for the trigger time, which alone is no reason to write."""
    return (
        (current.get("subsets") or []) == (wanted.get("subsets") or [])
        and objects.labels(current) == objects.labels(wanted)
        and objects.annotations(current).get(OVER_CAPACITY) == objects.annotations(wanted).get(OVER_CAPACITY)
    )


def _endpoints(service: Object, current: Object | None, subsets: list[Object], trigger: str) -> Object:
    annotations = dict(objects.annotations(current)) if current is not None else {}
    annotations.pop(TRIGGER, None)
    annotations.pop(OVER_CAPACITY, None)
    kept = truncate(subsets, CAPACITY)
    if trigger:
        annotations[TRIGGER] = trigger
    if kept is not subsets:
        annotations[OVER_CAPACITY] = "truncated"
    labels = {key: value for key, value in objects.labels(service).items() if key != HEADLESS}
    headless = {HEADLESS: ""} if is_headless(service) else {}
    known = objects.meta(current) if current is not None else {}
    metadata = {
        **{key: value for key, value in known.items() if key != "annotations"},
        "name": objects.name(service),
        "namespace": objects.namespace(service),
        "labels": {**labels, **headless, MANAGED_BY: MANAGER},
        **({"annotations": annotations} if annotations else {}),
    }
    whole: Object = {"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata}
    return {**whole, "subsets": kept} if kept else whole


def _subsets(service: Object, endpoint: Endpoint) -> list[Object]:
    """The endpoint as one subset per port; none where the Service's ports mean nothing on this pod."""
    value = endpoint.value
    published = bool(dig(service, "spec", "publishNotReadyAddresses"))
    if value["conditions"]["terminating"] and not published:
        return []
    address = {"ip": value["addresses"][0]}
    for name in ("hostname", "nodeName", "targetRef"):
        if name in value:
            address[name] = value[name]
    list_ = "addresses" if published or value["conditions"]["serving"] else "notReadyAddresses"
    if not dig(service, "spec", "ports"):
        return [{list_: [address]}] if dig(service, "spec", "clusterIP") == "None" else []
    return [{list_: [address], "ports": [port]} for port in rendered(endpoint.ports)]


@dataclass(slots=True)
class _Ports:
    """The addresses that offer one port, and whether each is ready there. Not ready wins over ready."""

    port: Object | None
    ready: dict[_Address, bool] = field(default_factory=dict)

    def add(self, key: _Address, ready: bool) -> None:
        self.ready[key] = self.ready.get(key, True) and ready


def repack(subsets: Iterable[Object]) -> list[Object]:
    """The canonical form: addresses that offer the same ports in one subset, everything sorted."""
    addresses: dict[_Address, Object] = {}
    by_port: dict[tuple[str, ...], _Ports] = {}
    for subset in subsets:
        for port in subset.get("ports") or [None]:
            entry = by_port.setdefault(_port_key(port), _Ports(port))
            for list_, ready in (("addresses", True), ("notReadyAddresses", False)):
                for address in subset.get(list_) or []:
                    key = (address["ip"], dig(address, "targetRef", "uid", default=""))
                    addresses.setdefault(key, address)
                    entry.add(key, ready)
    groups: dict[frozenset[tuple[_Address, bool]], list[Object]] = {}
    for _, entry in sorted(by_port.items()):
        ports = groups.setdefault(frozenset(entry.ready.items()), [])
        if entry.port is not None:
            ports.append(entry.port)
    return [_subset(addresses, members, ports) for members, ports in groups.items()]


def _subset(
    addresses: dict[_Address, Object], members: frozenset[tuple[_Address, bool]], ports: list[Object]
) -> Object:
    listed: dict[bool, list[Object]] = {True: [], False: []}
    for key, ready in sorted(members):
        listed[ready].append(addresses[key])
    parts = (("addresses", listed[True]), ("notReadyAddresses", listed[False]), ("ports", ports))
    return {name: part for name, part in parts if part}


def _port_key(port: Object | None) -> tuple[str, ...]:
    if port is None:
        return ()
    return (
        port.get("name") or "",
        f"{port.get('port') or 0:05}",
        port.get("protocol") or "",
        port.get("appProtocol") or "",
    )


def truncate(subsets: list[Object], capacity: int) -> list[Object]:
    """At most `capacity` addresses, ready ones first, each subset keeping its share; the same list where all fit."""
    ready = sum(len(subset.get("addresses") or []) for subset in subsets)
    unready = sum(len(subset.get("notReadyAddresses") or []) for subset in subsets)
    if ready + unready <= capacity:
        return subsets
    cut, total, room = (
        ("addresses", ready, capacity) if ready > capacity else ("notReadyAddresses", unready, capacity - ready)
    )
    left, kept = room, []
    for subset in subsets:
        have = subset.get(cut) or []
        share = min(left, math.ceil(len(have) / total * room))
        left -= min(share, len(have))
        parts = {**subset, cut: have[:share]}
        if cut == "addresses":
            parts["notReadyAddresses"] = []
        kept.append({name: part for name, part in parts.items() if part})
    return kept


def _deleted(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """Only what is gone is made again: an edit by hand stays until the Service's pods change, as with Kubernetes."""
    return (Key(objects.namespace(old), objects.name(old)),) if new is None and old is not None else ()


CONTROLLER = Controller(
    name="endpoints-controller",
    component="endpoint-controller",
    reconcile=reconcile,
    primary=SERVICE,
    watches=(Watch(POD, services_of_pod), Watch(ENDPOINTS, _deleted)),
    backoff=Backoff(base=1.0, limit=1000.0),
)
