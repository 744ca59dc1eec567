"""What a pod as a whole asks for and is limited to: its containers together, the pod's own figures, its overhead.

The scheduler, the node's admission and quotas ask here, since they have to count alike: a pod that one of them lets in
and another refuses would come and go for ever (k8s.io/component-helpers/resource).
"""

from collections.abc import Mapping
from fractions import Fraction

from eachpod.model import quantity
from eachpod.model.objects import Object, dig

from .amounts import is_huge_page

Totals = dict[str, Fraction]

_NOTHING: Mapping[str, Fraction] = {}


def requests_of(pod: Object, unstated: Mapping[str, Fraction] = _NOTHING) -> Totals:
    """What a pod occupies; `unstated` is what a container is taken to ask for where it does not say."""
    return added(stated(pod, "requests", unstated), _amounts(dig(pod, "spec", "overhead")))


def limits_of(pod: Object) -> Totals:
    """What a pod may use at most, for resources that it has a limit of; only then its overhead matters."""
    total = stated(pod, "limits")
    overhead = _amounts(dig(pod, "spec", "overhead"))
    return added(total, {name: amount for name, amount in overhead.items() if total.get(name)})


def stated(pod: Object, kind: str, unstated: Mapping[str, Fraction] = _NOTHING) -> Totals:
    """The requests or limits that a pod states: those of its containers, replaced by the pod's own (KEP-2837)."""
    own = _amounts(dig(pod, "spec", "resources", kind))
    spec: Object = pod.get("spec") or {}
    return of_containers(spec, kind, unstated) | {name: own[name] for name in own if has_pod_level(name)}


def has_pod_level(name: str) -> bool:
    """Whether a pod as a whole can ask for this resource."""
    return name in ("cpu", "memory") or is_huge_page(name)


def of_containers(spec: Object, kind: str, unstated: Mapping[str, Fraction] = _NOTHING) -> Totals:
    """The larger of all containers together and each init container with the sidecars started before it."""
    sidecars: Totals = {}
    peak: Totals = {}
    for container in spec.get("initContainers") or ():
        beside = added(sidecars, {**unstated, **_amounts(dig(container, "resources", kind))})
        if container.get("restartPolicy") == "Always":
            sidecars = beside
        peak = _larger(peak, beside)
    running = sidecars
    for container in spec.get("containers") or ():
        running = added(running, {**unstated, **_amounts(dig(container, "resources", kind))})
    return _larger(running, peak)


def rendered(totals: Totals) -> dict[str, str]:
    """As quantities."""
    return {name: quantity.render(amount, "10" if name == "cpu" else "2") for name, amount in totals.items()}


def added(one: Mapping[str, Fraction], other: Mapping[str, Fraction]) -> Totals:
    """The sums of two pods' amounts, or of two containers'."""
    return {**one, **{name: one.get(name, Fraction(0)) + amount for name, amount in other.items()}}


def _larger(one: Totals, other: Totals) -> Totals:
    return {**one, **{name: max(one.get(name, amount), amount) for name, amount in other.items()}}


def _amounts(listed: Mapping[str, str] | None) -> Totals:
    return {name: quantity.parse(text) for name, text in (listed or {}).items()}
