"""LimitRanger: what containers get by default in a namespace, and the least and most that they may ask for."""

from collections.abc import Iterator

from eachpod.model import errors
from eachpod.model.objects import Object, dig, put
from eachpod.model.podspec.totals import rendered, stated
from eachpod.model.quantity import parse
from eachpod.model.resources import LIMITRANGE, PERSISTENTVOLUMECLAIM, POD

from .chain import Attributes

_KINDS = ("containers", "initContainers")


def limit_defaults(obj: Object, at: Attributes) -> Object:
    if at.kind.resource == POD:
        for item in _items(at):
            if item.get("type") == "Container":
                obj = _with_defaults(obj, item)
    return obj


def limit_range(obj: Object, at: Attributes) -> Object:
    faults = [fault for item in _items(at) for fault in _faults(obj, item, at)]
    if faults:
        text = faults[0] if len(faults) == 1 else f"[{', '.join(faults)}]"
        raise errors.forbidden(at.kind.resource, at.name, text)
    return obj


def _items(at: Attributes) -> list[Object]:
    """The limits that count for an object."""
    if at.operation != "CREATE" or at.subresource or at.kind.resource not in (POD, PERSISTENTVOLUMECLAIM):
        return []
    return [item for each in at.view.all(LIMITRANGE, at.namespace) for item in dig(each, "spec", "limits", default=[])]


def _with_defaults(pod: Object, item: Object) -> Object:
    defaults = {"limits": item.get("default") or {}, "requests": item.get("defaultRequest") or {}}
    for field in _KINDS:
        held = dig(pod, "spec", field, default=[])
        if held:
            pod = put(pod, ("spec", field), [_defaulted(container, defaults) for container in held])
    return pod


def _defaulted(container: Object, defaults: dict[str, Object]) -> Object:
    resources = dict(container.get("resources") or {})
    limits = {**defaults["limits"], **(resources.get("limits") or {})}
    # What has a limit of its own asks for that much, rather than for the default.
    own = resources.get("limits") or {}
    requests = {**defaults["requests"], **own, **(resources.get("requests") or {})}
    told = {field: amounts for field, amounts in (("limits", limits), ("requests", requests)) if amounts}
    return {**container, "resources": {**resources, **told}}


def _faults(obj: Object, item: Object, at: Attributes) -> Iterator[str]:
    kind = item.get("type")
    if at.kind.resource == PERSISTENTVOLUMECLAIM:
        if kind == "PersistentVolumeClaim":
            yield from _outside(kind, item, dig(obj, "spec", "resources", default={}))
        return
    containers = [container for field in _KINDS for container in dig(obj, "spec", field, default=[])]
    if kind == "Container":
        for container in containers:
            yield from _outside(kind, item, container.get("resources") or {})
    elif kind == "Pod":
        yield from _outside(kind, item, {name: rendered(stated(obj, name)) for name in ("requests", "limits")})


def _outside(kind: str, item: Object, resources: Object) -> Iterator[str]:
    """What is less than the least or more than the most: of an amount, the first thing that is wrong with it."""
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    for name, least in sorted((item.get("min") or {}).items()):
        head = f"minimum {name} usage per {kind} is {least}"
        if name not in requests:
            yield f"{head}.  No request is specified"
        elif parse(requests[name]) < parse(least):
            yield f"{head}, but request is {requests[name]}"
        elif name in limits and parse(limits[name]) < parse(least):
            yield f"{head}, but limit is {limits[name]}"
    for name, most in sorted((item.get("max") or {}).items()):
        head = f"maximum {name} usage per {kind} is {most}"
        if name not in limits and kind != "PersistentVolumeClaim":
            yield f"{head}.  No limit is specified"
        elif name in limits and parse(limits[name]) > parse(most):
            yield f"{head}, but limit is {limits[name]}"
        elif name in requests and parse(requests[name]) > parse(most):
            yield f"{head}, but request is {requests[name]}"
    for name, ratio in sorted((item.get("maxLimitRequestRatio") or {}).items()):
        if name not in requests or name not in limits or not parse(requests[name]):
            continue
        found = parse(limits[name]) / parse(requests[name])
        if found > parse(ratio):
            yield f"{name} max limit to request ratio per {kind} is {ratio}, but provided ratio is {float(found):f}"
