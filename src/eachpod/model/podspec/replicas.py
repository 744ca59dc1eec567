"""Rules that kinds with a pod template and replicas share: selectors, counters, rolling updates."""

from typing import Any

from eachpod.model import names
from eachpod.model.fielderrors import FieldError, forbidden, invalid, not_supported, required
from eachpod.model.fieldrules import NEGATIVE, non_negative
from eachpod.model.labelselector import Selector
from eachpod.model.metadata import validate_selector
from eachpod.model.objects import Object, dig

from .validate import validate_template


def validate_own_selector(spec: Object, kind: str) -> list[FieldError]:
    """A selector that must be there and select something."""
    selector = spec.get("selector")
    if selector is None:
        return [required("spec.selector")]
    errors = validate_selector(selector, "spec.selector")
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        errors.append(invalid("spec.selector", selector, f"empty selector is invalid for {kind}"))
    return errors


def validate_replicas_selector(spec: Object) -> list[FieldError]:
    """The selector of a Deployment or ReplicaSet; the words for both are those of the former."""
    return validate_own_selector(spec, "deployment") + validate_selected(spec, unreadable="invalid label selector")


def _shown(selector: Object) -> Object:
    """A selector as messages show it: fields in their declared order."""
    shown: Object = {}
    if selector.get("matchLabels"):
        shown["matchLabels"] = dict(sorted(selector["matchLabels"].items()))
    if selector.get("matchExpressions"):
        fields = ("key", "operator", "values")
        shown["matchExpressions"] = [
            {field: each[field] for field in fields if field in each} for each in selector["matchExpressions"]
        ]
    return shown


def validate_selected(spec: Object, unreadable: str | None = None) -> list[FieldError]:
    """The template's labels must be those that the selector looks for. `unreadable` is said of a broken selector, where
    more is said of it than what is wrong."""
    if validate_selector(spec.get("selector"), ""):
        return [] if unreadable is None else [invalid("spec.selector", _shown(spec["selector"]), unreadable)]
    selector = Selector.of(spec.get("selector"))
    labels = dig(spec, "template", "metadata", "labels", default={})
    if selector.empty or selector.matches(labels):
        return []
    text = "`selector` does not match template `labels`"
    return [invalid("spec.template.metadata.labels", dict(sorted(labels.items())) or None, text)]


def validate_lasting_template(spec: Object, kind: str, path: str = "spec") -> list[FieldError]:
    """A template whose pods are to run for ever, and so may not end by themselves."""
    return validate_template(spec.get("template") or {}, f"{path}.template") + must_last(spec, kind, path)


def must_last(spec: Object, kind: str, path: str = "spec") -> list[FieldError]:
    pod = dig(spec, "template", "spec", default={})
    here, errors = f"{path}.template.spec", []
    if pod.get("restartPolicy") != "Always":
        errors.append(not_supported(f"{here}.restartPolicy", pod.get("restartPolicy") or "", ("Always",)))
    if pod.get("activeDeadlineSeconds") is not None:
        text = f"activeDeadlineSeconds in {kind} is not Supported"
        errors.append(forbidden(f"{here}.activeDeadlineSeconds", text))
    return errors


def int_or_percent(value: Any, path: str) -> list[FieldError]:
    if isinstance(value, str):
        return [invalid(path, value, fault) for fault in names.percent(value)]
    return [invalid(path, value, NEGATIVE)] if (value or 0) < 0 else []


def amount_of(value: Any) -> int:
    """The number in an integer or a percentage; 0 where there is none."""
    if isinstance(value, str):
        return int(value[:-1]) if value.endswith("%") and value[:-1].isdigit() else 0
    return value or 0


def at_most_all(value: Any, path: str) -> list[FieldError]:
    if isinstance(value, str) and amount_of(value) > 100:
        return [invalid(path, value, "must not be greater than 100%")]
    return []


def validate_counters(status: Object, *counters: str, within: str = "readyReplicas") -> list[FieldError]:
    """Counters of a status: none below zero, none above `replicas`, the available ones among the ready ones."""
    errors = non_negative(status, "status", "replicas", *counters, "observedGeneration", "collisionCount")
    total = status.get("replicas") or 0
    text = "cannot be greater than status.replicas"
    counted = {field: status.get(field) or 0 for field in counters}
    errors += [invalid(f"status.{field}", count, text) for field, count in counted.items() if count > total]
    available = status.get("availableReplicas") or 0
    if available > (status.get("readyReplicas") or 0):
        errors.append(invalid("status.availableReplicas", available, f"cannot be greater than {within}"))
    return errors


def validate_collisions(new: Object, old: Object) -> list[FieldError]:
    now, was = dig(new, "status", "collisionCount", default=0), dig(old, "status", "collisionCount", default=0)
    return [invalid("status.collisionCount", now, "cannot be decremented")] if 0 <= now < was else []
