"""Job."""

from eachpod.model import names, timestamps
from eachpod.model.fielderrors import FieldError, invalid, not_supported, required
from eachpod.model.fieldrules import non_negative
from eachpod.model.kind import Cell, Kind
from eachpod.model.labelselector import Selector
from eachpod.model.metadata import immutable, validate_selector
from eachpod.model.objects import Object, condition, deleting, dig, name, put, uid
from eachpod.model.objects import labels as labels_of
from eachpod.model.podspec.replicas import validate_selected
from eachpod.model.podspec.template import default_template
from eachpod.model.podspec.validate import validate_template
from eachpod.model.podspec.warnings import template_warnings
from eachpod.model.resources import JOB
from eachpod.model.table import age, columns, containers, selector

from .jobstatus import validate_job_status

_NAME_LABELS = ("job-name", "batch.kubernetes.io/job-name")
_UID_LABELS = ("controller-uid", "batch.kubernetes.io/controller-uid")
_NON_NEGATIVE = (
    "parallelism",
    "completions",
    "activeDeadlineSeconds",
    "backoffLimit",
    "ttlSecondsAfterFinished",
    "backoffLimitPerIndex",
    "maxFailedIndexes",
)
_FIXED = ("completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy")
_MOST_INDEXED_PARALLEL = 100000


def default_job_spec(spec: Object) -> None:
    default_template(spec)
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    per_index = spec.get("backoffLimitPerIndex") is not None
    replaced = "Failed" if spec.get("podFailurePolicy") is not None else "TerminatingOrFailed"
    for field, value in (
        ("parallelism", 1),
        ("backoffLimit", 2**31 - 1 if per_index else 6),
        ("completionMode", "NonIndexed"),
        ("suspend", False),
        ("podReplacementPolicy", replaced),
    ):
        if spec.get(field) is None:
            spec[field] = value
    for rule in dig(spec, "podFailurePolicy", "rules", default=()):
        for pattern in rule.get("onPodConditions") or ():
            pattern["status"] = pattern.get("status") or "True"


def _default(obj: Object) -> Object:
    spec = obj.setdefault("spec", {})
    labels = dig(spec, "template", "metadata", "labels")
    metadata = obj.setdefault("metadata", {})
    if labels and not metadata.get("labels"):
        metadata["labels"] = dict(labels)
    default_job_spec(spec)
    if spec.get("manualSelector") is None:
        spec["manualSelector"] = False
    return obj


def _prepare_create(obj: Object) -> Object:
    """The selector is generated from the uid, so that no two jobs ever share pods."""
    created = {**obj, "status": {}}
    spec = created["spec"]
    if spec.get("manualSelector"):
        return created
    marks = {**dict.fromkeys(_NAME_LABELS, name(obj)), **dict.fromkeys(_UID_LABELS, uid(obj))}
    labels = {**marks, **(dig(spec, "template", "metadata", "labels", default={}))}
    created = put(created, ("spec", "template", "metadata", "labels"), labels)
    wanted = spec.get("selector") or {}
    matched = {_UID_LABELS[1]: uid(obj), **(wanted.get("matchLabels") or {})}
    created = put(created, ("spec", "selector"), {**wanted, "matchLabels": matched})
    return created if labels_of(obj) else put(created, ("metadata", "labels"), labels)


def _validate(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    errors = _generated(obj, spec) + validate_job_spec(spec, "spec") + _selected(spec)
    completions = spec.get("completions") or 0
    if spec.get("completionMode") == "Indexed" and completions > 0:
        last = f"{name(obj)}-{completions - 1}"
        if names.label(last):
            text = f"will not able to create pod with invalid DNS label: {last}"
            errors.append(invalid("metadata.name", name(obj), text))
    return errors


def _selected(spec: Object) -> list[FieldError]:
    if spec.get("selector") is None:
        return [required("spec.selector"), *validate_selected(spec)]
    return validate_selector(spec["selector"], "spec.selector") + validate_selected(spec)


def _generated(obj: Object, spec: Object) -> list[FieldError]:
    if spec.get("manualSelector") or spec.get("selector") is None:
        return []
    errors: list[FieldError] = []
    labels = dig(spec, "template", "metadata", "labels", default={})
    expected = {**dict.fromkeys(_UID_LABELS, uid(obj)), **dict.fromkeys(_NAME_LABELS, name(obj))}
    for label, value in expected.items():
        path = "spec.template.metadata.labels"
        if label not in labels:
            errors.append(required(f"{path}[{label}]", f"must be '{value}'"))
        elif labels[label] != value:
            errors.append(invalid(f"{path}[{label}]", labels, f"must be '{value}'"))
    if not Selector.of(spec["selector"]).matches(expected):
        errors.append(invalid("spec.selector", spec["selector"], "`selector` not auto-generated"))
    return errors


def validate_job_spec(spec: Object, path: str) -> list[FieldError]:
    """What holds for jobs and for the templates of cron jobs."""
    errors = non_negative(spec, path, *_NON_NEGATIVE)
    if spec.get("maxFailedIndexes") is not None and spec.get("backoffLimitPerIndex") is None:
        errors.append(required(f"{path}.backoffLimitPerIndex", "when maxFailedIndexes is specified"))
    if spec.get("managedBy") is not None:
        errors += _domain_path(spec["managedBy"], f"{path}.managedBy")
    errors += _completion_mode(spec, path)
    replaced, failing = spec.get("podReplacementPolicy"), spec.get("podFailurePolicy") is not None
    choices = ("Failed",) if failing else ("Failed", "TerminatingOrFailed")
    if replaced is not None and replaced not in choices:
        errors.append(not_supported(f"{path}.podReplacementPolicy", replaced, choices))
    errors += validate_template(spec.get("template") or {}, f"{path}.template")
    return errors + _restart_policy(spec, f"{path}.template.spec.restartPolicy", failing=failing)


def _domain_path(value: str, path: str) -> list[FieldError]:
    if not value:
        return [required(path)]
    host, _, rest = value.partition("/")
    if not host or not rest:
        return [invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")')]
    errors = [invalid(path, host, fault) for fault in names.subdomain(host)]
    if len(value) > names.LABEL_LENGTH:
        errors.append(FieldError(path, "FieldValueTooLong", "Too long: may not be more than 63 bytes"))
    return errors


def _completion_mode(spec: Object, path: str) -> list[FieldError]:
    mode, parallel = spec.get("completionMode"), spec.get("parallelism") or 0
    errors: list[FieldError] = []
    if mode not in ("NonIndexed", "Indexed"):
        return [not_supported(f"{path}.completionMode", mode, ("NonIndexed", "Indexed"))]
    if mode == "NonIndexed":
        text = "requires indexed completion mode"
        given = (field for field in ("backoffLimitPerIndex", "maxFailedIndexes") if spec.get(field) is not None)
        return [invalid(f"{path}.{field}", spec[field], text) for field in given]
    completions, failed = spec.get("completions"), spec.get("maxFailedIndexes")
    if completions is None:
        errors.append(required(f"{path}.completions", "when completion mode is Indexed"))
    if parallel > _MOST_INDEXED_PARALLEL:
        text = f"must be less than or equal to {_MOST_INDEXED_PARALLEL} when completion mode is Indexed"
        errors.append(invalid(f"{path}.parallelism", parallel, text))
    if completions is not None and failed is not None and failed > completions:
        text = "must be less than or equal to completions"
        errors.append(invalid(f"{path}.maxFailedIndexes", failed, text))
    return errors


def _restart_policy(spec: Object, path: str, *, failing: bool) -> list[FieldError]:
    policy = dig(spec, "template", "spec", "restartPolicy", default="")
    if policy in ("", "Always"):
        return [required(path, 'valid values: "OnFailure", "Never"')]
    if policy not in ("OnFailure", "Never"):
        return [not_supported(path, policy, ("OnFailure", "Never"))]
    if failing and policy != "Never":
        return [invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified')]
    return []


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    spec, before = new.get("spec") or {}, old.get("spec") or {}
    errors = _generated(new, spec) + validate_job_spec(spec, "spec") + _selected(spec)
    if not _elastic(spec, before):
        errors += immutable(spec.get("completions"), before.get("completions"), "spec.completions")
    errors += immutable(spec.get("selector"), before.get("selector"), "spec.selector")
    was = _with_movable_parts(before.get("template") or {}, spec.get("template") or {}, old)
    errors += immutable(spec.get("template"), was, "spec.template")
    for field in _FIXED:
        errors += immutable(spec.get(field), before.get(field), f"spec.{field}")
    return errors


def _elastic(spec: Object, before: Object) -> bool:
    """An indexed job may be resized as long as completions and parallelism move together."""
    new, old = spec.get("completions"), before.get("completions")
    return spec.get("completionMode") == "Indexed" and (new == old or new == spec.get("parallelism"))


def _with_movable_parts(before: Object, template: Object, old: Object) -> Object:
    """A suspended job that never ran may still be told where to run and with how much."""
    waiting = dig(old, "spec", "suspend") and not dig(old, "status", "startTime") and not dig(old, "status", "active")
    if not waiting:
        return before
    pod, wanted = dict(before.get("spec") or {}), template.get("spec") or {}
    for field in ("affinity", "nodeSelector", "tolerations", "schedulingGates"):
        if field in wanted:
            pod[field] = wanted[field]
        else:
            pod.pop(field, None)
    for kind in ("containers", "initContainers"):
        if len(pod.get(kind) or ()) == len(wanted.get(kind) or ()) and pod.get(kind):
            pairs = zip(pod[kind], wanted[kind], strict=True)
            pod[kind] = [{**was, "resources": now.get("resources") or {}} for was, now in pairs]
    return {**before, "metadata": template.get("metadata") or {}, "spec": pod}


def _warnings(new: Object, old: Object | None) -> list[str]:
    faults = names.label(name(new)) if old is None else ()
    found = template_warnings(new, old)
    if faults:
        text = "this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is"
        found.insert(0, f"metadata.name: {text} recommended: [{' '.join(faults)}]")
    return found


_STATES = ("Complete", "Failed", "Suspended", "FailureTarget", "SuccessCriteriaMet")


def _state(obj: Object) -> str:
    held = [kind for kind in _STATES if (condition(obj, kind) or {}).get("status") == "True"]
    if held and held[0] in ("Complete", "Failed"):
        return held[0]
    if deleting(obj):
        return "Terminating"
    return held[0] if held else "Running"


def _row(obj: Object, now: float) -> list[Cell]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    done, wanted, parallel = status.get("succeeded") or 0, spec.get("completions"), spec.get("parallelism") or 0
    if wanted is not None:
        completions = f"{done}/{wanted}"
    else:
        completions = f"{done}/1 of {parallel}" if parallel > 1 else f"{done}/1"
    started = timestamps.parse(status.get("startTime"))
    ended = timestamps.parse(status.get("completionTime"))
    lasted = "" if started is None else timestamps.span((now if ended is None else ended) - started)
    return [
        name(obj),
        _state(obj),
        completions,
        lasted,
        age(obj, now),
        *containers(dig(spec, "template", "spec")),
        selector(spec.get("selector")),
    ]


KIND = Kind(
    JOB,
    default=_default,
    prepare_create=_prepare_create,
    validate=_validate,
    validate_update=_validate_update,
    validate_status_update=validate_job_status,
    warnings=_warnings,
    columns=columns("Status", "Completions", "Duration", "Age", "*Containers", "*Images", "*Selector"),
    row=_row,
    fields=lambda obj: {"status.successful": str(dig(obj, "status", "succeeded", default=0))},
    field_names=("status.successful",),
    generation=True,
    propagation="Orphan",
    extra={
        "delete_warning": "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background "
        "to remove them or set propagationPolicy=Orphan to suppress this warning"
    },
)
