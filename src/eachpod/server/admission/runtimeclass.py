"""RuntimeClass: the class that a pod names has to be there; its overhead, and where it can run, become the pod's."""

from eachpod.model import errors
from eachpod.model.objects import Object, dig, put
from eachpod.model.resources import POD, RUNTIMECLASS

from .chain import Attributes


def runtime_class(pod: Object, at: Attributes) -> Object:
    wanted = dig(pod, "spec", "runtimeClassName")
    if at.kind.resource != POD or at.operation != "CREATE" or at.subresource or not wanted:
        return pod
    found = at.view.get(RUNTIMECLASS, wanted)
    if found is None:
        raise errors.forbidden(POD, at.name, f'pod rejected: RuntimeClass "{wanted}" not found')
    overhead, given = dig(found, "overhead", "podFixed"), dig(pod, "spec", "overhead")
    if given and given != overhead:
        text = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"
        raise errors.forbidden(POD, at.name, text)
    pod = put(pod, ("spec", "overhead"), overhead) if overhead else pod
    return _placed(pod, found.get("scheduling") or {}, at)


def _placed(pod: Object, scheduling: Object, at: Attributes) -> Object:
    """The pod on the nodes that have the class."""
    wanted, held = scheduling.get("nodeSelector") or {}, dig(pod, "spec", "nodeSelector", default={})
    for key in sorted(wanted.keys() & held.keys()):
        if wanted[key] != held[key]:
            text = f"conflict: runtimeClass.scheduling.nodeSelector[{key}] = {wanted[key]}; "
            text += f"pod.spec.nodeSelector[{key}] = {held[key]}"
            raise errors.forbidden(POD, at.name, text)
    if wanted:
        pod = put(pod, ("spec", "nodeSelector"), {**held, **wanted})
    tolerated = dig(pod, "spec", "tolerations", default=[])
    added = [each for each in scheduling.get("tolerations") or () if each not in tolerated]
    return put(pod, ("spec", "tolerations"), [*tolerated, *added]) if added else pod
