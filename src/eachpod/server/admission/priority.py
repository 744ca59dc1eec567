"""Priority: turns a pod's priority class into a number. Of the classes one may be the default."""

from eachpod.model import errors
from eachpod.model.objects import Object, name
from eachpod.model.resources import POD, PRIORITYCLASS

from .chain import Attributes


def priority(pod: Object, at: Attributes) -> Object:
    if at.kind.resource != POD or at.operation != "CREATE" or at.subresource:
        return pod
    spec = pod.get("spec") or {}
    wanted = spec.get("priorityClassName") or ""
    chosen = at.view.get(PRIORITYCLASS, wanted) if wanted else _default(at)
    if wanted and chosen is None:
        raise errors.forbidden(POD, at.name, f"no PriorityClass with name {wanted} was found")
    value = (chosen or {}).get("value") or 0
    policy = (chosen or {}).get("preemptionPolicy") or "PreemptLowerPriority"
    if spec.get("priority") not in (None, value):
        text = f"the integer value of priority ({spec['priority']}) must not be provided in pod spec; "
        text += f"priority admission controller computed {value} from the given PriorityClass name"
        raise errors.forbidden(POD, at.name, text)
    if spec.get("preemptionPolicy") not in (None, policy):
        text = f"the string value of PreemptionPolicy ({spec['preemptionPolicy']}) must not be provided in pod spec; "
        text += f"priority admission controller computed {policy} from the given PriorityClass name"
        raise errors.forbidden(POD, at.name, text)
    spec = {**spec, "priority": value, "preemptionPolicy": spec.get("preemptionPolicy") or policy}
    if chosen is not None:
        spec["priorityClassName"] = chosen["metadata"]["name"]
    return {**pod, "spec": spec}


def one_default(class_: Object, at: Attributes) -> Object:
    if at.kind.resource != PRIORITYCLASS or not class_.get("globalDefault"):
        return class_
    other = _default(at)
    if other is not None and name(other) != at.name:
        text = f"PriorityClass {name(other)} is already marked as default. Only one default can exist"
        raise errors.forbidden(PRIORITYCLASS, at.name, text)
    return class_


def _default(at: Attributes) -> Object | None:
    found = [each for each in at.view.all(PRIORITYCLASS) if each.get("globalDefault")]
    return min(found, key=lambda each: each.get("value") or 0, default=None)
