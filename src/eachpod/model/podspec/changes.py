"""What may change in a Pod after its creation."""

from typing import Any

from eachpod.model import names
from eachpod.model.fielderrors import FieldError, forbidden, invalid
from eachpod.model.objects import Object

from .placement import validate_tolerations

_CHANGEABLE = ",".join((
    "`spec.containers[*].image`",
    "`spec.initContainers[*].image`",
    "`spec.activeDeadlineSeconds`",
    "`spec.tolerations` (only additions to existing tolerations)",
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
))  # fmt: skip
_MAX_INT32 = 2**31 - 1


def validate_pod_changes(new: Object, old: Object, path: str) -> list[FieldError]:
    """Faults of a changed pod spec, apart from those that the spec has in itself."""
    errors: list[FieldError] = []
    for kind in ("containers", "initContainers"):
        after, before = new.get(kind) or [], old.get(kind) or []
        if len(after) != len(before):
            return [*errors, forbidden(f"{path}.{kind}", "pod updates may not add or remove containers")]
    deadline, was = new.get("activeDeadlineSeconds"), old.get("activeDeadlineSeconds")
    where = f"{path}.activeDeadlineSeconds"
    if deadline is not None:
        if not 0 <= deadline <= _MAX_INT32:
            return [*errors, invalid(where, deadline, names.in_range(0, _MAX_INT32))]
        if was is not None and was < deadline:
            return [*errors, invalid(where, deadline, "must be less than or equal to previous value")]
    elif was is not None:
        errors.append(invalid(where, None, "must not update from a positive integer to nil value"))
    errors += _tolerations(new.get("tolerations") or [], old.get("tolerations") or [], f"{path}.tolerations")
    errors += _gates(new.get("schedulingGates") or [], old.get("schedulingGates") or [], f"{path}.schedulingGates")
    if new == old:
        return errors
    munged, more = _munged(new, old, path)
    errors += more
    if munged != old:
        changed = ", ".join(sorted(key for key in {*munged, *old} if munged.get(key) != old.get(key)))
        text = f"pod updates may not change fields other than {_CHANGEABLE}\n  changed: {changed}"
        errors.append(forbidden(path, text))
    return errors


def _tolerations(new: list[Object], old: list[Object], path: str) -> list[FieldError]:
    def lasting(toleration: Object) -> Object:
        return {key: value for key, value in toleration.items() if key != "tolerationSeconds"}

    kept = [lasting(toleration) for toleration in new]
    if any(lasting(toleration) not in kept for toleration in old):
        return [forbidden(path, "existing toleration can not be modified except its tolerationSeconds")]
    return validate_tolerations(new, path)


def _gates(new: list[Object], old: list[Object], path: str) -> list[FieldError]:
    known = {gate.get("name") for gate in old}
    return [
        forbidden(
            f"{path}[{index}].name", f"only deletion is allowed, but found new scheduling gate '{gate.get('name')}'"
        )
        for index, gate in enumerate(new)
        if gate.get("name") not in known
    ]


def _munged(new: Object, old: Object, path: str) -> tuple[Object, list[FieldError]]:
    """`new` with every field that may change put back to what it was."""
    munged: dict[str, Any] = dict(new)
    errors: list[FieldError] = []
    for kind in ("containers", "initContainers"):
        if new.get(kind):
            pairs = zip(new[kind], old[kind], strict=True)
            munged[kind] = [{**after, "image": before.get("image")} for after, before in pairs]
    restored = ["activeDeadlineSeconds", "schedulingGates", "tolerations"]
    if (old.get("terminationGracePeriodSeconds") or 0) < 0 and new.get("terminationGracePeriodSeconds") == 1:
        restored.append("terminationGracePeriodSeconds")
    if old.get("schedulingGates"):
        errors += _narrowed(new.get("nodeSelector") or {}, old.get("nodeSelector") or {}, f"{path}.nodeSelector")
        restored.append("nodeSelector")
        munged = _with_node_affinity_of(munged, old)
    for field in restored:
        if field in old:
            munged[field] = old[field]
        else:
            munged.pop(field, None)
    return munged, errors


def _narrowed(new: Object, old: Object, path: str) -> list[FieldError]:
    """A gated pod's node selector may only become stricter."""
    text = "only additions to spec.nodeSelector are allowed (no mutations or deletions)"
    return [] if all(new.get(key) == value for key, value in old.items()) else [invalid(path, new, text)]


def _with_node_affinity_of(munged: Object, old: Object) -> Object:
    before = (old.get("affinity") or {}).get("nodeAffinity")
    affinity = {key: value for key, value in (munged.get("affinity") or {}).items() if key != "nodeAffinity"}
    if before is not None:
        affinity["nodeAffinity"] = before
    if not affinity and "affinity" not in old:
        return {key: value for key, value in munged.items() if key != "affinity"}
    return {**munged, "affinity": affinity}
