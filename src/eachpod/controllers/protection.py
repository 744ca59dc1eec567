"""Finalizers that keep a claim while a pod uses it, and a volume while a claim is bound to it."""

from collections.abc import Iterable
from functools import partial

from eachpod.model.errors import NotFound
from eachpod.model.objects import Object, condition, deleting, dig, finalizers, name, namespace, put, uid
from eachpod.model.podphase import is_finished
from eachpod.model.resources import PERSISTENTVOLUME, PERSISTENTVOLUMECLAIM, POD
from eachpod.model.timestamps import render
from eachpod.model.wellknown import CLAIM_PROTECTION, VOLUME_PROTECTION

from .plan import NOTHING, ConfirmNone, Plan, Update
from .view import Controller, Key, View, Watch


def _with(obj: Object, finalizer: str) -> Object:
    return put(obj, ("metadata", "finalizers"), [*finalizers(obj), finalizer])


def _without(obj: Object, finalizer: str) -> Object:
    return put(obj, ("metadata", "finalizers"), [one for one in finalizers(obj) if one != finalizer])


def claims_of(pod: Object) -> list[str]:
    """The names of the claims that a pod uses, its own generic ephemeral ones included."""
    found = []
    for volume in dig(pod, "spec", "volumes", default=()):
        claim = dig(volume, "persistentVolumeClaim", "claimName", default="")
        if claim:
            found.append(claim)
        elif volume.get("ephemeral"):
            found.append(f"{name(pod)}-{volume.get('name')}")
    return found


def reconcile_claim(view: View, key: Key, now: float) -> Plan:
    claim = view.get(PERSISTENTVOLUMECLAIM, key.namespace, key.name)
    if claim is None:
        return NOTHING
    protected = CLAIM_PROTECTION in finalizers(claim)
    if not deleting(claim) and dig(claim, "status", "phase") == "Bound":
        marked = _with_use(view, claim, now)
        if marked is not claim:
            return Plan((Update(PERSISTENTVOLUMECLAIM, marked, "status"),))
    if not deleting(claim):
        return NOTHING if protected else Plan((Update(PERSISTENTVOLUMECLAIM, _with(claim, CLAIM_PROTECTION)),))
    uses = partial(_uses, name(claim))
    if not protected or any(map(uses, view.within(POD, namespace(claim)))):
        return NOTHING
    freed = _without(claim, CLAIM_PROTECTION)
    # What is lost is lost: a cache that is behind may not show the pod yet.
    unused = ConfirmNone(POD, namespace(claim), uses)
    return Plan((unused, Update(PERSISTENTVOLUMECLAIM, freed, accept=(NotFound,))))


def _uses(claim: str, pod: Object) -> bool:
    """A pod that was scheduled and is still in the API uses its claims, even when finished: it may not be unmounted."""
    return bool(dig(pod, "spec", "nodeName")) and not _is_done_with(pod) and claim in claims_of(pod)


def _is_done_with(pod: Object) -> bool:
    """Whether the kubelet has ended the pod, volumes included, and only finalizers keep it. One of them may wait for
    the claim (foreground deletion of a pod that owns it), so the claim must not wait for the pod."""
    return deleting(pod) and dig(pod, "metadata", "deletionGracePeriodSeconds") == 0


def _with_use(view: View, claim: Object, now: float) -> Object:
    """The claim with a condition that tells since when no pod has referred to it; the same object where it does."""
    used = any(not _terminated(pod) and name(claim) in claims_of(pod) for pod in view.within(POD, namespace(claim)))
    before = condition(claim, "Unused")
    status = "False" if used else "True"
    if before is not None and before.get("status") == status:
        return claim
    fresh = {
        "type": "Unused",
        "status": status,
        "lastProbeTime": None,
        "lastTransitionTime": render(now),
        "reason": "PodUsingPVC" if used else "NoPodsUsingPVC",
        "message": "A pod is currently referencing this PVC" if used else "No pods are currently referencing this PVC",
    }
    others = [one for one in dig(claim, "status", "conditions", default=()) if one.get("type") != "Unused"]
    return put(claim, ("status", "conditions"), [*others, fresh])


def _terminated(pod: Object) -> bool:
    if is_finished(pod):
        return True
    statuses = dig(pod, "status", "containerStatuses", default=())
    return deleting(pod) and not any(dig(one, "state", "running") is not None for one in statuses)


def _claims_of_pod(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """Pods that come, go, get a node or end change what uses a claim; all else about them does not. One that another
    of its name has taken the place of meanwhile has gone, too."""
    pods = [pod for pod in (old, new) if pod is not None]
    if len(pods) == 2 and _stage(pods[0]) == _stage(pods[1]):
        return ()
    return {Key(namespace(pod), claim): None for pod in pods for claim in claims_of(pod)}


def _stage(pod: Object) -> tuple[str, bool, bool, bool]:
    """All of a pod that decides whether it uses its claims: uid, has a node, has ended, is done with them."""
    return uid(pod), bool(dig(pod, "spec", "nodeName")), _terminated(pod), _is_done_with(pod)


def reconcile_volume(view: View, key: Key, now: float) -> Plan:
    volume = view.get(PERSISTENTVOLUME, "", key.name)
    if volume is None:
        return NOTHING
    protected = VOLUME_PROTECTION in finalizers(volume)
    if not deleting(volume):
        return NOTHING if protected else Plan((Update(PERSISTENTVOLUME, _with(volume, VOLUME_PROTECTION)),))
    if not protected or dig(volume, "status", "phase") == "Bound":
        return NOTHING
    return Plan((Update(PERSISTENTVOLUME, _without(volume, VOLUME_PROTECTION), accept=(NotFound,)),))


CONTROLLERS = (
    Controller(
        name="persistentvolumeclaim-protection-controller",
        component="persistentvolumeclaim-protection-controller",
        reconcile=reconcile_claim,
        primary=PERSISTENTVOLUMECLAIM,
        watches=(Watch(POD, _claims_of_pod),),
    ),
    Controller(
        name="persistentvolume-protection-controller",
        component="persistentvolume-protection-controller",
        reconcile=reconcile_volume,
        primary=PERSISTENTVOLUME,
    ),
)
