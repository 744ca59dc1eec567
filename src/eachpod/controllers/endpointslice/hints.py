"""Hints that tell a proxy which endpoints serve which zone or node.

`spec.trafficDistribution` asks for the endpoint's own zone (or node). The older annotation `topology-mode: Auto`
spreads the endpoints over the zones in proportion to their CPU, and gives up, with an event, where that cannot be fair.
"""

import math
from collections.abc import Callable, Iterable

from eachpod.model import objects, quantity
from eachpod.model.objects import Object, dig
from eachpod.model.wellknown import ZONE

from .packing import Slices

_OVERLOAD = 0.2
_CLOSE = ("PreferClose", "PreferSameZone", "PreferSameNode")
_EXCLUDED = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")

TOO_LITTLE_KNOWN = "Insufficient Node information: allocatable CPU or zone not specified on one or more nodes"
TOO_FEW = "Insufficient number of endpoints"
UNFAIR = "Unable to allocate minimum required endpoints to each zone without exceeding overload threshold"
NO_ZONE = "One or more endpoints do not have a zone specified"
ENABLED = "Topology Aware Hints has been enabled"

Change = Callable[[Object], Object]

Told = tuple[str, str, str]  # event type, reason, message


def automatic(service: Object) -> bool:
    """Whether the Service asks for hints by annotation; the deprecated name wins."""
    annotations = objects.annotations(service)
    mode = annotations.get("service.kubernetes.io/topology-aware-hints")
    if mode is None:
        mode = annotations.get("service.kubernetes.io/topology-mode")
    return mode in ("Auto", "auto")


def assign(service: Object, slices: Slices, family: str, nodes: Iterable[Object]) -> list[Told]:
    """Give the slices the hints that the Service asks for, moving unchanged ones to `update` where theirs are wrong.
    Returns events to tell."""
    if automatic(service):
        return _automatic(slices, family, cpu_by_zone(nodes))
    distribution = dig(service, "spec", "trafficDistribution", default="")
    had = any("hints" in e for s in _all(slices) for e in s.get("endpoints") or [])
    if distribution in _CLOSE:
        by_node = distribution == "PreferSameNode"
        _rewrite(slices, lambda endpoint: _close(endpoint, by_node))
    elif had:
        _rewrite(slices, _bare)
    return []


def cpu_by_zone(nodes: Iterable[Object]) -> dict[str, float]:
    """The allocatable CPU of Ready nodes by zone; empty where one node does not say."""
    zones: dict[str, float] = {}
    for node in nodes:
        labels = objects.labels(node)
        ready = objects.condition(node, "Ready")
        if any(label in labels for label in _EXCLUDED) or ready is None or ready.get("status") != "True":
            continue
        zone, cpu = labels.get(ZONE), float(quantity.parse(dig(node, "status", "allocatable", "cpu", default="0")))
        if not zone or not cpu:
            return {}
        zones[zone] = zones.get(zone, 0.0) + cpu
    return zones


def _all(slices: Slices) -> list[Object]:
    return [*slices.create, *slices.update, *slices.unchanged]


def _rewrite(slices: Slices, change: Change) -> None:
    slices.create = [_changed(s, change) for s in slices.create]
    slices.update = [_changed(s, change) for s in slices.update]
    unchanged = []
    for slice_ in slices.unchanged:
        anew = _changed(slice_, change)
        if anew["endpoints"] == (slice_.get("endpoints") or []):
            unchanged.append(slice_)
        else:
            slices.update.append(anew)
    slices.unchanged = unchanged


def _changed(slice_: Object, change: Change) -> Object:
    return {**slice_, "endpoints": [change(endpoint) for endpoint in slice_.get("endpoints") or []]}


def _bare(endpoint: Object) -> Object:
    return {key: value for key, value in endpoint.items() if key != "hints"} if "hints" in endpoint else endpoint


def _ready(endpoint: Object) -> bool:
    return bool(dig(endpoint, "conditions", "ready"))


def _close(endpoint: Object, by_node: bool) -> Object:
    if not _ready(endpoint):
        return endpoint
    hints: Object = {}
    if endpoint.get("zone"):
        hints["forZones"] = [{"name": endpoint["zone"]}]
    if by_node and endpoint.get("nodeName"):
        hints["forNodes"] = [{"name": endpoint["nodeName"]}]
    return {**_bare(endpoint), "hints": hints} if hints else _bare(endpoint)


def _automatic(slices: Slices, family: str, zones: dict[str, float]) -> list[Told]:
    ready = [e for s in _all(slices) for e in s.get("endpoints") or [] if _ready(e)]
    before = any("hints" in e for s in (*slices.update, *slices.unchanged) for e in s.get("endpoints") or [])
    why = _refusal(ready, zones)
    if why:
        _rewrite(slices, _bare)
        return [("Warning", "TopologyAwareHintsDisabled", f"{why}, addressType: {family}")]
    wanted = _spread(ready, zones)
    _rewrite(slices, lambda endpoint: _for_zone(endpoint, wanted))
    return [] if before else [("Normal", "TopologyAwareHintsEnabled", f"{ENABLED}, addressType: {family}")]


def _refusal(ready: list[Object], zones: dict[str, float]) -> str:
    if len(zones) < 2:
        return TOO_LITTLE_KNOWN
    if len(zones) > len(ready):
        return f"{TOO_FEW} ({len(ready)} endpoints, {len(zones)} zones)"
    total = sum(zones.values())
    least = sum(math.ceil(cpu / total * len(ready) / (1 + _OVERLOAD)) for cpu in zones.values())
    if least > len(ready):
        return f"{UNFAIR} ({len(ready)} endpoints, {len(zones)} zones)"
    return NO_ZONE if any(not endpoint.get("zone") for endpoint in ready) else ""


def _spread(ready: list[Object], zones: dict[str, float]) -> dict[int, str]:
    """The zone that each ready endpoint (by identity) shall serve. Existing hints stay while they are fair enough."""
    total = sum(zones.values())
    desired = {zone: cpu / total * len(ready) for zone, cpu in zones.items()}
    current = {id(e): (dig(e, "hints", "forZones", default=[{}])[0].get("name") or "") for e in ready}
    counts = {zone: sum(z == zone for z in current.values()) for zone in zones}
    least = {zone: math.ceil(share / (1 + _OVERLOAD)) for zone, share in desired.items()}
    if all(z in zones for z in current.values()) and all(counts[z] >= least[z] for z in zones):
        return current
    wanted = {id(endpoint): str(endpoint["zone"]) for endpoint in ready}
    counts = {zone: sum(z == zone for z in wanted.values()) for zone in {*zones, *wanted.values()}}
    for endpoint in ready:
        giver = wanted[id(endpoint)]
        taker = max(zones, key=lambda zone: desired[zone] - counts[zone])
        surplus, lack = counts[giver] - desired.get(giver, 0.0), desired[taker] - counts[taker]
        if surplus >= 0.5 and lack >= 0.5 and (surplus >= 1 or lack >= 1):
            wanted[id(endpoint)] = taker
            counts[giver] -= 1
            counts[taker] += 1
    return wanted


def _for_zone(endpoint: Object, wanted: dict[int, str]) -> Object:
    zone = wanted.get(id(endpoint))
    return {**_bare(endpoint), "hints": {"forZones": [{"name": zone}]}} if zone else _bare(endpoint)
