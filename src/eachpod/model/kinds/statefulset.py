"""StatefulSet."""

from eachpod.model import names
from eachpod.model.claimspec import validate_claim_spec
from eachpod.model.fielderrors import FieldError, invalid, not_supported
from eachpod.model.fieldrules import form, non_negative
from eachpod.model.internalform import in_memory
from eachpod.model.kind import Cell, Kind
from eachpod.model.metadata import immutable
from eachpod.model.objects import Object, dig, name
from eachpod.model.podspec.defaults import default_claim_spec
from eachpod.model.podspec.replicas import (
    amount_of,
    at_most_all,
    int_or_percent,
    must_last,
    validate_collisions,
    validate_counters,
    validate_own_selector,
    validate_selected,
)
from eachpod.model.podspec.template import default_template
from eachpod.model.podspec.validate import validate_template
from eachpod.model.podspec.volumewarnings import claim_warnings
from eachpod.model.podspec.warnings import template_warnings
from eachpod.model.resources import STATEFULSET
from eachpod.model.table import age, columns, containers


def _default(obj: Object) -> Object:
    spec = obj.setdefault("spec", {})
    default_template(spec)
    for claim in spec.get("volumeClaimTemplates") or ():
        claim.setdefault("apiVersion", "v1")
        claim.setdefault("kind", "PersistentVolumeClaim")
        default_claim_spec(claim.setdefault("spec", {}))
        status = claim.setdefault("status", {})
        status["phase"] = status.get("phase") or "Pending"
    spec["podManagementPolicy"] = spec.get("podManagementPolicy") or "OrderedReady"
    _default_strategy(spec)
    retention = spec["persistentVolumeClaimRetentionPolicy"] = spec.get("persistentVolumeClaimRetentionPolicy") or {}
    for when in ("whenDeleted", "whenScaled"):
        retention[when] = retention.get(when) or "Retain"
    for field, value in (("replicas", 1), ("revisionHistoryLimit", 10)):
        if spec.get(field) is None:
            spec[field] = value
    return obj


def _default_strategy(spec: Object) -> None:
    """`rollingUpdate` appears by itself only where the type does; a written type without it stays bare."""
    strategy = spec["updateStrategy"] = spec.get("updateStrategy") or {}
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
        if strategy.get("rollingUpdate") is None:
            strategy["rollingUpdate"] = {}
    rolling = strategy.get("rollingUpdate")
    if strategy["type"] == "RollingUpdate" and rolling is not None:
        for field, value in (("partition", 0), ("maxUnavailable", 1)):
            if rolling.get(field) is None:
                rolling[field] = value


def _prepare_create(obj: Object) -> Object:
    return {**obj, "status": {"replicas": 0, "availableReplicas": 0}}


_FIXED = ("selector", "volumeClaimTemplates", "serviceName", "podManagementPolicy")
_COUNTERS = ("readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas")


def _validate(obj: Object) -> list[FieldError]:
    return _validate_spec(obj.get("spec") or {}, new=True)


def _validate_spec(spec: Object, *, new: bool, template: bool = True) -> list[FieldError]:
    errors: list[FieldError] = []
    if spec.get("podManagementPolicy") not in ("OrderedReady", "Parallel"):
        text = "must be 'OrderedReady' or 'Parallel'"
        errors.append(invalid("spec.podManagementPolicy", spec.get("podManagementPolicy") or "", text))
    errors += _strategy(spec.get("updateStrategy") or {}, "spec.updateStrategy")
    retention = spec.get("persistentVolumeClaimRetentionPolicy") or {}
    for when, policy in ((field, retention.get(field) or "") for field in ("whenDeleted", "whenScaled")):
        if policy not in ("Retain", "Delete"):
            where = f"spec.persistentVolumeClaimRetentionPolicy.{when}"
            errors.append(not_supported(where, policy, ("Retain", "Delete")))
    claims = spec.get("volumeClaimTemplates") or []
    if new:
        for index, claim in enumerate(claims):
            errors += validate_claim_spec(claim.get("spec") or {}, f"spec.volumeClaimTemplates[{index}].spec")
    errors += non_negative(spec, "spec", "replicas", "minReadySeconds")
    errors += non_negative(spec.get("ordinals") or {}, "spec.ordinals", "start")
    if new and spec.get("serviceName"):
        errors += form(names.label, spec["serviceName"], "spec.serviceName")
    errors += validate_own_selector(spec, "statefulset") + validate_selected(spec, unreadable="")
    if template:
        errors += validate_template(_as_made(spec.get("template") or {}, claims), "spec.template")
    return errors + must_last(spec, "StatefulSet")


def _as_made(template: Object, claims: list[Object]) -> Object:
    """The template as the controller makes pods of it: names and claim volumes are the controller's."""
    pod = {key: value for key, value in (template.get("spec") or {}).items() if key not in ("hostname", "subdomain")}
    if claims:
        made = list(dict.fromkeys(name(claim) for claim in claims))
        volumes = [{"name": each, "persistentVolumeClaim": {"claimName": each}} for each in made]
        pod["volumes"] = volumes + [v for v in pod.get("volumes") or () if v.get("name") not in made]
    return {**template, "spec": pod}


def _strategy(strategy: Object, path: str) -> list[FieldError]:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    here = f"{path}.rollingUpdate"
    if kind == "OnDelete":
        text = "only allowed for updateStrategy 'RollingUpdate'"
        shown = in_memory(rolling, "RollingUpdateStatefulSetStrategy")
        return [invalid(here, shown, text)] if rolling is not None else []
    if kind != "RollingUpdate":
        return [invalid(path, strategy, "must be 'RollingUpdate' or 'OnDelete'")]
    errors = non_negative(rolling or {}, here, "partition")
    most = (rolling or {}).get("maxUnavailable")
    if most is not None:
        errors += int_or_percent(most, f"{here}.maxUnavailable")
        if amount_of(most) == 0:
            errors.append(invalid(f"{here}.maxUnavailable", most, "cannot be 0"))
        errors += at_most_all(most, f"{here}.maxUnavailable")
    return errors


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    spec, before = new.get("spec") or {}, old.get("spec") or {}
    # An object that was broken all along may still be repaired step by step.
    changed = any(spec.get(field) != before.get(field) for field in ("template", "volumeClaimTemplates"))
    sound = changed and not _validate_spec(before, new=False)
    errors = _validate_spec(spec, new=False, template=sound)
    for field in _FIXED:
        struct = "PersistentVolumeClaim" if field == "volumeClaimTemplates" else ""
        now, was = (in_memory(each.get(field), struct) for each in (spec, before))
        errors += immutable(now, was, f"spec.{field}")
    return errors


def _validate_status(new: Object, old: Object) -> list[FieldError]:
    errors = validate_counters(new.get("status") or {}, *_COUNTERS, within="status.readyReplicas")
    return errors + validate_collisions(new, old)


def _warnings(new: Object, old: Object | None) -> list[str]:
    found = template_warnings(new, old)
    for index, claim in enumerate(dig(new, "spec", "volumeClaimTemplates", default=())):
        found += claim_warnings(claim.get("spec") or {}, f"spec.volumeClaimTemplates[{index}]")
    if dig(new, "spec", "revisionHistoryLimit", default=0) < 0:
        text = "a negative value retains all historical revisions; a value >= 0 is recommended"
        found.append(f"spec.revisionHistoryLimit: {text}")
    return found


def _row(obj: Object, now: float) -> list[Cell]:
    ready = dig(obj, "status", "readyReplicas", default=0)
    wanted = dig(obj, "spec", "replicas", default=0)
    return [name(obj), f"{ready}/{wanted}", age(obj, now), *containers(dig(obj, "spec", "template", "spec"))]


KIND = Kind(
    STATEFULSET,
    default=_default,
    prepare_create=_prepare_create,
    validate=_validate,
    validate_update=_validate_update,
    validate_status_update=_validate_status,
    warnings=_warnings,
    columns=columns("Ready", "Age", "*Containers", "*Images"),
    row=_row,
    generation=True,
    name_rule="label",
    extra={"blank_spec": {"replicas": 0}},
)
