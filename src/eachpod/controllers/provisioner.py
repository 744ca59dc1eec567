"""Makes volumes for the default StorageClass: directories on the node that the pod runs on.

The protocol with the node agent, all of it in the PersistentVolume:
- The volume is of type `local` with path `/var/lib/eachpod/volumes/NAME`, NAME being the volume's own name, and is tied
  to its node by nodeAffinity on `kubernetes.io/hostname`. The agent takes `/var/lib/eachpod` to be its data directory
  and makes the directory (mode 0777, as the user of the pod is unknown) when a pod first mounts the volume.
- The volume bears the finalizer `eachpod.dev/local-volume`. When it is Released, with reclaim policy Delete, this
  controller deletes the object; the agent of the node sees the deletionTimestamp and phase Released, removes the
  directory and then the finalizer. If the node is gone, nobody has the directory, and this controller removes it.
Nothing else deletes data: a volume whose phase is not Released keeps its directory.

Pods bound by spec.nodeName never pass the scheduler, so that no node is selected for their claims; theirs is taken.
"""

from collections.abc import Iterable

from eachpod.client.correlate import Note
from eachpod.model.errors import AlreadyExists, NotFound
from eachpod.model.objects import Object, annotations, deleting, dig, finalizers, labels, name, namespace, put, uid
from eachpod.model.resources import NODE, PERSISTENTVOLUME, PERSISTENTVOLUMECLAIM, POD, STORAGECLASS
from eachpod.model.volumebinding import (
    PROVISIONED_BY,
    SELECTED_NODE,
    STORAGE_PROVISIONER,
    claim_class,
    waits_for_consumer,
)
from eachpod.model.wellknown import HOSTNAME, LOCAL_VOLUME

from .plan import NOTHING, ConfirmAbsent, Create, Delete, Emit, Plan, Telling, Update
from .protection import claims_of
from .view import Controller, Key, View, Watch, key_of, own_key

PROVISIONER = "eachpod.dev/local"
DIRECTORY = "/var/lib/eachpod/volumes"


def reconcile(view: View, key: Key, now: float) -> Plan:
    if not key.namespace:
        volume = view.get(PERSISTENTVOLUME, "", key.name)
        return _reclaim(view, volume) if volume is not None else NOTHING
    claim = view.get(PERSISTENTVOLUMECLAIM, key.namespace, key.name)
    if claim is None or deleting(claim) or dig(claim, "spec", "volumeName"):
        return NOTHING
    storage_class = view.get(STORAGECLASS, "", claim_class(claim))
    if storage_class is None or storage_class.get("provisioner") != PROVISIONER:
        return NOTHING
    return _provision(view, claim, storage_class)


def volume_name(claim: Object) -> str:
    return f"pvc-{uid(claim)}"


def _provision(view: View, claim: Object, storage_class: Object) -> Plan:
    chosen = annotations(claim).get(SELECTED_NODE) or _node_of_pod(view, claim)
    if not chosen and not waits_for_consumer(storage_class):
        chosen = min((name(node) for node in view.all(NODE)), default="")
    if not chosen or view.get(PERSISTENTVOLUME, "", volume_name(claim)) is not None:
        return NOTHING
    if STORAGE_PROVISIONER not in annotations(claim) and SELECTED_NODE in annotations(claim):
        return NOTHING  # the binder says first that it is ours
    node = view.get(NODE, "", chosen)
    if node is None:
        return _give_up(claim, chosen)
    problem = _problem(claim)
    if problem:
        return Plan((Emit(Note(claim, "ProvisioningFailed", problem, "Warning")),))
    made = _volume(claim, storage_class, node)
    text = f"Successfully provisioned volume {volume_name(claim)}"
    told = Telling(done=Note(claim, "ProvisioningSucceeded", text))
    return Plan((Create(PERSISTENTVOLUME, made, told, (AlreadyExists,)),))


def _problem(claim: Object) -> str:
    if dig(claim, "spec", "volumeMode") == "Block":
        return "volumeMode Block is not supported by this storage class: use Filesystem"
    if "ReadWriteMany" in dig(claim, "spec", "accessModes", default=()):
        return (
            "accessMode ReadWriteMany is not supported by this storage class: its volumes are directories of one node"
        )
    if dig(claim, "spec", "dataSource") or dig(claim, "spec", "dataSourceRef"):
        return "dataSource is not supported by this storage class"
    return ""


def _give_up(claim: Object, node: str) -> Plan:
    """The node went away: the scheduler shall choose another."""
    if SELECTED_NODE not in annotations(claim):
        return NOTHING
    marks = {key: value for key, value in annotations(claim).items() if key != SELECTED_NODE}
    text = f'failed to provision volume: node "{node}" not found'
    return Plan(
        (
            Emit(Note(claim, "ProvisioningFailed", text, "Warning")),
            Update(PERSISTENTVOLUMECLAIM, put(claim, ("metadata", "annotations"), marks)),
        )
    )


def _node_of_pod(view: View, claim: Object) -> str:
    """The node of a pod that uses the claim and was bound without the scheduler."""
    nodes = (
        dig(pod, "spec", "nodeName", default="")
        for pod in view.within(POD, namespace(claim))
        if name(claim) in claims_of(pod)
    )
    return next((node for node in nodes if node), "")


def _volume(claim: Object, storage_class: Object, node: Object) -> Object:
    own = volume_name(claim)
    hostname = labels(node).get(HOSTNAME, name(node))
    term = {"matchExpressions": [{"key": HOSTNAME, "operator": "In", "values": [hostname]}]}
    reference = {
        "kind": "PersistentVolumeClaim",
        "apiVersion": "v1",
        "namespace": namespace(claim),
        "name": name(claim),
        "uid": uid(claim),
        "resourceVersion": dig(claim, "metadata", "resourceVersion"),
    }
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": own,
            "annotations": {PROVISIONED_BY: PROVISIONER},
            "finalizers": [LOCAL_VOLUME],
        },
        "spec": {
            "capacity": {"storage": dig(claim, "spec", "resources", "requests", "storage", default="0")},
            "accessModes": dig(claim, "spec", "accessModes", default=["ReadWriteOnce"]),
            "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy") or "Delete",
            "storageClassName": name(storage_class),
            "volumeMode": "Filesystem",
            "local": {"path": f"{DIRECTORY}/{own}"},
            "claimRef": reference,
            "nodeAffinity": {"required": {"nodeSelectorTerms": [term]}},
        },
    }


def _reclaim(view: View, volume: Object) -> Plan:
    if annotations(volume).get(PROVISIONED_BY) != PROVISIONER or dig(volume, "status", "phase") != "Released":
        return NOTHING
    if not deleting(volume):
        if dig(volume, "spec", "persistentVolumeReclaimPolicy") != "Delete":
            return NOTHING
        return Plan((Delete(PERSISTENTVOLUME, "", name(volume), uid=uid(volume)),))
    hostname = hostname_of(volume)
    if LOCAL_VOLUME not in finalizers(volume) or any(labels(one).get(HOSTNAME) == hostname for one in view.all(NODE)):
        return NOTHING
    freed = put(volume, ("metadata", "finalizers"), [one for one in finalizers(volume) if one != LOCAL_VOLUME])
    return Plan((ConfirmAbsent(NODE, "", hostname), Update(PERSISTENTVOLUME, freed, accept=(NotFound,))))


def hostname_of(volume: Object) -> str:
    """The node that a volume of ours is tied to."""
    terms = dig(volume, "spec", "nodeAffinity", "required", "nodeSelectorTerms", default=())
    expressions = [one for term in terms for one in term.get("matchExpressions") or () if one.get("key") == HOSTNAME]
    return next((value for one in expressions for value in one.get("values") or ()), "")


def _claims_of_pod(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    if new is None or not dig(new, "spec", "nodeName") or dig(old, "spec", "nodeName"):
        return ()
    return [Key(namespace(new), claim) for claim in claims_of(new)]


def _volumes_of_node(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """A node that goes takes its volumes along."""
    if new is not None:
        return ()
    return [key_of(volume) for volume in view.all(PERSISTENTVOLUME) if deleting(volume)]


CONTROLLER = Controller(
    name="eachpod-local-provisioner",
    component="eachpod.dev/local",
    reconcile=reconcile,
    watches=(
        Watch(PERSISTENTVOLUMECLAIM, own_key),
        Watch(PERSISTENTVOLUME, own_key),
        Watch(POD, _claims_of_pod),
        Watch(NODE, _volumes_of_node),
    ),
    reads=(STORAGECLASS,),
)
