"""What scheduling needs to know of a pod, worked out once for each version of the object."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from eachpod.client.cache import Key, key_of
from eachpod.model.objects import Object, deleting, dig, labels, uid
from eachpod.model.podspec.hostports import HostPort, host_ports_of
from eachpod.model.podspec.totals import requests_of

# What a container that asks for nothing is taken to use when nodes are compared (not when they are filtered), so that
# pods without requests do not all go to the same node.
UNSTATED = {"cpu": Fraction(1, 10), "memory": Fraction(200 * 1024 * 1024)}

Amounts = dict[str, int]
PodKey = Key


def in_units(amounts: Mapping[str, Fraction]) -> Amounts:
    """In the unit of the sums: thousandths of a CPU, whole units of everything else, rounded up."""
    return {resource: math.ceil(amount * 1000 if resource == "cpu" else amount) for resource, amount in amounts.items()}


@dataclass(frozen=True, slots=True)
class PodInfo:
    """A pod with its sums; `compared` are the amounts used when nodes are compared (see UNSTATED)."""

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
    asked = in_units(requests_of(pod))
    return PodInfo(
        pod=pod,
        key=key_of(pod),
        uid=uid(pod),
        requests={resource: units for resource, units in asked.items() if units},
        compared=asked | in_units(requests_of(pod, UNSTATED)),
        ports=tuple(host_ports_of(pod)),
        priority=int(dig(pod, "spec", "priority", default=0)),
        picky=bool(dig(pod, "spec", "nodeSelector") or dig(pod, "spec", "affinity", "nodeAffinity")),
        anti_affinity=_terms(pod, "podAntiAffinity", "required"),
        affinity=_terms(pod, "podAffinity", "required"),
        soft_anti_affinity=_terms(pod, "podAntiAffinity", "preferred"),
        soft_affinity=_terms(pod, "podAffinity", "preferred"),
    )
