"""What a StatefulSet asks of its pods, read once for each state of a pod.

A set looks at all of its pods whenever one of them changes, hundreds of times while a large set comes up. What it asks
of a pod depends on the pod, and on parts of the set that hardly ever change, so the answers are kept from look to look:
a cached object that is the same Python object is unchanged.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from eachpod.controllers.podstate import is_ready, phase, ready_since
from eachpod.model import objects
from eachpod.model.labelselector import Selector
from eachpod.model.objects import Object, dig
from eachpod.model.podphase import FINISHED

from .identity import claim_templates, identity_matches, parent_and_ordinal, revision_of, storage_matches


@dataclass(frozen=True, slots=True)
class Member:
    """One state of a pod. `belongs` tells by name and labels, `owned` by its controller, `whole` whether label and
    volumes are those of its identity."""

    pod: Object
    belongs: bool
    owned: bool
    ordinal: int
    revision: str
    phase: str
    finished: bool
    deleting: bool
    ready: bool
    ready_since: float | None
    whole: bool

    @property
    def name(self) -> str:
        return objects.name(self.pod)

    @property
    def running_and_ready(self) -> bool:
        return self.ready and self.phase == "Running"

    def is_available(self, min_ready_seconds: int, now: float) -> bool:
        """Ready, and for at least so long."""
        if not self.ready or not min_ready_seconds:
            return self.ready
        return self.ready_since is not None and self.ready_since + min_ready_seconds <= now

    def available_in(self, min_ready_seconds: int, now: float) -> float | None:
        """Seconds until a pod that is Ready becomes available; None where no time will bring that."""
        if self.ready_since is None or self.ready_since + min_ready_seconds <= now:
            return None
        return self.ready_since + min_ready_seconds - now


@dataclass(frozen=True, slots=True)
class Members:
    """The pods of the last look by name, as seen by a set with this `identity`."""

    identity: Object
    known: Mapping[str, Member] = field(default_factory=dict)

    def __getitem__(self, pod: Object) -> Member:
        return self.known[objects.name(pod)]


def look(last: Members | None, set_: Object, pods: Iterable[Object]) -> Members:
    """The answers about `pods`; those that the last look had are taken over."""
    identity = _identity(set_)
    before = last.known if last is not None and last.identity == identity else {}
    selector = Selector.of(dig(set_, "spec", "selector"))
    known = {}
    for pod in pods:
        name = pod["metadata"]["name"]
        member = before.get(name)
        if member is None or member.pod is not pod:
            member = read(set_, selector, pod)
        known[name] = member
    return Members(identity, known)


def read(set_: Object, selector: Selector, pod: Object) -> Member:
    parent, ordinal = parent_and_ordinal(objects.name(pod))
    is_in = phase(pod)
    return Member(
        pod,
        owned=(objects.controller_of(pod) or {}).get("uid") == objects.uid(set_),
        belongs=parent == objects.name(set_) and selector.matches(objects.labels(pod)),
        ordinal=ordinal,
        revision=revision_of(pod),
        phase=is_in,
        finished=is_in in FINISHED,
        deleting=objects.deleting(pod),
        ready=is_ready(pod),
        ready_since=ready_since(pod),
        whole=identity_matches(pod) and storage_matches(set_, pod),
    )


def _identity(set_: Object) -> Object:
    """All of the set that an answer depends on."""
    return {
        "name": objects.name(set_),
        "uid": objects.uid(set_),
        "selector": dig(set_, "spec", "selector"),
        "claims": [objects.name(template) for template in claim_templates(set_)],
    }
