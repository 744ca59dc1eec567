"""What must be true when all faults have stopped and nothing moves any more."""

from collections.abc import Iterator
from functools import cache, lru_cache

import dns.message
import dns.rdatatype

from eachpod.controllers.statefulset.identity import pod_name, wanted
from eachpod.dns.answer import respond
from eachpod.dns.reply import Transport
from eachpod.dns.zone import Index
from eachpod.model import objects
from eachpod.model.objects import Object, dig
from eachpod.model.resources import CONTROLLERREVISION, ENDPOINTSLICE, PERSISTENTVOLUMECLAIM, POD

from .laws import Laws, is_ready
from .machines import Machines
from .server import KINDS
from .setting import NAMESPACE, SET

_COUNTERS = ("replicas", "readyReplicas", "availableReplicas", "currentReplicas", "updatedReplicas")


def amiss(laws: Laws, machines: Machines, index: Index) -> Iterator[str]:
    """Everything that is not as it should be, in words."""
    set_ = laws.set_()
    pods = {objects.name(pod): pod for pod in laws.objects_of(POD.group_resource)}
    names = {pod_name(set_, number) for number in wanted(set_)} if set_ is not None else set()
    if pods.keys() != names:
        yield f"wanted are {sorted(names)}, but there are {sorted(pods)}"
    if machines.running != {name: objects.uid(pod) for name, pod in pods.items()}:
        yield f"running are {sorted(machines.running)}, but there are {sorted(pods)}"
    yield from (f"pod {name} is not Ready" for name, pod in sorted(pods.items()) if not is_ready(pod))
    yield from _claims(laws, pods)
    yield from _garbage(laws)
    yield from _slices(laws, pods)
    yield from _names(laws, pods, index)
    if set_ is not None:
        yield from _set(laws, set_, pods)


def _set(laws: Laws, set_: Object, pods: dict[str, Object]) -> Iterator[str]:
    status, want = set_.get("status") or {}, dig(set_, "spec", "replicas")
    for counter in _COUNTERS:
        if status.get(counter, 0) != want:
            yield f"status.{counter} is {status.get(counter, 0)}, not {want}"
    if status.get("currentRevision") != status.get("updateRevision"):
        yield "the rollout is not complete"
    image = dig(set_, "spec", "template", "spec", "containers")[0]["image"]
    for name, pod in sorted(pods.items()):
        if dig(pod, "spec", "containers")[0]["image"] != image:
            yield f"pod {name} is not of the newest template"
        owner = objects.controller_of(pod)
        if owner is None or owner.get("uid") != objects.uid(set_):
            yield f"pod {name} is not owned by the set"
    if len(laws.objects_of(CONTROLLERREVISION.group_resource)) > 10 + 1:
        yield "the history was not truncated"


def _claims(laws: Laws, pods: dict[str, Object]) -> Iterator[str]:
    claims = {objects.name(claim): claim for claim in laws.objects_of(PERSISTENTVOLUMECLAIM.group_resource)}
    for name in sorted(pods):
        if f"data-{name}" not in claims:
            yield f"the claim of pod {name} is missing"
    yield from (f"{name} is still being deleted" for name, claim in sorted(claims.items()) if objects.deleting(claim))


def _garbage(laws: Laws) -> Iterator[str]:
    """Objects all of whose owners are gone."""
    kept = [obj for kind in KINDS for obj in laws.objects_of(kind.group_resource)]
    uids = {objects.uid(obj) for obj in kept}
    for obj in kept:
        if objects.owners(obj) and not any(ref.get("uid") in uids for ref in objects.owners(obj)):
            yield f"{obj['kind']} {objects.name(obj)} is still there, though its owners are gone"


def _slices(laws: Laws, pods: dict[str, Object]) -> Iterator[str]:
    published = [
        (endpoint.get("hostname"), endpoint["addresses"][0], dig(endpoint, "conditions", "ready"))
        for slice_ in laws.objects_of(ENDPOINTSLICE.group_resource)
        for endpoint in slice_.get("endpoints") or []
    ]
    expected = [(name, dig(pod, "status", "podIP"), True) for name, pod in pods.items()]
    if sorted(map(str, published)) != sorted(map(str, expected)):
        yield f"published are {sorted(map(str, published))}, true are {sorted(map(str, expected))}"


def _names(laws: Laws, pods: dict[str, Object], index: Index) -> Iterator[str]:
    for number in range(6):
        name = f"{SET}-{number}"
        pod = pods.get(name)
        expected = {dig(pod, "status", "podIP")} if pod is not None else set()
        found = resolved(index, name)
        if found != expected:
            yield f"{name} resolves to {sorted(found)}, not to {sorted(map(str, expected))}"


def resolved(index: Index, name: str) -> frozenset[str]:
    """The addresses that a pod's name has by DNS, asked in wire form."""
    reply = respond(index, _query(name), 0.0, Transport.UDP)
    if not isinstance(reply, bytes) or reply[_COUNT] == _NONE:
        return frozenset()
    return _addresses(reply)


# Few names and few addresses, in thousands of schedules: each is written and read once.
_COUNT, _NONE = slice(6, 8), b"\0\0"


@cache
def _query(name: str) -> bytes:
    return dns.message.make_query(f"{name}.{SET}.{NAMESPACE}.svc.cluster.local", "A", id=1).to_wire()


@lru_cache(1000)
def _addresses(reply: bytes) -> frozenset[str]:
    answers = dns.message.from_wire(reply).answer
    return frozenset(str(record) for rrset in answers if rrset.rdtype == dns.rdatatype.A for record in rrset)
