"""The controller of claims and volumes: from the caches to a plan, and what a change concerns."""

from collections.abc import Iterable

from eachpod.controllers.plan import NOTHING, Plan
from eachpod.controllers.view import Controller, Key, View, Watch, key_of, own_key
from eachpod.model.objects import Object, annotations, dig, name
from eachpod.model.resources import PERSISTENTVOLUME, PERSISTENTVOLUMECLAIM, POD, STORAGECLASS
from eachpod.model.volumebinding import BIND_COMPLETED, claim_class, volume_class
from eachpod.model.wellknown import DEFAULT_CLASS

from . import claims, volumes


def reconcile(view: View, key: Key, now: float) -> Plan:
    if not key.namespace:
        volume = view.get(PERSISTENTVOLUME, "", key.name)
        return volumes.held(view, volume) if volume is not None else NOTHING
    claim = view.get(PERSISTENTVOLUMECLAIM, key.namespace, key.name)
    if claim is None:
        return NOTHING
    return claims.bound(view, claim) if BIND_COMPLETED in annotations(claim) else claims.unbound(view, claim)


def _of_claim(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    keys = set(own_key(view, old, new))
    for claim in (old, new):
        bound_to = dig(claim, "spec", "volumeName", default="")
        if bound_to:
            keys.add(Key("", bound_to))
    return keys


def _of_volume(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    keys = set(own_key(view, old, new))
    for volume in (old, new):
        ref = dig(volume, "spec", "claimRef", default={})
        if ref.get("name"):
            keys.add(Key(ref.get("namespace") or "", ref["name"]))
    if new is not None and dig(new, "status", "phase") == "Available":
        keys |= {key_of(claim) for claim in _open_claims(view) if claim_class(claim) == volume_class(new)}
    if new is not None:
        keys |= {key_of(claim) for claim in _open_claims(view) if dig(claim, "spec", "volumeName") == name(new)}
    return keys


def _of_class(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    if new is None:
        return ()
    if old is not None and annotations(old) == annotations(new):
        return ()
    default = annotations(new).get(DEFAULT_CLASS) == "true"
    return [
        key_of(claim)
        for claim in _open_claims(view)
        if claim_class(claim) == name(new) or (default and claims.without_class(claim))
    ]


def _open_claims(view: View) -> list[Object]:
    return [claim for claim in view.all(PERSISTENTVOLUMECLAIM) if BIND_COMPLETED not in annotations(claim)]


CONTROLLER = Controller(
    name="persistentvolume-binder-controller",
    component="persistentvolume-controller",
    reconcile=reconcile,
    watches=(
        Watch(PERSISTENTVOLUMECLAIM, _of_claim),
        Watch(PERSISTENTVOLUME, _of_volume),
        Watch(STORAGECLASS, _of_class),
    ),
    reads=(POD,),
    # One worker, so that two claims do not reach for the same volume.
    workers=1,
)
