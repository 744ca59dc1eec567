"""Hints that tell a proxy which endpoints serve which zone or node.

`spec.trafficDistribution` asks for the endpoint's own zone (or node). The older annotation `topology-mode: Auto`
spreads the endpoints over the zones in proportion to their CPU (`topology`), and gives up, with an event, where that
cannot be fair.
"""

from collections.abc import Callable, Iterable

from eachpod.model import objects
from eachpod.model.objects import Object, dig

from . import topology
from .packing import Slices

_CLOSE = ("PreferClose", "PreferSameZone", "PreferSameNode")
_DISABLED = "TopologyAwareHintsDisabled"

Change = Callable[[Object], Object]

Told = tuple[str, str, str]  # event type, reason, message


def automatic(service: Object) -> bool:
    """Whether the Service asks for hints by annotation; the deprecated name wins."""
    annotations = objects.annotations(service)
    mode = annotations.get("service.kubernetes.io/topology-aware-hints")
    if mode is None:
        mode = annotations.get("service.kubernetes.io/topology-mode")
    return mode in ("Auto", "auto")


def assign(
    service: Object, slices: Slices, family: str, nodes: Iterable[Object], spread: bool
) -> tuple[list[Told], bool]:
    """Give the slices the hints that the Service asks for, moving unchanged ones to `update` where theirs are wrong.
    `spread` says whether hints by CPU were given before; returns what to tell, and whether they are now."""
    if automatic(service):
        return _automatic(slices, family, topology.cpu_by_zone(nodes), spread)
    distribution = dig(service, "spec", "trafficDistribution", default="")
    if distribution in _CLOSE:
        by_node = distribution == "PreferSameNode"
        _rewrite(slices, lambda endpoint: _close(endpoint, by_node))
    elif any("hints" in endpoint for slice_ in slices.all() for endpoint in slice_.get("endpoints") or []):
        _rewrite(slices, _bare)
    if not spread:
        return [], False
    return [("Warning", _DISABLED, f"Topology Aware Hints has been disabled, addressType: {family}")], False


def _automatic(slices: Slices, family: str, zones: dict[str, float], spread: bool) -> tuple[list[Told], bool]:
    """What to tell (event type, reason, message), and whether the slices have hints now."""
    why = topology.refusal(slices, zones)
    if why:
        _rewrite(slices, _bare)
        return [("Warning", _DISABLED, f"{why}, addressType: {family}")], False
    topology.spread(slices, zones)
    told = ("Normal", "TopologyAwareHintsEnabled", f"Topology Aware Hints has been enabled, addressType: {family}")
    return [] if spread else [told], True


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


def _close(endpoint: Object, by_node: bool) -> Object:
    if not topology.is_ready(endpoint):
        return endpoint
    hints: Object = {}
    if endpoint.get("zone"):
        hints["forZones"] = [{"name": endpoint["zone"]}]
    if by_node and endpoint.get("nodeName"):
        hints["forNodes"] = [{"name": endpoint["nodeName"]}]
    return {**_bare(endpoint), "hints": hints} if hints else _bare(endpoint)
