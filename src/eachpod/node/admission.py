"""The node's own decision about a pod that was bound to it: the kubelet's admission.

The scheduler asks the same first; this catches pods that came past it (spec.nodeName in the manifest) or that two
schedulers placed at once. A refused pod is Failed for good; its controller makes another one.
"""

from collections import Counter
from fractions import Fraction

from eachpod.model import nodeaffinity, quantity
from eachpod.model.objects import Object, dig

from . import podspec
from .podstate import Verdict

_PREFIX = "Pod was rejected: "


def admit(pod: Object, node: Object, others: list[Object]) -> Verdict | None:
    """None lets the pod in. `others` are the pods that the node runs already."""
    alive = [each for each in others if dig(each, "status", "phase") not in ("Succeeded", "Failed")]
    for check in (_resources, _affinity, _ports):
        verdict = check(pod, node, alive)
        if verdict:
            return verdict
    return None


def _affinity(pod: Object, node: Object, others: list[Object]) -> Verdict | None:
    if nodeaffinity.pod_accepts(pod, node):
        return None
    message = "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"
    return Verdict("NodeAffinity", _PREFIX + message)


def _ports(pod: Object, node: Object, others: list[Object]) -> Verdict | None:
    wanted = _host_ports(pod)
    # Most pods want none: then the others need no look, or a node full of pods would cost the square of their number.
    taken = [each for other in others for each in _host_ports(other)] if wanted else []
    for ip, protocol, port in wanted:
        for other_ip, other_protocol, other_port in taken:
            same = (protocol, port) == (other_protocol, other_port)
            if same and (ip == other_ip or "0.0.0.0" in (ip, other_ip)):
                message = "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports"
                return Verdict("NodePorts", _PREFIX + message)
    return None


def _host_ports(pod: Object) -> list[tuple[str, str, int]]:
    return [
        (port.get("hostIP") or "0.0.0.0", port.get("protocol") or "TCP", port["hostPort"])
        for container in [*podspec.regular_containers(pod), *filter(podspec.is_sidecar, podspec.init_containers(pod))]
        for port in container.get("ports") or []
        if port.get("hostPort")
    ]


def _resources(pod: Object, node: Object, others: list[Object]) -> Verdict | None:
    has = {k: quantity.parse(v) for k, v in dig(node, "status", "allocatable", default={}).items()}
    if "pods" in has and len(others) + 1 > has["pods"]:
        return _out_of("pods", Fraction(1), Fraction(len(others)), has["pods"])
    wants = {name: amount for name, amount in requests(pod).items() if amount}
    used: Counter[str] = Counter()
    for other in others if wants else ():
        for name, amount in requests(other).items():
            used[name] += amount  # type: ignore[assignment]
    for name, amount in wants.items():
        if name in has and amount + used[name] > has[name]:
            return _out_of(name, amount, Fraction(used[name]), has[name])
    return None


def _out_of(name: str, wanted: Fraction, used: Fraction, capacity: Fraction) -> Verdict:
    scale = 1000 if name == "cpu" else 1
    figures = (int(each * scale) for each in (wanted, used, capacity))
    text = "Node didn't have enough resource: {}, requested: {}, used: {}, capacity: {}".format(name, *figures)
    return Verdict(f"OutOf{name}", f"{_PREFIX}{text}")


def requests(pod: Object) -> dict[str, Fraction]:
    """What the pod asks for: its containers together, or its largest init container with the sidecars before it."""
    total = _sum(podspec.regular_containers(pod))
    sidecars: dict[str, Fraction] = {}
    highest: dict[str, Fraction] = {}
    for init in podspec.init_containers(pod):
        wants = _sum([init])
        here = _add(wants, sidecars)
        if podspec.is_sidecar(init):
            sidecars = here
        highest = {name: max(highest.get(name, Fraction()), here.get(name, Fraction())) for name in highest | here}
    total = _add(total, sidecars)
    total = {name: max(total.get(name, Fraction()), highest.get(name, Fraction())) for name in total | highest}
    whole = dig(pod, "spec", "resources", "requests", default={})
    total |= {name: quantity.parse(amount) for name, amount in whole.items()}
    return _add(total, {k: quantity.parse(v) for k, v in dig(pod, "spec", "overhead", default={}).items()})


def _sum(containers: list[Object]) -> dict[str, Fraction]:
    total: dict[str, Fraction] = {}
    for each in containers:
        wants = dig(each, "resources", "requests", default={})
        total = _add(total, {name: quantity.parse(amount) for name, amount in wants.items()})
    return total


def _add(one: dict[str, Fraction], other: dict[str, Fraction]) -> dict[str, Fraction]:
    return {name: one.get(name, Fraction()) + other.get(name, Fraction()) for name in one | other} if other else one
