"""Which PersistentVolume suits which claim, and how the two are tied: shared by the scheduler, which binds claims that
wait for their first consumer, and the controller, which binds all others.
"""

from collections.abc import Collection, Iterable

from eachpod.model.wellknown import BETA_CLASS

from . import quantity
from .labelselector import Selector
from .nodeaffinity import selector_matches
from .objects import Object, annotations, deleting, dig, name, namespace, put, uid

BIND_COMPLETED = "pv.kubernetes.io/bind-completed"
BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
STORAGE_PROVISIONER = "volume.kubernetes.io/storage-provisioner"
BETA_STORAGE_PROVISIONER = "volume.beta.kubernetes.io/storage-provisioner"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
NO_PROVISIONER = "kubernetes.io/no-provisioner"
WAIT_FOR_FIRST_CONSUMER = "WaitForFirstConsumer"


def claim_class(claim: Object) -> str:
    return annotations(claim).get(BETA_CLASS) or dig(claim, "spec", "storageClassName", default="")


def volume_class(volume: Object) -> str:
    return annotations(volume).get(BETA_CLASS) or dig(volume, "spec", "storageClassName", default="")


def claim_is_bound(claim: Object) -> bool:
    """The claim names its volume and the binding has been confirmed on it."""
    return bool(dig(claim, "spec", "volumeName")) and BIND_COMPLETED in annotations(claim)


def waits_for_consumer(storage_class: Object | None) -> bool:
    return bool(dig(storage_class, "volumeBindingMode") == WAIT_FOR_FIRST_CONSUMER)


def refers_to(volume: Object, claim: Object) -> bool:
    """Whether the volume is reserved for this claim; a reservation without uid is for whatever claim has the name."""
    ref = dig(volume, "spec", "claimRef")
    if not ref or ref.get("name") != name(claim) or ref.get("namespace") != namespace(claim):
        return False
    return not ref.get("uid") or ref["uid"] == uid(claim)


def size(volume: Object) -> int | float:
    return float(quantity.parse(dig(volume, "spec", "capacity", "storage", default="0")))


def node_suits(volume: Object, node: Object) -> bool:
    return selector_matches(dig(volume, "spec", "nodeAffinity", "required"), node)


def _mode(obj: Object) -> str:
    return dig(obj, "spec", "volumeMode") or "Filesystem"


def _modes_offered(claim: Object, volume: Object) -> bool:
    wanted, offered = dig(claim, "spec", "accessModes", default=()), dig(volume, "spec", "accessModes", default=())
    return set(wanted) <= set(offered)


def could_hold(claim: Object, volume: Object) -> bool:
    """Size, mode and attributes class fit, and the volume is not on its way out."""
    asked = quantity.parse(dig(claim, "spec", "resources", "requests", "storage", default="0"))
    return (
        quantity.parse(dig(volume, "spec", "capacity", "storage", default="0")) >= asked
        and _mode(claim) == _mode(volume)
        and dig(claim, "spec", "volumeAttributesClassName", default="")
        == dig(volume, "spec", "volumeAttributesClassName", default="")
        and not deleting(volume)
    )


def _is_free_match(claim: Object, volume: Object, selector: Selector | None) -> bool:
    return (
        dig(volume, "status", "phase") == "Available"
        and (selector is None or selector.matches(volume["metadata"].get("labels") or {}))
        and volume_class(volume) == claim_class(claim)
        and _modes_offered(claim, volume)
    )


def find_volume(
    claim: Object,
    volumes: Iterable[Object],
    *,
    node: Object | None = None,
    excluded: Collection[str] = (),
    only_reserved: bool = False,
) -> Object | None:
    """The volume reserved for the claim, else the smallest free one that suits it. With `node` it must be reachable
    from there; `only_reserved` leaves free ones for the scheduler to choose among."""
    wanted = dig(claim, "spec", "selector")
    selector = None if wanted is None else Selector.of(wanted)
    best: Object | None = None
    for volume in volumes:
        if name(volume) in excluded or not could_hold(claim, volume):
            continue
        if dig(volume, "spec", "claimRef"):
            if refers_to(volume, claim):
                return volume if node is None or node_suits(volume, node) else None
            continue
        if only_reserved or not _is_free_match(claim, volume, selector):
            continue
        if node is not None and not node_suits(volume, node):
            continue
        if best is None or size(volume) < size(best):
            best = volume
    return best


def reserved(volume: Object, claim: Object) -> Object:
    """The volume with its reference to the claim filled in; the same object where it has it already."""
    ref = dig(volume, "spec", "claimRef", default={})
    if ref.get("uid") and refers_to(volume, claim):
        return volume
    if not ref:
        marks = {**annotations(volume), BOUND_BY_CONTROLLER: "yes"}
        volume = put(volume, ("metadata", "annotations"), marks)
    full = {
        "kind": "PersistentVolumeClaim",
        "namespace": namespace(claim),
        "name": name(claim),
        "uid": uid(claim),
        "apiVersion": "v1",
        "resourceVersion": dig(claim, "metadata", "resourceVersion"),
    }
    return put(volume, ("spec", "claimRef"), full)
