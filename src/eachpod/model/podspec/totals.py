"""What a pod as a whole asks for and is limited to: its containers together, the pod's own figures, its overhead.

The scheduler, the node's admission and quotas ask here, since they have to count alike: a pod that one of them lets in
and another refuses would come and go for ever (k8s.io/component-helpers/resource).
"""

from collections.abc import Callable, Mapping
from fractions import Fraction

from eachpod.model import quantity
from eachpod.model.objects import Object, dig

from .amounts import is_huge_page

Totals = dict[str, Fraction]

_NOTHING: Mapping[str, Fraction] = {}


def requests_of(pod: Object, unstated: Mapping[str, Fraction] = _NOTHING) -> Totals:
    """What a pod occupies; `unstated` is what a container is taken to ask for where it does not say."""
    total = _containers(pod, lambda container: {**unstated, **_amounts(dig(container, "resources", "requests"))})
    total |= _of_the_pod(pod, "requests")
    return added(total, _amounts(dig(pod, "spec", "overhead")))


def limits_of(pod: Object) -> Totals:
    """What a pod may use at most, for resources that it has a limit of; only then its overhead matters."""
    total = _containers(pod, lambda container: _amounts(dig(container, "resources", "limits")))
    total |= _of_the_pod(pod, "limits")
    overhead = _amounts(dig(pod, "spec", "overhead"))
    return added(total, {name: amount for name, amount in overhead.items() if total.get(name)})


def added(one: Mapping[str, Fraction], other: Mapping[str, Fraction]) -> Totals:
    """The sums of two pods' amounts, or of two containers'."""
    return {**one, **{name: one.get(name, Fraction(0)) + amount for name, amount in other.items()}}


def _containers(pod: Object, of: Callable[[Object], Totals]) -> Totals:
    """The larger of all containers together and each init container with the sidecars started before it."""
    sidecars: Totals = {}
    peak: Totals = {}
    for container in dig(pod, "spec", "initContainers", default=()):
        beside = added(sidecars, of(container))
        if container.get("restartPolicy") == "Always":
            sidecars = beside
        peak = _larger(peak, beside)
    running = sidecars
    for container in dig(pod, "spec", "containers", default=()):
        running = added(running, of(container))
    return _larger(running, peak)


def _of_the_pod(pod: Object, kind: str) -> Totals:
    """Figures of the pod itself (KEP-2837), which replace those of its containers."""
    stated = _amounts(dig(pod, "spec", "resources", kind))
    return {name: amount for name, amount in stated.items() if name in ("cpu", "memory") or is_huge_page(name)}


def _larger(one: Totals, other: Totals) -> Totals:
    return {**one, **{name: max(one.get(name, amount), amount) for name, amount in other.items()}}


def _amounts(listed: Mapping[str, str] | None) -> Totals:
    return {name: quantity.parse(text) for name, text in (listed or {}).items()}
