"""DefaultStorageClass, StorageObjectInUseProtection and PersistentVolumeClaimResize: what happens to volumes and their
claims on the way in."""

from eachpod.model import errors
from eachpod.model.objects import Object, annotations, dig, finalizers, meta, put
from eachpod.model.quantity import compare
from eachpod.model.resources import PERSISTENTVOLUME, PERSISTENTVOLUMECLAIM, STORAGECLASS
from eachpod.model.wellknown import BETA_CLASS, BETA_DEFAULT_CLASS, CLAIM_PROTECTION, DEFAULT_CLASS, VOLUME_PROTECTION

from .chain import Attributes

_IS_DEFAULT = (DEFAULT_CLASS, BETA_DEFAULT_CLASS)
_PROTECTION = {PERSISTENTVOLUME: VOLUME_PROTECTION, PERSISTENTVOLUMECLAIM: CLAIM_PROTECTION}


def default_class(claim: Object, at: Attributes) -> Object:
    if at.kind.resource != PERSISTENTVOLUMECLAIM or at.operation != "CREATE" or at.subresource:
        return claim
    spec = claim.get("spec") or {}
    if spec.get("storageClassName") is not None or BETA_CLASS in annotations(claim):
        return claim
    defaults = [
        each for each in at.view.all(STORAGECLASS) if any(annotations(each).get(k) == "true" for k in _IS_DEFAULT)
    ]
    if not defaults:
        return claim
    newest = max(defaults, key=lambda each: (meta(each).get("creationTimestamp") or "", meta(each)["name"]))
    return put(claim, ("spec", "storageClassName"), meta(newest)["name"])


def in_use_protection(obj: Object, at: Attributes) -> Object:
    finalizer = _PROTECTION.get(at.kind.resource)
    if finalizer is None or at.operation != "CREATE" or at.subresource or finalizer in finalizers(obj):
        return obj
    return put(obj, ("metadata", "finalizers"), [*finalizers(obj), finalizer])


def expansion(claim: Object, at: Attributes) -> Object:
    """A claim can only ask for more where its class lets volumes grow."""
    if at.kind.resource != PERSISTENTVOLUMECLAIM or at.operation != "UPDATE" or at.subresource or at.old is None:
        return claim
    size = ("spec", "resources", "requests", "storage")
    wanted, held = dig(claim, *size), dig(at.old, *size)
    if wanted is None or held is None or compare(wanted, held) <= 0:
        return claim
    wanted_class = dig(at.old, "spec", "storageClassName") or ""
    found = at.view.get(STORAGECLASS, wanted_class) if wanted_class else None
    if found is None or not found.get("allowVolumeExpansion"):
        text = (
            "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support"
        )
        raise errors.forbidden(PERSISTENTVOLUMECLAIM, at.name, f"{text} resize")
    return claim
