"""TaintNodesByCondition: a new node takes no pods before it has been seen ready."""

from eachpod.model.objects import Object, dig, put
from eachpod.model.resources import NODE
from eachpod.model.wellknown import NOT_READY

from .chain import Attributes

_TAINT = {"effect": "NoSchedule", "key": NOT_READY}


def taint_new_node(node: Object, at: Attributes) -> Object:
    if at.kind.resource != NODE or at.operation != "CREATE":
        return node
    held = dig(node, "spec", "taints", default=[])
    if any(taint.get("key") == _TAINT["key"] and taint.get("effect") == _TAINT["effect"] for taint in held):
        return node
    return put(node, ("spec", "taints"), [*held, _TAINT])
