"""Changes of a Pod through its own endpoints: `resize` changes amounts, `ephemeralcontainers` adds containers.

Each has a step that takes over only what the endpoint is for, and one that judges the result.
"""

from typing import Any

from eachpod.model.fielderrors import FieldError, forbidden, invalid
from eachpod.model.objects import Object, annotations, dig
from eachpod.model.wellknown import MIRROR_POD

from .qos import qos_class

_ELASTIC = ("cpu", "memory")


def take_resources(new: Object, old: Object) -> Object:
    """`old` with the amounts of `new`; `new` itself where containers do not match, for validation to say so."""
    spec, before = new.get("spec") or {}, old.get("spec") or {}
    changed: dict[str, Any] = dict(before)
    for kind in ("containers", "initContainers"):
        wanted, have = spec.get(kind) or [], before.get(kind) or []
        if [c.get("name") for c in wanted] != [c.get("name") for c in have]:
            return {**old, "metadata": new.get("metadata"), "spec": spec}
        if have:
            changed[kind] = [_resized(was, now) for was, now in zip(have, wanted, strict=True)]
    if spec.get("resources") is not None:
        changed["resources"] = spec["resources"]
    return {**old, "metadata": new.get("metadata"), "spec": changed}


def _resized(was: Object, now: Object) -> Object:
    merged = {**was, "resources": now.get("resources") or {}}
    if now.get("resizePolicy") is not None:
        merged["resizePolicy"] = now["resizePolicy"]
    return merged


def validate_resize(new: Object, old: Object) -> list[FieldError]:
    """What is wrong with a resize, apart from the faults that the new spec has in itself."""
    if MIRROR_POD in annotations(old):
        return [forbidden("", "static pods cannot be resized")]
    if dig(old, "spec", "os", "name") == "windows":
        return [forbidden("", "windows pods cannot be resized")]
    spec, before = new.get("spec") or {}, old.get("spec") or {}
    errors: list[FieldError] = []
    if qos_class(spec) != qos_class(before):
        text = "Pod QOS Class may not change as a result of resizing"
        errors.append(invalid("spec", dig(new, "status", "qosClass", default=""), text))
    running = [c for c in dig(old, "status", "containerStatuses", default=()) if dig(c, "state", "running") is not None]
    if running and running[0].get("resources") is None:
        errors.append(forbidden("spec", "Pod running on node without support for resize"))
    for kind in ("containers", "initContainers"):
        after, have = spec.get(kind) or [], before.get(kind) or []
        if len(after) != len(have):
            return [*errors, forbidden(f"spec.{kind}", f"{kind} may not be added or removed on resize")]
        if [c.get("name") for c in after] != [c.get("name") for c in have]:
            return [*errors, forbidden(f"spec.{kind}", f"{kind} may not be renamed or reordered on resize")]
        for index, (now, was) in enumerate(zip(after, have, strict=True)):
            errors += _removed(now, was, f"spec.{kind}[{index}].resources")
            if _rigid(now) != _rigid(was):
                errors.append(forbidden("spec", "only cpu and memory resources are mutable"))
    return errors


def _removed(now: Object, was: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for kind in ("requests", "limits"):
        have = dig(was, "resources", kind, default={})
        if not have.keys() <= dig(now, "resources", kind, default={}).keys():
            errors.append(forbidden(f"{path}.{kind}", f"resource {kind} cannot be removed"))
    return errors


def _rigid(container: Object) -> Object:
    """A container without what may be resized."""
    resources = container.get("resources") or {}
    kept = {
        kind: {name: amount for name, amount in (resources.get(kind) or {}).items() if name not in _ELASTIC}
        for kind in ("requests", "limits")
    }
    return {**{key: value for key, value in container.items() if key != "resizePolicy"}, "resources": kept}


def take_ephemeral_containers(new: Object, old: Object) -> Object:
    wanted = dig(new, "spec", "ephemeralContainers")
    spec = {key: value for key, value in (old.get("spec") or {}).items() if key != "ephemeralContainers"}
    if wanted:
        spec["ephemeralContainers"] = wanted
    return {**old, "metadata": new.get("metadata"), "spec": spec}


def validate_ephemeral_changes(new: Object, old: Object) -> list[FieldError]:
    """Ephemeral containers are only ever added."""
    if MIRROR_POD in annotations(old):
        return [forbidden("", "static pods do not support ephemeral containers")]
    after = {c.get("name"): c for c in dig(new, "spec", "ephemeralContainers", default=())}
    errors: list[FieldError] = []
    for was in dig(old, "spec", "ephemeralContainers", default=()):
        now, path = after.get(was.get("name")), "spec.ephemeralContainers"
        if now is None:
            errors.append(forbidden(path, f'existing ephemeral containers "{was.get("name")}" may not be removed\n'))
        elif now != was:
            errors.append(forbidden(path, f'existing ephemeral containers "{was.get("name")}" may not be changed\n'))
    return errors
