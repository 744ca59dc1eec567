"""RuntimeClass: the class that a pod names has to be there; its overhead becomes the pod's."""

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
    overhead = dig(found, "overhead", "podFixed")
    return put(pod, ("spec", "overhead"), overhead) if overhead else pod
