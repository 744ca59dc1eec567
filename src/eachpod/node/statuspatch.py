"""The smallest strategic merge patch from the status that the API has to the one that the node wants.

Conditions of others are not in it, so nothing of theirs can be overwritten."""

from collections.abc import Mapping

from eachpod.model import objects
from eachpod.model.objects import Object

from .conditions import RESIZE

_OPTIONAL = (
    "message", "reason", "podIP", "podIPs", "initContainerStatuses", "containerStatuses",
    "ephemeralContainerStatuses",
)  # fmt: skip


def status_patch(pod: Object, wanted: Object, annotations: Mapping[str, str] | None = None) -> Object | None:
    """None where the API has it all. `annotations` go along with a change; they are not worth one."""
    has: Object = pod.get("status") or {}
    patch: Object = {}
    for key, value in wanted.items():
        if key == "conditions":
            # All of ours where one has changed: then no two writes of ours can end in a mixture.
            over = _over(pod, value)
            if over or not all(_same(objects.condition(pod, each["type"]), each) for each in value):
                patch[key] = [_whole(objects.condition(pod, each["type"]), each) for each in value] + over
        elif key in ("podIPs", "hostIPs"):
            if has.get(key) != value:
                patch[key] = [*value, {"$patch": "replace"}] if has.get(key) else value
        elif not _equal(has.get(key), value):
            patch[key] = value
    patch |= {key: None for key in _OPTIONAL if key not in wanted and has.get(key)}
    if not patch:
        return None
    about: Object = {"uid": objects.uid(pod)}
    if annotations and not annotations.items() <= objects.annotations(pod).items():
        about["annotations"] = dict(annotations)
    return {"metadata": about, "status": patch}


def _over(pod: Object, wanted: list[Object]) -> list[Object]:
    """What removes the condition of ours that comes and goes."""
    gone = objects.condition(pod, RESIZE) is not None and all(each["type"] != RESIZE for each in wanted)
    return [{"type": RESIZE, "$patch": "delete"}] if gone else []


def _whole(has: Object | None, wanted: Object) -> Object:
    """A condition that leaves nothing of the one it is merged into."""
    return wanted | {key: None for key in ("reason", "message") if (has or {}).get(key) and key not in wanted}


def _same(has: Object | None, wanted: Object) -> bool:
    if has is None:
        return False
    keys = ("status", "reason", "message", "observedGeneration")
    return all((has.get(key) or "") == (wanted.get(key) or "") for key in keys)


def _equal(has: object, wanted: object) -> bool:
    """Equal but for what the written form leaves out: empty values."""
    if isinstance(has, dict) and isinstance(wanted, dict):
        return all(_equal(has.get(key), wanted.get(key)) for key in has.keys() | wanted.keys())
    if isinstance(has, list) and isinstance(wanted, list):
        return len(has) == len(wanted) and all(map(_equal, has, wanted))
    return has == wanted or (not has and not wanted)
