"""What the controller knows of a Service's pods from the last time, so that one changed pod costs work for one pod.

Pure: the next state is made from the last one and from the cached objects. A cached object that is the same Python
object is unchanged, so most pods cost one comparison.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from eachpod.model import objects
from eachpod.model.labelselector import Selector
from eachpod.model.objects import Object, dig

from .endpoints import Endpoint, build, families, is_candidate, resolved_ports

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One pod of the namespace: its endpoint in each family (none where the Service does not select it)."""

    pod: Object
    selected: bool
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    # When the pod's readiness last changed, as written in its status.
    trigger: str = ""
    # The name of the pod's node where there is no such node; None where there is.
    missing_node: str | None = None


@dataclass(frozen=True, slots=True)
class Tracked:
    """`changed` are the keys of endpoints that differ from the state before; None says that everything may differ.
    `settled` are slices found right, by the identity of the cached object. `spread` says whether hints by CPU were
    given. `retries` counts the looks that found a node missing, the next of which is due at `retry_at`."""

    service: Object
    zones: Mapping[str, str] | None
    entries: Mapping[str, Entry]
    changed: frozenset[Key] | None
    trigger_time: str
    settled: Mapping[int, tuple[Object, tuple[Key, ...]]] = field(default_factory=dict)
    spread: bool = False
    retries: int = 0
    retry_at: float = 0.0

    @property
    def without_node(self) -> list[tuple[str, str]]:
        """The pods that are left out because their node does not exist, with its name."""
        return [(name, e.missing_node) for name, e in self.entries.items() if e.missing_node is not None]

    @property
    def differs(self) -> bool:
        """Whether anything may differ from the state before."""
        return self.changed is None or bool(self.changed)


def advance(last: Tracked | None, service: Object, pods: Iterable[Object], zones: Mapping[str, str] | None) -> Tracked:
    """The state for the pods as they are now. `zones` gives the zone of every node, "" where it has none; without it
    nodes do not matter."""
    same = last is not None and last.service is service and last.zones == zones
    known = last.entries if last is not None and same else {}
    selector = Selector.of({"matchLabels": dig(service, "spec", "selector", default={})})
    entries, changed = {}, set()
    for pod in pods:
        name = pod["metadata"]["name"]
        entry = known.get(name)
        if entry is None or entry.pod is not pod:
            fresh = _entry(service, pod, selector, zones)
            changed |= _differing(entry, fresh)
            entry = fresh
        entries[name] = entry
    if same and last is not None:
        for name in last.entries.keys() - entries.keys():
            changed |= _differing(last.entries[name], None)
    trigger = _trigger(last, service, entries)
    changes = frozenset(changed) if same else None
    if last is None:
        return Tracked(service, zones, entries, changes, trigger)
    settled = last.settled if same else {}
    return Tracked(service, zones, entries, changes, trigger, settled, last.spread, last.retries, last.retry_at)


def _entry(service: Object, pod: Object, selector: Selector, zones: Mapping[str, str] | None) -> Entry:
    if not selector.matches(objects.labels(pod)):
        return Entry(pod, selected=False)
    condition = objects.condition(pod, "Ready") or {}
    trigger = str(condition.get("lastTransitionTime") or "")
    if not is_candidate(pod):
        return Entry(pod, selected=True, trigger=trigger)
    node = dig(pod, "spec", "nodeName", default="")
    if zones is not None and node not in zones and not dig(service, "spec", "publishNotReadyAddresses"):
        return Entry(pod, selected=True, trigger=trigger, missing_node=node)
    ports, zone = resolved_ports(service, pod), (zones or {}).get(node, "")
    found = {}
    for family in families(service):
        endpoint = build(service, pod, family, zone, ports)
        if endpoint is not None:
            found[family] = endpoint
    return Entry(pod, selected=True, endpoints=found, trigger=trigger)


def _differing(old: Entry | None, new: Entry | None) -> set[Key]:
    before = old.endpoints if old is not None else {}
    after = new.endpoints if new is not None else {}
    keys = set()
    for family in before.keys() | after.keys():
        one, other = before.get(family), after.get(family)
        if one != other:
            keys |= {endpoint.key for endpoint in (one, other) if endpoint is not None}
    return keys


def _trigger(last: Tracked | None, service: Object, entries: Mapping[str, Entry]) -> str:
    """The time of the oldest change that is new since the last state: what latency is measured from."""
    created = str(objects.meta(service).get("creationTimestamp") or "")
    if last is None:
        return created
    before = last.entries
    times = []
    for name, entry in entries.items():
        known = before.get(name)
        if known is entry or not entry.selected:
            continue
        if entry.trigger > (known.trigger if known is not None and known.selected else ""):
            times.append(entry.trigger)
    if created > str(objects.meta(last.service).get("creationTimestamp") or ""):
        times.append(created)
    return min(times, default="")
