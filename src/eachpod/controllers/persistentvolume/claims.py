"""The claim's side: which volume it gets or waits for, and what becomes of it once it has one."""

from eachpod.client.correlate import Note
from eachpod.controllers.plan import NOTHING, ConfirmAbsent, Emit, Plan, Update
from eachpod.controllers.view import View
from eachpod.model.objects import Object, annotations, dig, name, namespace, put, uid
from eachpod.model.resources import PERSISTENTVOLUME, PERSISTENTVOLUMECLAIM, POD, STORAGECLASS
from eachpod.model.timestamps import parse
from eachpod.model.volumebinding import (
    BETA_STORAGE_PROVISIONER,
    BIND_COMPLETED,
    BOUND_BY_CONTROLLER,
    SELECTED_NODE,
    STORAGE_PROVISIONER,
    claim_class,
    could_hold,
    find_volume,
    refers_to,
    reserved,
    volume_class,
    waits_for_consumer,
)
from eachpod.model.wellknown import DEFAULT_CLASS

_IN_TREE = "kubernetes.io/"


def unbound(view: View, claim: Object) -> Plan:
    wanted = dig(claim, "spec", "volumeName", default="")
    if not wanted:
        return _search(view, claim)
    volume = view.get(PERSISTENTVOLUME, "", wanted)
    if volume is None:
        return _pending(claim)
    if not dig(volume, "spec", "claimRef"):
        problem = _mismatch(volume, claim)
        if problem:
            text = f'Cannot bind to requested volume "{wanted}": {problem}'
            return _pending(claim, Note(claim, "VolumeMismatch", text, "Warning"))
        return _bind(volume, claim)
    if refers_to(volume, claim):
        return _bind(volume, claim)
    text = f'volume "{wanted}" already bound to a different claim.'
    return _pending(claim, Note(claim, "FailedBinding", text, "Warning"))


def _mismatch(volume: Object, claim: Object) -> str:
    if could_hold(claim, volume):
        if volume_class(volume) != claim_class(claim):
            return "storageClassName does not match"
        offered = dig(volume, "spec", "accessModes", default=())
        if not set(dig(claim, "spec", "accessModes", default=())) <= set(offered):
            return "incompatible accessMode"
        return ""
    if (dig(volume, "spec", "volumeMode") or "Filesystem") != (dig(claim, "spec", "volumeMode") or "Filesystem"):
        return "incompatible volumeMode"
    return "requested PV is too small"


def _search(view: View, claim: Object) -> Plan:
    storage_class = view.get(STORAGECLASS, "", claim_class(claim))
    waits = waits_for_consumer(storage_class)
    volume = find_volume(claim, _candidates(view, claim), only_reserved=waits)
    if volume is not None:
        return _bind(volume, claim)
    default = _default_class(view) if without_class(claim) else None
    if default is not None:
        return Plan((Update(PERSISTENTVOLUMECLAIM, put(claim, ("spec", "storageClassName"), name(default))),))
    if waits and SELECTED_NODE not in annotations(claim):
        reason, text = _waiting_for(view, claim)
        return _pending(claim, Note(claim, reason, text))
    if claim_class(claim):
        return _provision(claim, storage_class)
    text = "no persistent volumes available for this claim and no storage class is set"
    return _pending(claim, Note(claim, "FailedBinding", text))


def _candidates(view: View, claim: Object) -> list[Object]:
    modes = set(dig(claim, "spec", "accessModes", default=()))
    return [
        volume
        for volume in view.all(PERSISTENTVOLUME)
        if modes <= set(dig(volume, "spec", "accessModes", default=())) or refers_to(volume, claim)
    ]


def without_class(claim: Object) -> bool:
    """A class that was never stated; an empty one means that none is wanted."""
    return dig(claim, "spec", "storageClassName") is None and not claim_class(claim)


def _default_class(view: View) -> Object | None:
    """The newest of the classes marked as default."""
    marked = [one for one in view.all(STORAGECLASS) if annotations(one).get(DEFAULT_CLASS) == "true"]
    return max(
        marked, key=lambda one: (parse(dig(one, "metadata", "creationTimestamp")) or 0.0, name(one)), default=None
    )


def _waiting_for(view: View, claim: Object) -> tuple[str, str]:
    """Reason and message of the event that says which pod the claim waits for."""
    pods = sorted(
        name(pod)
        for pod in view.within(POD, namespace(claim))
        if not dig(pod, "spec", "nodeName") and _uses(pod, name(claim))
    )
    if not pods:
        return "WaitForFirstConsumer", "waiting for first consumer to be created before binding"
    which = f"pod {pods[0]}" if len(pods) == 1 else f"pods {','.join(pods)}"
    return "WaitForPodScheduled", f"waiting for {which} to be scheduled"


def _uses(pod: Object, claim_name: str) -> bool:
    volumes = dig(pod, "spec", "volumes", default=())
    return any(dig(one, "persistentVolumeClaim", "claimName") == claim_name for one in volumes)


def _provision(claim: Object, storage_class: Object | None) -> Plan:
    if storage_class is None:
        text = f'storageclass.storage.k8s.io "{claim_class(claim)}" not found'
        return _pending(claim, Note(claim, "ProvisioningFailed", text, "Warning"))
    provisioner = storage_class.get("provisioner") or ""
    if provisioner.startswith(_IN_TREE):
        text = f"no volume plugin matched name: {provisioner}"
        return _pending(claim, Note(claim, "ProvisioningFailed", text, "Warning"))
    if annotations(claim).get(STORAGE_PROVISIONER) != provisioner:
        marks = {BETA_STORAGE_PROVISIONER: provisioner, STORAGE_PROVISIONER: provisioner}
        marked = put(claim, ("metadata", "annotations"), {**annotations(claim), **marks})
        return Plan((Update(PERSISTENTVOLUMECLAIM, marked),))
    text = (
        f"Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the "
        "system administrator. If volume creation is delayed, please verify that the provisioner is running and "
        "correctly registered."
    )
    return Plan((Emit(Note(claim, "ExternalProvisioning", text)),))


def _pending(claim: Object, note: Note | None = None) -> Plan:
    told = (Emit(note),) if note else ()
    if dig(claim, "status", "phase") in (None, "Pending"):
        return Plan(told)
    return Plan((*told, Update(PERSISTENTVOLUMECLAIM, put(claim, ("status", "phase"), "Pending"), "status")))


def _bind(volume: Object, claim: Object) -> Plan:
    """The next step of tying the two together."""
    fresh = reserved(volume, claim)
    if fresh is not volume:
        return Plan((Update(PERSISTENTVOLUME, fresh),))
    marks = dict(annotations(claim))
    if not dig(claim, "spec", "volumeName"):
        marks[BOUND_BY_CONTROLLER] = "yes"
    marks[BIND_COMPLETED] = "yes"
    if marks != annotations(claim) or dig(claim, "spec", "volumeName") != name(volume):
        named = put(put(claim, ("spec", "volumeName"), name(volume)), ("metadata", "annotations"), marks)
        return Plan((Update(PERSISTENTVOLUMECLAIM, named),))
    return _bound_status(volume, claim)


def _bound_status(volume: Object, claim: Object) -> Plan:
    status: Object = dict(claim.get("status") or {})
    status["phase"] = "Bound"
    status["accessModes"] = dig(volume, "spec", "accessModes", default=[])
    if dig(claim, "status", "phase") != "Bound" or not status.get("capacity"):
        status["capacity"] = dig(volume, "spec", "capacity", default={})
    attributes = dig(volume, "spec", "volumeAttributesClassName")
    if attributes:
        status["currentVolumeAttributesClassName"] = attributes
    if status == claim.get("status"):
        return NOTHING
    return Plan((Update(PERSISTENTVOLUMECLAIM, {**claim, "status": status}, "status"),))


def bound(view: View, claim: Object) -> Plan:
    wanted = dig(claim, "spec", "volumeName", default="")
    if not wanted:
        return _lost(
            claim, "ClaimLost", "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!"
        )
    volume = view.get(PERSISTENTVOLUME, "", wanted)
    if volume is None:
        text = "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
        return _lost(claim, "ClaimLost", text, ConfirmAbsent(PERSISTENTVOLUME, "", wanted))
    if not dig(volume, "spec", "claimRef") or dig(volume, "spec", "claimRef", "uid") == uid(claim):
        return _bind(volume, claim)
    text = "Two claims are bound to the same volume, this one is bound incorrectly"
    return _lost(claim, "ClaimMisbound", text)


def _lost(claim: Object, reason: str, text: str, check: ConfirmAbsent | None = None) -> Plan:
    if dig(claim, "status", "phase") == "Lost":
        return NOTHING
    status = {
        key: value for key, value in (claim.get("status") or {}).items() if key not in ("accessModes", "capacity")
    }
    update = Update(PERSISTENTVOLUMECLAIM, {**claim, "status": {**status, "phase": "Lost"}}, "status")
    told = Emit(Note(claim, reason, text, "Warning"))
    return Plan((check, update, told) if check else (update, told))
