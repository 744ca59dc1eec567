"""A node and what is on it as running sums: a pod that comes or goes changes a few numbers, nothing is rescanned."""

from collections import Counter
from collections.abc import Iterable

from eachpod.model import quantity
from eachpod.model.objects import Object, dig, labels, name
from eachpod.model.podspec.hostports import HostPort

from .podinfo import Amounts, PodInfo, PodKey, in_units


class NodeInfo:
    """`node` is None while pods are bound to a name that has no Node object (yet, or no more)."""

    __slots__ = ("allocatable", "compared", "labels", "name", "node", "pods", "ports", "requested", "taints")

    def __init__(self, name: str) -> None:
        self.name = name
        self.node: Object | None = None
        self.labels: dict[str, str] = {}
        self.taints: tuple[Object, ...] = ()
        self.allocatable: Amounts = {}
        self.pods: dict[PodKey, PodInfo] = {}
        self.requested: Amounts = {}
        self.compared: Amounts = {}
        self.ports: Counter[HostPort] = Counter()

    def set_node(self, node: Object | None) -> None:
        self.node = node
        self.labels = labels(node) if node else {}
        self.taints = tuple(dig(node, "spec", "taints", default=()))
        has = dig(node, "status", "allocatable") or dig(node, "status", "capacity") or {}
        self.allocatable = in_units({resource: quantity.parse(amount) for resource, amount in has.items()})

    def add(self, info: PodInfo) -> None:
        self.pods[info.key] = info
        self._count(info, 1)

    def remove(self, key: PodKey) -> PodInfo | None:
        info = self.pods.pop(key, None)
        if info:
            self._count(info, -1)
        return info

    def _count(self, info: PodInfo, sign: int) -> None:
        for sums, more in ((self.requested, info.requests), (self.compared, info.compared)):
            for resource, units in more.items():
                sums[resource] = sums.get(resource, 0) + sign * units
        for port in info.ports:
            self.ports[port] += sign
            if not self.ports[port]:
                del self.ports[port]

    def taken(self, wanted: HostPort) -> bool:
        """Whether a pod here holds the port."""
        return any(map(wanted.clashes, self.ports))

    def copy(self) -> "NodeInfo":
        """A copy to try something out on."""
        copy = NodeInfo(self.name)
        copy.node, copy.labels, copy.taints, copy.allocatable = self.node, self.labels, self.taints, self.allocatable
        copy.pods, copy.ports = dict(self.pods), Counter(self.ports)
        copy.requested, copy.compared = dict(self.requested), dict(self.compared)
        return copy

    def with_also(self, more: Iterable[PodInfo]) -> "NodeInfo":
        copy = self.copy()
        for info in more:
            copy.add(info)
        return copy

    def without(self, leaving: Iterable[PodInfo]) -> "NodeInfo":
        copy = self.copy()
        for info in leaving:
            copy.remove(info.key)
        return copy

    def __repr__(self) -> str:
        return f"NodeInfo({name(self.node or {}) or self.name!r}, {len(self.pods)} pods)"
