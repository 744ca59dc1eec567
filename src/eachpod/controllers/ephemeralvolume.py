"""Makes the claims of generic ephemeral volumes: each belongs to its pod and goes with it."""

from collections.abc import Iterable

from eachpod.client.correlate import Note
from eachpod.model.errors import AlreadyExists
from eachpod.model.objects import Object, deleting, dig, name, namespace, owners, uid
from eachpod.model.resources import PERSISTENTVOLUMECLAIM, POD

from .plan import NOTHING, Create, Emit, Plan, Telling
from .view import Controller, Key, View, Watch, key_of


def reconcile(view: View, key: Key, now: float) -> Plan:
    pod = view.get(POD, key.namespace, key.name)
    if pod is None or deleting(pod):
        return NOTHING
    changes: list[Create | Emit] = []
    for volume in dig(pod, "spec", "volumes", default=()):
        if not volume.get("ephemeral"):
            continue
        wanted = f"{name(pod)}-{volume.get('name')}"
        found = view.get(PERSISTENTVOLUMECLAIM, namespace(pod), wanted)
        if found is None:
            changes.append(_create(pod, wanted, volume["ephemeral"].get("volumeClaimTemplate") or {}))
        elif all(owner.get("uid") != uid(pod) for owner in owners(found)):
            where = f"PVC {namespace(pod)}/{wanted} was not created for pod {namespace(pod)}/{name(pod)}"
            changes.append(Emit(Note(pod, "EphemeralVolumeConflict", f"{where} (pod is not owner)", "Warning")))
    return Plan(tuple(changes))


def _create(pod: Object, claim_name: str, template: Object) -> Create:
    owner = {
        "apiVersion": "v1",
        "kind": "Pod",
        "name": name(pod),
        "uid": uid(pod),
        "controller": True,
        "blockOwnerDeletion": True,
    }
    asked = template.get("metadata") or {}
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": claim_name,
            "namespace": namespace(pod),
            "ownerReferences": [owner],
            **{key: asked[key] for key in ("labels", "annotations") if asked.get(key)},
        },
        "spec": template.get("spec") or {},
    }
    failed = Note(pod, "FailedCreate", f"ephemeral volume: create PVC {claim_name}: ", "Warning")
    return Create(PERSISTENTVOLUMECLAIM, claim, Telling(failed=failed), (AlreadyExists,))


def _with_ephemeral(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    if new is None or not any(one.get("ephemeral") for one in dig(new, "spec", "volumes", default=())):
        return ()
    return (key_of(new),) if old is None or deleting(old) != deleting(new) else ()


def _owner_of_lost(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """A claim that was deleted under its pod is made again."""
    if new is not None or old is None:
        return ()
    return [Key(namespace(old), one.get("name") or "") for one in owners(old) if one.get("kind") == "Pod"]


CONTROLLER = Controller(
    name="ephemeral-volume-controller",
    component="ephemeral_volume",
    reconcile=reconcile,
    watches=(Watch(POD, _with_ephemeral), Watch(PERSISTENTVOLUMECLAIM, _owner_of_lost)),
)
