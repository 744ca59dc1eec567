"""ReplicationController, the ancestor of ReplicaSet, and PodTemplate."""

from eachpod.model.fielderrors import FieldError, invalid, required
from eachpod.model.fieldrules import non_negative
from eachpod.model.kind import Cell, Kind
from eachpod.model.metadata import validate_annotations, validate_labels
from eachpod.model.objects import Object, dig, name
from eachpod.model.podspec.defaults import default_pod_spec
from eachpod.model.podspec.replicas import must_last, validate_counters
from eachpod.model.podspec.template import default_template
from eachpod.model.podspec.validate import validate_template
from eachpod.model.podspec.warnings import pod_warnings
from eachpod.model.resources import PODTEMPLATE, REPLICATIONCONTROLLER
from eachpod.model.table import columns, containers, label_pairs

from .replicated import cells, default_replicas, replicated


def _default(obj: Object) -> Object:
    spec = obj.setdefault("spec", {})
    if spec.get("template") is not None:
        default_template(spec)
        labels = dig(spec, "template", "metadata", "labels")
        if labels:
            spec["selector"] = spec.get("selector") or dict(labels)
            metadata = obj.setdefault("metadata", {})
            metadata["labels"] = metadata.get("labels") or dict(labels)
    return default_replicas(obj)


def _validate(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    errors = non_negative(spec, "spec", "minReadySeconds")
    wanted, template = spec.get("selector") or {}, spec.get("template")
    if not wanted:
        errors.append(required("spec.selector"))
    errors += non_negative(spec, "spec", "replicas")
    if template is None:
        return [*errors, required("spec.template")]
    labels = dig(template, "metadata", "labels", default={})
    if any(labels.get(key) != value for key, value in wanted.items()):
        text = "`selector` does not match template `labels`"
        errors.append(invalid("spec.template.metadata.labels", dict(sorted(labels.items())) or None, text))
    return errors + validate_template(template, "spec.template") + must_last(spec, "ReplicationController")


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    return _validate(new)


def _validate_status(new: Object, old: Object) -> list[FieldError]:
    status = new.get("status") or {}
    return validate_counters(status, "fullyLabeledReplicas", "readyReplicas", "availableReplicas")


def _row(obj: Object, now: float) -> list[Cell]:
    return [*cells(obj, now), label_pairs(dig(obj, "spec", "selector"))]


def _fields(obj: Object) -> dict[str, str]:
    return {"status.replicas": str(dig(obj, "status", "replicas", default=0))}


KIND = replicated(
    Kind(
        REPLICATIONCONTROLLER,
        default=_default,
        validate=_validate,
        validate_update=_validate_update,
        validate_status_update=_validate_status,
        row=_row,
        fields=_fields,
        field_names=("status.replicas",),
        propagation="Orphan",
    )
)


def _default_template(obj: Object) -> Object:
    template = obj.setdefault("template", {})
    template.setdefault("metadata", {})
    default_pod_spec(template.setdefault("spec", {}))
    return obj


def _validate_template(obj: Object) -> list[FieldError]:
    meta = dig(obj, "template", "metadata", default={})
    errors = validate_labels(meta.get("labels"), "template.metadata.labels")
    errors += validate_annotations(meta.get("annotations") or {}, "template.metadata.annotations")
    return errors or validate_template(obj.get("template") or {}, "template")


def _validate_template_update(new: Object, old: Object) -> list[FieldError]:
    return _validate_template(new)


def _template_warnings(new: Object, old: Object | None) -> list[str]:
    template = new.get("template") or {}
    if old is not None and old.get("template") == template:
        return []
    return pod_warnings(template.get("metadata") or {}, template.get("spec") or {}, "template.")


def _template_row(obj: Object, now: float) -> list[Cell]:
    template = obj.get("template") or {}
    labels = dig(template, "metadata", "labels")
    return [name(obj), *containers(template.get("spec")), label_pairs(labels)]


PODTEMPLATE_KIND = Kind(
    PODTEMPLATE,
    default=_default_template,
    validate=_validate_template,
    validate_update=_validate_template_update,
    warnings=_template_warnings,
    columns=columns("Containers", "Images", "Pod Labels"),
    row=_template_row,
    generation=True,
)
