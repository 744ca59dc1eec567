"""Finalizers that keep a claim while a pod uses it, and a volume while a claim is bound to it."""

from collections.abc import Iterable

from eachpod.model.errors import NotFound
from eachpod.model.objects import Object, deleting, dig, finalizers, name, namespace, put
from eachpod.model.resources import PERSISTENTVOLUME, PERSISTENTVOLUMECLAIM, POD

from .plan import NOTHING, Plan, Update
from .view import Controller, Key, View, Watch

CLAIM_FINALIZER, VOLUME_FINALIZER = "kubernetes.io/pvc-protection", "kubernetes.io/pv-protection"


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
    protected = CLAIM_FINALIZER in finalizers(claim)
    if not deleting(claim):
        return NOTHING if protected else Plan((Update(PERSISTENTVOLUMECLAIM, _with(claim, CLAIM_FINALIZER)),))
    if not protected or _is_used(view, claim):
        return NOTHING
    return Plan((Update(PERSISTENTVOLUMECLAIM, _without(claim, CLAIM_FINALIZER), accept=(NotFound,)),))


def _is_used(view: View, claim: Object) -> bool:
    """A pod that was scheduled and is still in the API uses its claims, even when finished: it may not be unmounted."""
    return any(
        dig(pod, "spec", "nodeName") and name(claim) in claims_of(pod) for pod in view.within(POD, namespace(claim))
    )


def _claims_of_pod(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """Only what a pod gives up matters, and what a new pod may have been scheduled with meanwhile."""
    pod = new if new is not None else old
    if pod is None or (new is not None and dig(new, "status", "phase") not in ("Succeeded", "Failed")):
        return ()
    return [Key(namespace(pod), claim) for claim in claims_of(pod)]


def reconcile_volume(view: View, key: Key, now: float) -> Plan:
    volume = view.get(PERSISTENTVOLUME, "", key.name)
    if volume is None:
        return NOTHING
    protected = VOLUME_FINALIZER in finalizers(volume)
    if not deleting(volume):
        return NOTHING if protected else Plan((Update(PERSISTENTVOLUME, _with(volume, VOLUME_FINALIZER)),))
    if not protected or dig(volume, "status", "phase") == "Bound":
        return NOTHING
    return Plan((Update(PERSISTENTVOLUME, _without(volume, VOLUME_FINALIZER), accept=(NotFound,)),))


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
