"""The laws that hold at every moment, looked at with every single change that the server commits.

Where a law is about what somebody may do on what it knew, it looks at the sender of the write that is being committed:
how far its watches had told it when it decided.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from eachpod.controllers.statefulset.identity import ordinal, wanted
from eachpod.model import objects
from eachpod.model.objects import Object, dig
from eachpod.model.resources import (
    CONTROLLERREVISION,
    ENDPOINTSLICE,
    NAMESPACE,
    NODE,
    PERSISTENTVOLUMECLAIM,
    POD,
    SERVICE,
    STATEFULSET,
)
from eachpod.store.contract import Event, Key
from eachpod.store.reading import InMemoryReads

from .link import SENDER, Sender
from .machines import Machines
from .setting import NAMESPACE as SPACE
from .setting import SET, Setting
from .story import Story

CONTROLLERS = "controllers"
_ORDINALS = range(20)


def is_ready(pod: Object | None) -> bool:
    """Ready, and staying."""
    condition = objects.condition(pod, "Ready") if pod is not None else None
    return condition is not None and condition.get("status") == "True" and not objects.deleting(pod or {})


@dataclass(slots=True)
class Past:
    """What the laws remember."""

    born: dict[str, int] = field(default_factory=dict)  # uid -> revision
    ready: dict[str, int] = field(default_factory=dict)  # pod uid -> revision at which it became Ready
    left: dict[str, int] = field(default_factory=dict)  # pod uid -> revision from which on it had to be in no slice
    out_of_range: set[int] = field(default_factory=set)  # ordinals that some spec did not want
    unwanted: dict[int, int] = field(default_factory=dict)  # ordinal -> revision since which the spec has not wanted it
    sets_deleted: int = 0
    unanswered: int = 0  # the newest revision that was written without its sender getting the answer


class Laws:
    """`follow` the store of each server."""

    def __init__(self, setting: Setting, machines: Machines, story: Story) -> None:
        self.setting, self._machines, self._story = setting, machines, story
        self.past = Past()
        self.store: InMemoryReads
        self._laws: dict[str, Callable[[Event, Sender | None], None]] = {
            POD.group_resource: self._pod,
            PERSISTENTVOLUMECLAIM.group_resource: self._claim,
            ENDPOINTSLICE.group_resource: self._slice,
            STATEFULSET.group_resource: self._set,
        }

    def follow(self, store: InMemoryReads) -> None:
        self.store = store
        kinds = (NAMESPACE, NODE, SERVICE, STATEFULSET, CONTROLLERREVISION, PERSISTENTVOLUMECLAIM, POD, ENDPOINTSLICE)
        for kind in kinds:
            store.subscribe(kind.group_resource, store.revision, self._committed)

    def _committed(self, event: Event) -> None:
        obj, key = event.entry.object, event.entry.key
        sender = SENDER.get()
        who = sender.link.name if sender is not None else "user"
        uid = objects.uid(obj)
        self._story.tell(f"r{event.revision} {event.type} {key.resource} {key.name} ({uid[:8]}) by {who}")
        if event.type == "ADDED":
            self.past.born[uid] = event.revision
        if sender is not None and (sender.unanswered or sender.link.dead):
            self.past.unanswered = event.revision
        self._deletion(event, sender)
        law = self._laws.get(key.resource)
        if law is not None:
            law(event, sender)

    def answers_lost(self) -> None:
        """Somebody crashed: what was written last may have no answer."""
        self.past.unanswered = self.store.revision

    def objects_of(self, resource: str) -> list[Object]:
        return [entry.object for entry in self.store.entries(resource, "")]

    def set_(self) -> Object | None:
        entry = self.store.get(Key(STATEFULSET.group_resource, SPACE, SET))
        return entry.object if entry is not None else None

    # --- who deletes what

    def _deletion(self, event: Event, sender: Sender | None) -> None:
        """Nobody deletes what it has never seen: it would be another object than it means."""
        if sender is None or not sender.link.name.startswith(CONTROLLERS) or sender.method != "DELETE":
            return
        obj, plural = event.entry.object, event.entry.key.resource.partition(".")[0]
        born = self.past.born.get(objects.uid(obj), 0)
        if born > sender.seen.get(plural, 0):
            name = objects.name(obj)
            self._story.fail(f"{plural} {name} ({objects.uid(obj)}) was deleted by one that had never seen it")

    # --- pods

    def _pod(self, event: Event, sender: Sender | None) -> None:
        pod, before = event.entry.object, event.previous.object if event.previous else None
        name, uid = objects.name(pod), objects.uid(pod)
        finished = dig(pod, "status", "phase") in ("Succeeded", "Failed")
        if event.type == "DELETED" and self._machines.running.get(name) == uid:
            self._story.fail(f"pod {name} ({uid}) left the store while its container ran: two could run at once")
        if event.type == "DELETED" or finished:
            self.past.left.setdefault(uid, event.revision)
        if is_ready(pod) and not is_ready(before):
            self.past.ready[uid] = event.revision
        if not self.setting.calm or sender is None or not sender.link.name.startswith(CONTROLLERS):
            return
        if not self._is_of_present_set(pod) or sender.seen.get("pods", 0) < self.past.unanswered:
            return  # of another life; or after a write whose outcome nobody could know
        if event.type == "ADDED" and self.setting.ordered:
            self._in_order(pod)
        if event.type == "MODIFIED" and objects.deleting(pod) and not objects.deleting(before or {}):
            self._may_go(pod, sender)

    def _is_of_present_set(self, pod: Object) -> bool:
        set_, owner = self.set_(), objects.controller_of(pod)
        if set_ is None or objects.deleting(set_):
            return False
        return owner is not None and owner.get("uid") == objects.uid(set_)

    def _in_order(self, pod: Object) -> None:
        set_ = self.set_()
        pods = {ordinal(one): one for one in self.objects_of(POD.group_resource)}
        for number in wanted(set_) if set_ is not None else ():
            if number < ordinal(pod) and not is_ready(pods.get(number)):
                self._story.fail(f"pod {objects.name(pod)} was created before {SET}-{number} was Ready")

    def _may_go(self, pod: Object, sender: Sender) -> None:
        set_, number = self.set_() or {}, ordinal(pod)
        pods = filter(self._is_of_present_set, self.objects_of(POD.group_resource))
        others = [one for one in pods if ordinal(one) != number]
        if number in self.past.out_of_range:
            higher = [objects.name(one) for one in others if ordinal(one) > number]
            told = self.past.unwanted.get(number, sender.seen["statefulsets"] + 1) <= sender.seen["statefulsets"]
            if higher and self.setting.ordered and told:
                self._story.fail(f"pod {objects.name(pod)} was deleted before {', '.join(sorted(higher))} had gone")
            return
        known = self.past.ready.get(objects.uid(pod), sender.seen["pods"] + 1) <= sender.seen["pods"]
        if self.setting.min_ready or not known:
            return  # to the sender it was not available, and then it may go at any time
        down = [objects.name(one) for one in others if ordinal(one) in wanted(set_) and not is_ready(one)]
        if len(down) >= self.setting.max_unavailable:
            self._story.fail(f"pod {objects.name(pod)} was deleted though {', '.join(sorted(down))} were not available")

    # --- claims

    def _claim(self, event: Event, sender: Sender | None) -> None:
        claim, before = event.entry.object, event.previous.object if event.previous else None
        user = objects.name(claim).removeprefix("data-")
        if event.type == "DELETED" and user in self._machines.running:
            self._story.fail(f"claim {objects.name(claim)} left the store while the container of pod {user} ran")
        goes = event.type == "DELETED" or objects.deleting(claim)
        if not goes or before is None or objects.deleting(before):
            return
        name = objects.name(claim)
        number = int(name.rsplit("-", 1)[1])
        when_deleted, when_scaled = self.setting.claims
        by_set = when_deleted == "Delete" and self.past.sets_deleted > 0
        by_scale = when_scaled == "Delete" and number in self.past.out_of_range
        if not (by_set or by_scale):
            self._story.fail(f"claim {name} was deleted against its policy")
        self._unused(claim, name, number)

    def _unused(self, claim: Object, name: str, number: int) -> None:
        """A claim may go with the pod or the set that owns it, but never under the feet of a later pod."""
        set_ = self.set_()
        if set_ is None or objects.deleting(set_) or number not in wanted(set_):
            return
        owners = {ref.get("uid") for ref in objects.owners(claim)}
        for pod in self.objects_of(POD.group_resource):
            stays = self._is_of_present_set(pod) and not objects.deleting(pod)
            if ordinal(pod) == number and stays and objects.uid(pod) not in owners:
                self._story.fail(f"claim {name} was deleted while a later pod {objects.name(pod)} used it")

    # --- names

    def _slice(self, event: Event, sender: Sender | None) -> None:
        if event.type == "DELETED":
            return
        for endpoint in event.entry.object.get("endpoints") or []:
            uid, name = dig(endpoint, "targetRef", "uid", default=""), endpoint.get("hostname")
            address = endpoint["addresses"][0]
            if self._machines.held.get((uid, address)) != name:
                self._story.fail(f"{name} was published for {address}, which pod {uid} of that name never had")
            self._not_left(uid, str(name), address, sender)
        if event.type == "ADDED":
            self._not_doubled(event, sender)

    def _not_left(self, uid: str, name: str, address: str, sender: Sender | None) -> None:
        """Whoever has been told that a pod has ended does not publish it any more: its address may be another's."""
        left = self.past.left.get(uid)
        if sender is not None and left is not None and left <= sender.seen.get("pods", 0):
            self._story.fail(f"{name} was published for {address} by one that knew that pod {uid} had left it")

    def _not_doubled(self, event: Event, sender: Sender | None) -> None:
        """An endpoint is in one slice, unless an answer was lost, so that nobody could know of the first."""
        if sender is None or sender.seen.get("endpointslices", 0) < self.past.unanswered or sender.link.dead:
            return
        mine = {dig(endpoint, "targetRef", "uid") for endpoint in event.entry.object.get("endpoints") or []}
        for slice_ in self.objects_of(ENDPOINTSLICE.group_resource):
            other = {dig(endpoint, "targetRef", "uid") for endpoint in slice_.get("endpoints") or []}
            if objects.uid(slice_) != objects.uid(event.entry.object) and mine & other:
                self._story.fail(f"one endpoint was published twice, in {objects.name(slice_)} as well")

    # --- the set

    def _set(self, event: Event, sender: Sender | None) -> None:
        gone = event.type == "DELETED" or objects.deleting(event.entry.object)
        kept = set() if gone else set(wanted(event.entry.object))
        self.past.sets_deleted += gone
        self.past.out_of_range |= set(_ORDINALS) - kept
        before = self.past.unwanted
        self.past.unwanted = {n: before.get(n, event.revision) for n in _ORDINALS if n not in kept}
