"""Hints in proportion to the CPU of the zones, for Services with the annotation `topology-mode: Auto`.

Every zone shall get so many endpoints as its share of the CPU asks for; a zone that has too few of its own gets some of
another's. Slices that nothing else changes keep their hints as long as no zone has more than its most, so that one
changed endpoint costs one written slice.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from eachpod.model import objects, quantity
from eachpod.model.objects import Object, dig
from eachpod.model.wellknown import ZONE

from .packing import Slices

_OVERLOAD = 0.2
_EXCLUDED = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")

TOO_LITTLE_KNOWN = "Insufficient Node information: allocatable CPU or zone not specified on one or more nodes"
TOO_FEW = "Insufficient number of endpoints"
UNFAIR = "Unable to allocate minimum required endpoints to each zone without exceeding overload threshold"
NO_ZONE = "One or more endpoints do not have a zone specified"


@dataclass(frozen=True, slots=True)
class Share:
    """How many endpoints a zone shall have."""

    least: int
    most: int
    desired: float


def cpu_by_zone(nodes: Iterable[Object]) -> dict[str, float]:
    """The allocatable CPU of Ready nodes by zone; empty where one node does not say."""
    zones: dict[str, float] = {}
    for node in nodes:
        if any(label in objects.labels(node) for label in _EXCLUDED) or not is_ready_node(node):
            continue
        zone = objects.labels(node).get(ZONE)
        cpu = float(quantity.parse(dig(node, "status", "allocatable", "cpu", default="0")))
        if not zone or not cpu:
            return {}
        zones[zone] = zones.get(zone, 0.0) + cpu
    return zones


def is_ready_node(node: Object) -> bool:
    ready = objects.condition(node, "Ready")
    return ready is not None and ready.get("status") == "True"


def is_ready(endpoint: Object) -> bool:
    return bool(dig(endpoint, "conditions", "ready"))


def shares(count: int, zones: dict[str, float]) -> dict[str, Share]:
    """The share of each zone in `count` endpoints."""
    total = sum(zones.values())
    desired = {zone: cpu / total * count for zone, cpu in zones.items()}
    least = {zone: math.ceil(share * (1 / (1 + _OVERLOAD))) for zone, share in desired.items()}
    spare = count - sum(least.values())
    return {zone: Share(least[zone], least[zone] + spare, max(desired[zone], least[zone])) for zone in zones}


def refusal(slices: Slices, zones: dict[str, float]) -> str:
    """Why no fair hints can be given, "" if they can."""
    ready = [endpoint for slice_ in slices.all() for endpoint in _ready(slice_)]
    if len(zones) < 2:
        return TOO_LITTLE_KNOWN
    counts = f"({len(ready)} endpoints, {len(zones)} zones)"
    if len(zones) > len(ready):
        return f"{TOO_FEW} {counts}"
    if sum(share.least for share in shares(len(ready), zones).values()) > len(ready):
        return f"{UNFAIR} {counts}"
    return NO_ZONE if any(not endpoint.get("zone") for endpoint in ready) else ""


def spread(slices: Slices, zones: dict[str, float]) -> None:
    """Give hints to the slices that change anyway, and to those whose hints cannot stay."""
    by_zone = shares(sum(len(_ready(slice_)) for slice_ in slices.all()), zones)
    loose, counts = _loosened(slices, by_zone)
    own = [str(endpoint["zone"]) for s in (*slices.create, *slices.update, *loose) for endpoint in _ready(s)]
    hinted = iter(_redistributed(own, *transfers(by_zone, counts + Counter(own))))
    slices.create = [_with_hints(slice_, hinted) for slice_ in slices.create]
    slices.update = [_with_hints(slice_, hinted) for slice_ in slices.update]
    for slice_ in loose:
        anew = _with_hints(slice_, hinted)
        if anew == slice_:
            slices.unchanged.append(slice_)
        else:
            slices.update.append(anew)


def _ready(slice_: Object) -> list[Object]:
    return [endpoint for endpoint in slice_.get("endpoints") or [] if is_ready(endpoint)]


def _loosened(slices: Slices, by_zone: dict[str, Share]) -> tuple[list[Object], Counter[str]]:
    """Takes out of the unchanged slices those whose hints cannot stay; with the endpoints that the others give each
    zone."""
    counts: Counter[str] = Counter()
    kept, loose = [], []
    for slice_ in slices.unchanged:
        held = _held(slice_)
        stays = held is not None and all(
            zone in by_zone and number + counts[zone] <= by_zone[zone].most for zone, number in held.items()
        )
        if held is not None and stays:
            counts += held
            kept.append(slice_)
        else:
            loose.append(slice_)
    slices.unchanged = kept
    return loose, counts


def _held(slice_: Object) -> Counter[str] | None:
    """The endpoints of a slice by the zone that they are for; None where one has no hint."""
    held: Counter[str] = Counter()
    for endpoint in _ready(slice_):
        hinted = dig(endpoint, "hints", "forZones", default=[])
        if not hinted:
            return None
        held.update(zone["name"] for zone in hinted)
    return held


def transfers(by_zone: dict[str, Share], counts: Counter[str]) -> tuple[Counter[str], Counter[str]]:
    """How many endpoints each zone gives away, and how many each gets: always from the one with most to spare to the
    one that lacks most, as long as that makes it fairer."""
    spare = {zone: counts[zone] - share.desired for zone, share in by_zone.items() if counts[zone] > share.desired}
    lacking = {zone: share.desired - counts[zone] for zone, share in by_zone.items() if counts[zone] < share.desired}
    giving: Counter[str] = Counter()
    receiving: Counter[str] = Counter()
    while spare and lacking:
        giver, taker = max(spare, key=spare.__getitem__), max(lacking, key=lacking.__getitem__)
        least, most = sorted((spare[giver], lacking[taker]))
        if most < 1 or least < 0.5:
            break
        giving[giver] += 1
        receiving[taker] += 1
        spare[giver] -= 1
        lacking[taker] -= 1
    return giving, receiving


def _redistributed(own: list[str], giving: Counter[str], receiving: Counter[str]) -> list[str]:
    """The zone that each endpoint is for, given the zones that they are in."""
    takers = list(receiving.elements())
    result = []
    for zone in own:
        if takers and giving[zone] > 0:
            giving[zone] -= 1
            result.append(takers.pop())
        else:
            result.append(zone)
    return result


def _with_hints(slice_: Object, zones: Iterable[str]) -> Object:
    """The slice with a hint for each ready endpoint, taken in order from `zones`."""
    hinted = iter(zones)
    endpoints = []
    for endpoint in slice_.get("endpoints") or []:
        bare = {key: value for key, value in endpoint.items() if key != "hints"}
        hints = {"hints": {"forZones": [{"name": next(hinted)}]}} if is_ready(endpoint) else {}
        endpoints.append({**bare, **hints})
    return {**slice_, "endpoints": endpoints}
