"""Beyond Kubernetes, and off unless asked for: conditions that say what a StatefulSet waits for, and why its pods have
no names.

`eachpod.dev/Waiting` repeats in words where the controller stopped. `eachpod.dev/Named` is False where a pod of the set
would not be found in DNS; an event says the same once. Both go when they are no longer asked for. Conditions of others
stay as they are.
"""

from dataclasses import dataclass

from eachpod.client.correlate import Note
from eachpod.controllers.plan import Emit
from eachpod.model import objects
from eachpod.model.labelselector import Selector
from eachpod.model.objects import Object, dig
from eachpod.model.timestamps import render

from .identity import pod_name, wanted

ANNOTATION = "eachpod.dev/explain"
WAITING, NAMED = "eachpod.dev/Waiting", "eachpod.dev/Named"
_LABEL_LIMIT = 63
_HASH_LENGTH = 10


@dataclass(frozen=True, slots=True)
class Finding:
    reason: str
    message: str


def is_asked_for(set_: Object, by_default: bool) -> bool:
    said = objects.annotations(set_).get(ANNOTATION)
    return by_default if said is None else said == "true"


def diagnose(set_: Object, service: Object | None) -> Finding | None:
    """Why the pods of the set have no names of their own, None where they have. `service` is the one it names."""
    too_long = _name_too_long(set_)
    if too_long:
        return Finding("NameTooLong", too_long)
    name = dig(set_, "spec", "serviceName", default="")
    if not name:
        return Finding("NoGoverningService", "spec.serviceName is empty, so pods have no names of their own in DNS")
    if service is None:
        text = f'Service "{name}" in spec.serviceName does not exist, so pods have no names of their own in DNS'
        return Finding("NoGoverningService", text)
    if dig(service, "spec", "clusterIP") != "None":
        text = f'Service "{name}" is not headless; only one with clusterIP: None gives each pod a name in DNS'
        return Finding("ServiceNotHeadless", text)
    labels = objects.labels(dig(set_, "spec", "template", default={}))
    selector = dig(service, "spec", "selector")
    if selector is not None and not Selector.of({"matchLabels": selector}).matches(labels):
        wants = ",".join(f"{key}={value}" for key, value in sorted(selector.items()))
        text = f'Service "{name}" selects {wants}, which the labels of spec.template do not match'
        return Finding("SelectorMismatch", text)
    return None


def _name_too_long(set_: Object) -> str:
    name, last = objects.name(set_), max(wanted(set_), default=0)
    longest = max(len(pod_name(set_, last)), len(name) + 1 + _HASH_LENGTH)
    if longest <= _LABEL_LIMIT:
        return ""
    over = longest - _LABEL_LIMIT
    return f"the name of the set is {over} characters too long for the labels and host names of its pods"


def conditions(set_: Object, waits: str, finding: Finding | None, now: float) -> list[Object]:
    """The set's conditions with ours brought up to date."""
    ours = {
        WAITING: ("True", "WaitingForPods", waits) if waits else ("False", "Settled", ""),
        NAMED: ("False", finding.reason, finding.message) if finding else ("True", "Named", ""),
    }
    kept = without(set_)
    return [*kept, *(_condition(set_, type_, value, now) for type_, value in ours.items())]


def without(set_: Object) -> list[Object]:
    """The conditions that others wrote."""
    return [c for c in dig(set_, "status", "conditions", default=[]) if c.get("type") not in (WAITING, NAMED)]


def events(set_: Object, finding: Finding | None) -> tuple[Emit, ...]:
    """The diagnosis as an event, when it is new."""
    before = objects.condition(set_, NAMED) or {}
    if finding is None or before.get("message") == finding.message:
        return ()
    return (Emit(Note(set_, finding.reason, finding.message, "Warning")),)


def _condition(set_: Object, type_: str, value: tuple[str, str, str], now: float) -> Object:
    status, reason, message = value
    before = objects.condition(set_, type_)
    since = before.get("lastTransitionTime") if before and before.get("status") == status else None
    shown: Object = {"type": type_, "status": status, "lastTransitionTime": since or render(now), "reason": reason}
    return {**shown, "message": message} if message else shown
