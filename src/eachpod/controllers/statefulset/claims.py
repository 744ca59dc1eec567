"""The claims of a pod of a StatefulSet, and who owns them under the retention policy.

The policy works through owner references alone: the garbage collector deletes a claim whose owner is gone. So a claim
is owned by nobody (retain), by the set (delete with the set), or by its pod once that pod is condemned (delete when
scaled down); the reference must be right before the owner goes.
"""

from collections.abc import Iterable

from eachpod.client.correlate import Note
from eachpod.controllers.ownership import controller_reference
from eachpod.controllers.plan import Change, Create, Emit, Telling, Update
from eachpod.model import objects
from eachpod.model.errors import AlreadyExists
from eachpod.model.objects import Object, dig, put
from eachpod.model.resources import PERSISTENTVOLUMECLAIM

from .identity import claim_name, claim_templates, ordinal, wanted

Claims = dict[str, Object]  # by name, of the set's namespace


def build(set_: Object, template: Object, number: int) -> Object:
    """The claim of one template for one ordinal."""
    labels = {**objects.labels(template), **dig(set_, "spec", "selector", "matchLabels", default={})}
    kept = {key: value for key, value in objects.meta(template).items() if key in ("annotations", "finalizers")}
    metadata = {
        **kept,
        "name": claim_name(set_, template, number),
        "namespace": objects.namespace(set_),
        "labels": labels,
    }
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata,
        "spec": template.get("spec") or {},
    }


def missing(set_: Object, pod: Object, claims: Claims) -> tuple[Change, ...]:
    """Creations of the pod's claims that are not there, each already owned as the policy asks."""
    changes: list[Change] = []
    name, owner = objects.name(pod), objects.name(set_)
    for template in claim_templates(set_):
        claim = build(set_, template, ordinal(pod))
        claim_is = objects.name(claim)
        if claim_is in claims:
            continue
        done = Note(set_, "SuccessfulCreate", f"Create Claim {claim_is} Pod {name} in StatefulSet {owner} success")
        failed = f"Create Claim {claim_is} for Pod {name} in StatefulSet {owner} failed error: "
        warnings: tuple[Note, ...] = (Note(set_, "FailedCreate", failed, "Warning"),)
        if not objects.uid(pod):  # without its claim the pod cannot be created either
            text = f"Create Pod {name} in StatefulSet {owner} failed error: failed to create PVC {claim_is}: "
            warnings += (Note(set_, "FailedCreate", text, "Warning"),)
        owned = with_owners(claim, set_, pod)
        changes.append(Create(PERSISTENTVOLUMECLAIM, owned, Telling(done, warnings, (AlreadyExists,))))
    return tuple(changes)


def leaving(set_: Object, pod: Object, claims: Claims) -> str:
    """The name of a claim of the pod that is being deleted, or ""."""
    for claim in existing(set_, pod, claims):
        if objects.deleting(claim):
            return objects.name(claim)
    return ""


def existing(set_: Object, pod: Object, claims: Claims) -> list[Object]:
    names = (claim_name(set_, template, ordinal(pod)) for template in claim_templates(set_))
    return [claims[name] for name in names if name in claims]


def is_stale(set_: Object, pod: Object, claims: Claims) -> bool:
    """Whether a claim still belongs to an earlier pod or set of this name and will go with it. A new pod must wait for
    that, or it would start on a volume that is about to be deleted. (kube-controller-manager looks at pods only.)"""
    found = existing(set_, pod, claims)
    if any(_refers_to_another(claim, set_) for claim in found):
        return True
    return _policy(set_)[1] == "Delete" and any(_refers_to_another(claim, pod) for claim in found)


def ownership_matches(set_: Object, pod: Object, claims: Claims) -> bool:
    return all(_is_up_to_date(claim, set_, pod) for claim in existing(set_, pod, claims))


def ownership_changes(set_: Object, pod: Object, claims: Claims) -> tuple[Change, ...]:
    """What gives the pod's claims the owners that the policy asks for."""
    changes: list[Change] = []
    for claim in existing(set_, pod, claims):
        if _has_unexpected_controller(claim, set_, pod):
            text = (
                f"PersistentVolumeClaim {objects.name(claim)} has a conflicting OwnerReference that acts as a manging "
                "controller, the retention policy is ignored for this claim"
            )
            changes.append(Emit(Note(set_, "ConflictingController", text, "Warning")))
        if not _is_up_to_date(claim, set_, pod):
            changes.append(Update(PERSISTENTVOLUMECLAIM, with_owners(claim, set_, pod)))
    return tuple(changes)


def with_owners(claim: Object, set_: Object, pod: Object) -> Object:
    """The claim with the owners that the policy asks for. A pod that is not created yet has no uid and owns nothing."""
    kept = [ref for ref in objects.owners(claim) if not (_names(ref, set_) or _names(ref, pod))]
    if not _has_unexpected_controller(claim, set_, pod):
        by_set, by_pod = _owned_by(set_, pod)
        kept += [controller_reference(owner) for owner, owns in ((set_, by_set), (pod, by_pod)) if owns]
    if not kept and not objects.owners(claim):
        return claim
    return put(claim, ("metadata", "ownerReferences"), kept)


def _policy(set_: Object) -> tuple[str, str]:
    """(whenDeleted, whenScaled)"""
    policy = dig(set_, "spec", "persistentVolumeClaimRetentionPolicy", default={})
    return policy.get("whenDeleted") or "Retain", policy.get("whenScaled") or "Retain"


def _owned_by(set_: Object, pod: Object) -> tuple[bool, bool]:
    """Whether the set, and whether the pod, shall own the claim."""
    deleted, scaled = _policy(set_)
    condemned = ordinal(pod) not in wanted(set_)
    by_pod = scaled == "Delete" and condemned and bool(objects.uid(pod))
    return deleted == "Delete" and not (scaled == "Delete" and condemned), by_pod


def _names(ref: Object, obj: Object) -> bool:
    return (ref.get("apiVersion"), ref.get("kind"), ref.get("name")) == (
        obj.get("apiVersion"),
        obj.get("kind"),
        objects.name(obj),
    )


def _refers_to_another(claim: Object, obj: Object) -> bool:
    """An owner of this name that is another object: one of an earlier life."""
    ref = next((ref for ref in objects.owners(claim) if _names(ref, obj)), None)
    return ref is not None and ref.get("uid") != objects.uid(obj)


def _has_unexpected_controller(claim: Object, set_: Object, pod: Object) -> bool:
    if _policy(set_) == ("Retain", "Retain"):
        return False  # others may manage the claims then
    for ref in objects.owners(claim):
        ours = next((obj for obj in (set_, pod) if _names(ref, obj)), None)
        if ours is not None:
            if ref.get("uid") != objects.uid(ours):
                return True
        elif ref.get("controller"):
            return True
    return False


def _is_owner(claim: Object, obj: Object) -> bool:
    return any(ref.get("uid") == objects.uid(obj) for ref in objects.owners(claim))


def _is_up_to_date(claim: Object, set_: Object, pod: Object) -> bool:
    if _refers_to_another(claim, set_) or _refers_to_another(claim, pod):
        return True  # of an earlier life: the garbage collector's business
    has_set, has_pod = _is_owner(claim, set_), _is_owner(claim, pod)
    if _has_unexpected_controller(claim, set_, pod):
        return not (has_set or has_pod)
    if _owns_without_control(objects.owners(claim), (objects.uid(set_), objects.uid(pod))):
        return False
    return (has_set, has_pod) == _owned_by(set_, pod)


def _owns_without_control(owners: Iterable[Object], uids: tuple[str, str]) -> bool:
    return any(ref.get("uid") in uids and not ref.get("controller") for ref in owners)
