"""The volume's side: free, bound, or left by its claim."""

from eachpod.client.correlate import Note
from eachpod.controllers.plan import NOTHING, ConfirmAbsent, Emit, Plan, Update
from eachpod.controllers.view import View
from eachpod.model.errors import NotFound
from eachpod.model.objects import Object, annotations, deleting, dig, name, put, uid
from eachpod.model.resources import PERSISTENTVOLUME, PERSISTENTVOLUMECLAIM
from eachpod.model.volumebinding import BOUND_BY_CONTROLLER, PROVISIONED_BY


def held(view: View, volume: Object) -> Plan:
    ref = dig(volume, "spec", "claimRef", default={})
    if not ref.get("uid"):
        return _phase(volume, "Available")
    claim = view.get(PERSISTENTVOLUMECLAIM, ref.get("namespace") or "", ref.get("name") or "")
    if claim is None or uid(claim) != ref["uid"]:
        gone = ConfirmAbsent(PERSISTENTVOLUMECLAIM, ref.get("namespace") or "", ref.get("name") or "", ref["uid"])
        return _released(volume, gone)
    bound_to = dig(claim, "spec", "volumeName", default="")
    if not bound_to:
        return _not_yet_named(volume, claim)
    if bound_to == name(volume):
        return _phase(volume, "Bound")
    if PROVISIONED_BY in annotations(volume) and _reclaim(volume) == "Delete":
        return _released(volume)
    return _unbind(volume)


def _not_yet_named(volume: Object, claim: Object) -> Plan:
    """The claim's own turn comes with this change of its volume; only a misfit is told here."""
    if (dig(volume, "spec", "volumeMode") or "Filesystem") == (dig(claim, "spec", "volumeMode") or "Filesystem"):
        return NOTHING
    why = "due to incompatible volumeMode."
    ours = f'Cannot bind PersistentVolume to requested PersistentVolumeClaim "{name(claim)}" {why}'
    theirs = f'Cannot bind PersistentVolume "{name(volume)}" to requested PersistentVolumeClaim {why}'
    return Plan(
        (
            Emit(Note(volume, "VolumeMismatch", ours, "Warning")),
            Emit(Note(claim, "VolumeMismatch", theirs, "Warning")),
        )
    )


def _reclaim(volume: Object) -> str:
    return str(dig(volume, "spec", "persistentVolumeReclaimPolicy", default="Retain"))


def _phase(volume: Object, phase: str) -> Plan:
    if dig(volume, "status", "phase") == phase:
        return NOTHING
    return Plan((Update(PERSISTENTVOLUME, put(volume, ("status", "phase"), phase), "status", accept=(NotFound,)),))


def _released(volume: Object, check: ConfirmAbsent | None = None) -> Plan:
    """The claim is gone. What happens to a volume that is to be deleted is up to whoever provisioned it."""
    if dig(volume, "status", "phase") not in ("Released", "Failed"):
        step = _phase(volume, "Released").changes
        return Plan((check, *step) if check else step)
    if _reclaim(volume) == "Delete" and PROVISIONED_BY not in annotations(volume) and not deleting(volume):
        return _undeletable(volume)
    return NOTHING


def _undeletable(volume: Object) -> Plan:
    if dig(volume, "status", "phase") == "Failed":
        return NOTHING
    text = f'error getting deleter volume plugin for volume "{name(volume)}": no volume plugin matched'
    status = {**(volume.get("status") or {}), "phase": "Failed", "message": text}
    return Plan(
        (
            Update(PERSISTENTVOLUME, {**volume, "status": status}, "status"),
            Emit(Note(volume, "VolumeFailedDelete", text, "Warning")),
        )
    )


def _unbind(volume: Object) -> Plan:
    """The claim has found another volume: give this one back."""
    if BOUND_BY_CONTROLLER in annotations(volume):
        spec = {key: value for key, value in volume["spec"].items() if key != "claimRef"}
        marks = {key: value for key, value in annotations(volume).items() if key != BOUND_BY_CONTROLLER}
        freed = put({**volume, "spec": spec}, ("metadata", "annotations"), marks)
    else:
        ref = {key: value for key, value in volume["spec"]["claimRef"].items() if key != "uid"}
        freed = put(volume, ("spec", "claimRef"), ref)
    return Plan((Update(PERSISTENTVOLUME, freed),))
