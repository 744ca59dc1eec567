"""Which of the nodes that can take a pod is best: the score plugins and weights of the default profile.

Each gives 0 to 100 for a node; the weighted sums are compared. Nodes with equal sums are chosen between by the caller.
"""

import math

from eachpod.model.nodeaffinity import preferred_weight
from eachpod.model.objects import Object, dig
from eachpod.model.tolerations import PREFER_NO_SCHEDULE, untolerated

from . import podaffinity, spread
from .cluster import Cluster
from .nodeinfo import NodeInfo
from .podinfo import PodInfo

_COMPARED = ("cpu", "memory")
_MIB = 1024 * 1024
_IMAGE_LEAST, _IMAGE_MOST = 23 * _MIB, 1000 * _MIB


def least_allocated(info: PodInfo, node: NodeInfo) -> int:
    """The free share of CPU and memory, as if containers without requests asked for a little."""
    shares = [
        (have - used) * 100 // have if used <= have else 0
        for resource in _COMPARED
        if (have := node.allocatable.get(resource, 0))
        for used in (node.compared.get(resource, 0) + info.compared.get(resource, 0),)
    ]
    return sum(shares) // len(shares) if shares else 0


def _balance(used: dict[str, int], allocatable: dict[str, int]) -> int:
    shares = [min(1.0, used.get(r, 0) / allocatable[r]) for r in _COMPARED if allocatable.get(r)]
    deviation = abs(shares[0] - shares[1]) / 2 if len(shares) == 2 else 0.0
    return int((1 - deviation) * 100)


def balanced(info: PodInfo, node: NodeInfo) -> int:
    """Whether the pod makes the use of CPU and memory more alike (towards 100) or less (towards 50)."""
    after = {r: node.requested.get(r, 0) + info.requests.get(r, 0) for r in _COMPARED}
    return 50 + (50 + _balance(after, node.allocatable) - _balance(node.requested, node.allocatable)) // 2


def _normalized(raw: list[int], *, reverse: bool = False) -> list[int]:
    most = max(raw, default=0)
    if most == 0:
        return [100 if reverse else 0] * len(raw)
    return [100 - 100 * value // most if reverse else 100 * value // most for value in raw]


def _soft_taints(info: PodInfo, node: NodeInfo) -> int:
    if not node.taints:
        return 0
    tolerations = [
        one
        for one in dig(info.pod, "spec", "tolerations", default=())
        if not one.get("effect") or one["effect"] == PREFER_NO_SCHEDULE
    ]
    return len(untolerated(node.taints, tolerations, (PREFER_NO_SCHEDULE,)))


def _canonical(image: str) -> str:
    return image if ":" in image.rpartition("/")[2] or "@" in image else f"{image}:latest"


def _image_sizes(node: Object | None) -> dict[str, int]:
    return {
        name: int(image.get("sizeBytes") or 0)
        for image in dig(node, "status", "images", default=())
        for name in image.get("names") or ()
    }


def image_scores(info: PodInfo, candidates: list[NodeInfo], total_nodes: int) -> list[int]:
    """Nodes that have the pod's images already; an image counts by how many nodes have it."""
    containers = [
        *dig(info.pod, "spec", "containers", default=()),
        *dig(info.pod, "spec", "initContainers", default=()),
    ]
    wanted = [_canonical(container.get("image") or "") for container in containers]
    sizes = [_image_sizes(node.node) for node in candidates]
    if not any(sizes):
        return [0] * len(candidates)
    holders = {image: sum(image in have for have in sizes) for image in wanted}
    most = _IMAGE_MOST * max(1, len(containers))
    result = []
    for have in sizes:
        total = sum(have.get(image, 0) * holders[image] // max(1, total_nodes) for image in wanted)
        total = min(max(total, _IMAGE_LEAST), most)
        result.append(100 * (total - _IMAGE_LEAST) // (most - _IMAGE_LEAST))
    return result


def scores(cluster: Cluster, info: PodInfo, candidates: list[NodeInfo]) -> list[int]:
    """The weighted sum for each candidate."""
    weighted = [
        (3, _normalized([_soft_taints(info, node) for node in candidates], reverse=True)),
        (1, [least_allocated(info, node) for node in candidates]),
        (1, image_scores(info, candidates, len(cluster.nodes))),
        (2, spread.scores(cluster, info, candidates)),
        (2, podaffinity.scores(cluster, info, candidates)),
    ]
    if dig(info.pod, "spec", "affinity", "nodeAffinity", "preferredDuringSchedulingIgnoredDuringExecution"):
        preferred = [preferred_weight(info.pod, node.node) if node.node else 0 for node in candidates]
        weighted.append((2, _normalized(preferred)))
    if any(info.requests.get(resource) for resource in _COMPARED):
        weighted.append((1, [balanced(info, node) for node in candidates]))
    totals = [0] * len(candidates)
    for weight, values in weighted:
        for index, value in enumerate(values or ()):
            totals[index] += weight * value
    return totals


def enough(nodes: int) -> int:
    """How many feasible nodes are worth comparing: all of a hundred, a falling share of more (percentageOfNodesToScore
    as the real scheduler computes it)."""
    if nodes < 100:
        return nodes
    share = max(5, 50 - nodes // 125)
    return max(100, math.floor(nodes * share / 100))
