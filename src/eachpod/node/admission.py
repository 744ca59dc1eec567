"""The node's own decision about a pod that was bound to it: the kubelet's admission.

The scheduler asks the same first; this catches pods that came past it (spec.nodeName in the manifest) or that two
schedulers placed at once. A refused pod is Failed for good; its controller makes another one.
"""

from fractions import Fraction

from eachpod.model import nodeaffinity, quantity
from eachpod.model.objects import Object, dig
from eachpod.model.podphase import is_finished
from eachpod.model.podspec.hostports import host_ports_of
from eachpod.model.podspec.totals import Totals, added, requests_of

from .podstate import Verdict

_PREFIX = "Pod was rejected: "


def admit(pod: Object, node: Object, others: list[Object]) -> Verdict | None:
    """None lets the pod in. `others` are the pods that the node runs already."""
    alive = [each for each in others if not is_finished(each)]
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
    wanted = list(host_ports_of(pod))
    # Most pods want none: then the others need no look, or a node full of pods would cost the square of their number.
    taken = [each for other in others for each in host_ports_of(other)] if wanted else []
    if any(each.clashes(other) for each in wanted for other in taken):
        message = "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports"
        return Verdict("NodePorts", _PREFIX + message)
    return None


def _resources(pod: Object, node: Object, others: list[Object]) -> Verdict | None:
    has = {k: quantity.parse(v) for k, v in dig(node, "status", "allocatable", default={}).items()}
    if "pods" in has and len(others) + 1 > has["pods"]:
        return _out_of("pods", Fraction(1), Fraction(len(others)), has["pods"])
    wants = {name: amount for name, amount in requests_of(pod).items() if amount}
    used: Totals = {}
    for other in others if wants else ():
        used = added(used, requests_of(other))
    for name, amount in wants.items():
        before = used.get(name, Fraction(0))
        if name in has and amount + before > has[name]:
            return _out_of(name, amount, before, has[name])
    return None


def _out_of(name: str, wanted: Fraction, used: Fraction, capacity: Fraction) -> Verdict:
    scale = 1000 if name == "cpu" else 1
    figures = (int(each * scale) for each in (wanted, used, capacity))
    text = "Node didn't have enough resource: {}, requested: {}, used: {}, capacity: {}".format(name, *figures)
    return Verdict(f"OutOf{name}", f"{_PREFIX}{text}")
