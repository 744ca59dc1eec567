"""DefaultStorageClass and StorageObjectInUseProtection: what volumes and their claims get on the way in."""

from eachpod.model.objects import Object, annotations, finalizers, meta, put
from eachpod.model.resources import PERSISTENTVOLUME, PERSISTENTVOLUMECLAIM, STORAGECLASS

from .chain import Attributes

_IS_DEFAULT = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
_PROTECTION = {PERSISTENTVOLUME: "kubernetes.io/pv-protection", PERSISTENTVOLUMECLAIM: "kubernetes.io/pvc-protection"}


def default_class(claim: Object, at: Attributes) -> Object:
    if at.kind.resource != PERSISTENTVOLUMECLAIM or at.operation != "CREATE" or at.subresource:
        return claim
    spec = claim.get("spec") or {}
    if spec.get("storageClassName") is not None or "volume.beta.kubernetes.io/storage-class" in annotations(claim):
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
