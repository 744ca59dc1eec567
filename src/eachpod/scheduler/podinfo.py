"""What scheduling needs to know of a pod, worked out once for each version of the object."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from eachpod.model import quantity
from eachpod.model.objects import Object, deleting, dig, labels, name, namespace, uid

# What a container that asks for nothing is taken to use when nodes are compared (not when they are filtered), so that
# pods without requests do not all go to the same node.
UNSTATED_CPU_MILLIS = 100
UNSTATED_MEMORY_BYTES = 200 * 1024 * 1024

Amounts = dict[str, int]


class PodKey(NamedTuple):
    namespace: str
    name: str


class HostPort(NamedTuple):
    ip: str
    protocol: str
    port: int


def key_of(pod: Object) -> PodKey:
    return PodKey(namespace(pod), name(pod))


def amount(resource: str, text: Any) -> int:
    """A quantity in the unit of the sums: thousandths of a CPU, whole units of everything else, rounded up."""
    exact = quantity.parse(text) * (1000 if resource == "cpu" else 1)
    return -(-exact.numerator // exact.denominator)


def amounts(listed: Mapping[str, Any] | None) -> Amounts:
    return {resource: amount(resource, text) for resource, text in (listed or {}).items()}


def _plus(left: Amounts, right: Amounts) -> Amounts:
    return {key: left.get(key, 0) + right.get(key, 0) for key in left.keys() | right.keys()}


def _most(left: Amounts, right: Amounts) -> Amounts:
    return {key: max(left.get(key, 0), right.get(key, 0)) for key in left.keys() | right.keys()}


def _asked(container: Object, unstated: Amounts) -> Amounts:
    """A container's requests; a limit stands in for a missing request, as the API server defaults it."""
    resources = container.get("resources") or {}
    stated = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    return {**unstated, **amounts(stated)}


def requests_of(pod: Object, unstated: Amounts | None = None) -> Amounts:
    """What a pod occupies: the larger of its containers together and each init container with the sidecars started
    before it, replaced by pod-level requests where given, plus the overhead of its runtime class."""
    unstated = unstated or {}
    spec = pod.get("spec") or {}
    total: Amounts = {}
    for container in spec.get("containers") or ():
        total = _plus(total, _asked(container, unstated))
    sidecars: Amounts = {}
    peak: Amounts = {}
    for container in spec.get("initContainers") or ():
        asked = _asked(container, unstated)
        if container.get("restartPolicy") == "Always":
            sidecars = _plus(sidecars, asked)
            asked = sidecars
        else:
            asked = _plus(sidecars, asked)
        peak = _most(peak, asked)
    total = _most(_plus(total, sidecars), peak)
    total |= amounts(dig(spec, "resources", "requests"))
    return _plus(total, amounts(spec.get("overhead"))) if spec.get("overhead") else total


def host_ports_of(pod: Object) -> Iterator[HostPort]:
    """Ports that the pod takes on its node's own addresses; sidecars hold theirs for the pod's whole life."""
    spec = pod.get("spec") or {}
    sidecars = [c for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always"]
    for container in [*(spec.get("containers") or ()), *sidecars]:
        for port in container.get("ports") or ():
            if port.get("hostPort"):
                yield HostPort(port.get("hostIP") or "0.0.0.0", port.get("protocol") or "TCP", int(port["hostPort"]))


@dataclass(frozen=True, slots=True)
class PodInfo:
    """A pod with its sums; `compared` are the amounts used when nodes are compared (see UNSTATED_*)."""

    pod: Object = field(repr=False)
    key: PodKey
    uid: str
    requests: Amounts
    compared: Amounts
    ports: tuple[HostPort, ...]
    priority: int
    # Whether the pod asks for certain nodes.
    picky: bool
    # Terms under which other pods are refused from, or drawn to, the domain of this one.
    anti_affinity: tuple[Object, ...]
    affinity: tuple[Object, ...]
    soft_anti_affinity: tuple[Object, ...]
    soft_affinity: tuple[Object, ...]

    @property
    def labels(self) -> dict[str, str]:
        return labels(self.pod)

    @property
    def deleting(self) -> bool:
        return deleting(self.pod)


def _terms(pod: Object, kind: str, strength: str) -> tuple[Object, ...]:
    return tuple(dig(pod, "spec", "affinity", kind, f"{strength}DuringSchedulingIgnoredDuringExecution", default=()))


def info_of(pod: Object) -> PodInfo:
    asked = requests_of(pod)
    return PodInfo(
        pod=pod,
        key=key_of(pod),
        uid=uid(pod),
        requests={resource: units for resource, units in asked.items() if units},
        compared=asked | requests_of(pod, {"cpu": UNSTATED_CPU_MILLIS, "memory": UNSTATED_MEMORY_BYTES}),
        ports=tuple(host_ports_of(pod)),
        priority=int(dig(pod, "spec", "priority", default=0)),
        picky=bool(dig(pod, "spec", "nodeSelector") or dig(pod, "spec", "affinity", "nodeAffinity")),
        anti_affinity=_terms(pod, "podAntiAffinity", "required"),
        affinity=_terms(pod, "podAffinity", "required"),
        soft_anti_affinity=_terms(pod, "podAntiAffinity", "preferred"),
        soft_affinity=_terms(pod, "podAffinity", "preferred"),
    )


def finished(pod: Object) -> bool:
    """A pod that runs no more and so occupies nothing."""
    return dig(pod, "status", "phase") in ("Succeeded", "Failed")
