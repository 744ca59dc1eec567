"""The scheduler's picture of the cluster: nodes with what is on them, kept up to date event by event.

Pods that this scheduler has just bound are *assumed*: they count on their node although the watch has not shown it yet.
How many pods of a group are on each node is kept in `Tally`s, so that spreading costs the same however many pods run.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from eachpod.client.cache import key_of
from eachpod.model.labelselector import Selector
from eachpod.model.objects import Object, deleting, dig, name
from eachpod.model.podphase import is_finished

from .nodeinfo import NodeInfo
from .podinfo import PodInfo, PodKey, info_of

# Tallies are made on demand; beyond this many the oldest goes, and is counted anew if asked for again.
MAX_TALLIES = 512


@dataclass(slots=True)
class Tally:
    """For each node, how many living pods of one namespace match one selector."""

    namespace: str
    selector: Selector
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, info: PodInfo, node: str, sign: int) -> None:
        if info.key.namespace != self.namespace or info.deleting or not self.selector.matches(info.labels):
            return
        self.counts[node] = self.counts.get(node, 0) + sign


@dataclass(slots=True)
class Related:
    """The objects beside pods and nodes that scheduling reads, as functions over some cache."""

    services: Callable[[str], Iterable[Object]] = lambda namespace: ()
    owner: Callable[[str, str, str, str], Object | None] = lambda api_version, kind, namespace, name: None
    namespaces: Callable[[], Iterable[Object]] = lambda: ()
    claim: Callable[[str, str], Object | None] = lambda namespace, name: None
    volume: Callable[[str], Object | None] = lambda name: None
    volumes: Callable[[], Iterable[Object]] = lambda: ()
    storage_class: Callable[[str], Object | None] = lambda name: None
    budgets: Callable[[str], Iterable[Object]] = lambda namespace: ()


class Cluster:
    def __init__(self, related: Related | None = None) -> None:
        self.related = related or Related()
        self.nodes: dict[str, NodeInfo] = {}
        self.assumed: dict[PodKey, str] = {}
        # Pods whose victims are going: they have a claim on that node before pods of lower priority.
        self.nominated: dict[PodKey, tuple[PodInfo, str]] = {}
        # Pods whose affinity other pods must respect, by node: most pods have none.
        self.with_affinity: dict[PodKey, tuple[PodInfo, str]] = {}
        # Volumes that bindings in progress are about to reserve, by the pod they are for.
        self.reservations: dict[PodKey, tuple[str, ...]] = {}
        self._where: dict[PodKey, str] = {}
        self._tallies: dict[tuple[str, str], Tally] = {}

    @property
    def reserved_volumes(self) -> set[str]:
        return {volume for volumes in self.reservations.values() for volume in volumes}

    def real_nodes(self) -> Iterator[NodeInfo]:
        return (node for node in self.nodes.values() if node.node is not None)

    # Nodes

    def set_node(self, node: Object) -> None:
        self._node(name(node)).set_node(node)

    def drop_node(self, node_name: str) -> None:
        info = self.nodes.get(node_name)
        if info is None:
            return
        info.set_node(None)
        if not info.pods:
            del self.nodes[node_name]

    def _node(self, node_name: str) -> NodeInfo:
        found = self.nodes.get(node_name)
        if found is None:
            found = self.nodes[node_name] = NodeInfo(node_name)
        return found

    # Pods

    def set_pod(self, pod: Object) -> None:
        """A pod as the watch shows it: counted on its node while it has one and has not finished."""
        key = key_of(pod)
        node_name = dig(pod, "spec", "nodeName", default="")
        if not node_name:
            if deleting(pod):
                self.forget(key)
            return
        self.assumed.pop(key, None)
        self.nominated.pop(key, None)
        self._place(info_of(pod), "" if is_finished(pod) else node_name)

    def drop_pod(self, key: PodKey) -> None:
        self.assumed.pop(key, None)
        self.nominated.pop(key, None)
        self._remove(key)

    def assume(self, info: PodInfo, node_name: str) -> None:
        """Count a pod on the node it is about to be bound to."""
        self.assumed[info.key] = node_name
        self.nominated.pop(info.key, None)
        self._place(info, node_name)

    def forget(self, key: PodKey) -> None:
        """Take back an assumption: the binding failed, or the pod is gone."""
        if self.assumed.pop(key, None):
            self._remove(key)

    def where(self, key: PodKey) -> str:
        """The node that a pod is counted on, "" for none."""
        return self._where.get(key, "")

    def _place(self, info: PodInfo, node_name: str) -> None:
        self._remove(info.key)
        if not node_name:
            return
        self._where[info.key] = node_name
        self._node(node_name).add(info)
        if info.affinity or info.anti_affinity or info.soft_affinity or info.soft_anti_affinity:
            self.with_affinity[info.key] = info, node_name
        for tally in self._tallies.values():
            tally.add(info, node_name, 1)

    def _remove(self, key: PodKey) -> None:
        node_name = self._where.pop(key, "")
        if not node_name:
            return
        self.with_affinity.pop(key, None)
        node = self.nodes[node_name]
        info = node.remove(key)
        if info:
            for tally in self._tallies.values():
                tally.add(info, node_name, -1)
        if node.node is None and not node.pods:
            del self.nodes[node_name]

    # Groups

    def tally(self, pods_namespace: str, selector: Selector) -> Mapping[str, int]:
        """How many living pods of the namespace match, by node; nodes without any may be missing."""
        key = pods_namespace, selector.text
        found = self._tallies.get(key)
        if found is None:
            if len(self._tallies) >= MAX_TALLIES:
                del self._tallies[next(iter(self._tallies))]
            found = self._tallies[key] = Tally(pods_namespace, selector)
            for node in self.nodes.values():
                for info in node.pods.values():
                    found.add(info, node.name, 1)
        return found.counts
