"""What a pod may ask about itself: fieldRef and resourceFieldRef, for variables and files."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from eachpod.model import quantity
from eachpod.model.objects import Object, dig

from . import podspec

_SUBSCRIPT = re.compile(r"metadata\.(labels|annotations)\['(.+)'\]")


class FieldFault(Exception):
    """The field cannot be given; the message says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the pod is, as far as its spec does not say."""

    host_addresses: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    allocatable: Mapping[str, str] | None = None


def place_of(pod: Object, node: Object, host_addresses: tuple[str, ...], addresses: tuple[str, ...] = ()) -> Place:
    """`addresses` are the pod's as the runtime told them; before that, those that the API knows count."""
    known = addresses or tuple(each["ip"] for each in dig(pod, "status", "podIPs", default=[]))
    own = host_addresses if podspec.host_network(pod) else known
    return Place(host_addresses, own, dig(node, "status", "allocatable", default={}))


def field_value(pod: Object, path: str, place: Place) -> str:
    match = _SUBSCRIPT.fullmatch(path)
    if match:
        held: dict[str, str] = dig(pod, "metadata", match[1], default={})
        return held.get(match[2], "")
    match path:
        case "metadata.name" | "metadata.namespace" | "metadata.uid":
            return str(dig(pod, *path.split("."), default=""))
        case "metadata.labels" | "metadata.annotations":
            return _map(dig(pod, *path.split("."), default={}))
        case "spec.nodeName" | "spec.serviceAccountName":
            return str(dig(pod, *path.split("."), default=""))
        case "status.hostIP":
            return place.host_addresses[0] if place.host_addresses else ""
        case "status.hostIPs":
            return ",".join(place.host_addresses)
        case "status.podIP":
            return place.addresses[0] if place.addresses else ""
        case "status.podIPs":
            return ",".join(place.addresses)
    raise FieldFault(f"unsupported fieldPath: {path}")


def _map(held: Mapping[str, str]) -> str:
    """key="value" lines, quoted as Go's %q does for plain text."""
    return "\n".join(f"{key}={_quoted(value)}" for key, value in sorted(held.items()))


def _quoted(text: str) -> str:
    plain = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(plain.get(char, char) for char in text) + '"'


def resource_value(pod: Object, container: Object | None, ref: Object, place: Place) -> str:
    """limits.cpu and the like, divided and rounded up; what is not limited is limited by the node."""
    if ref.get("containerName"):
        container = podspec.container(pod, ref["containerName"])
    if container is None:
        raise FieldFault(f"container {ref.get('containerName')} not found")
    kind, _, name = str(ref.get("resource") or "").partition(".")
    if kind not in ("limits", "requests"):
        raise FieldFault(f"unsupported container resource : {ref.get('resource')}")
    amounts = dig(container, "resources", kind, default={})
    amount = amounts.get(name)
    if amount is None and kind == "limits":
        amount = (place.allocatable or {}).get(name)
    value = quantity.parse(amount) if amount is not None else Fraction(0)
    divisor = quantity.parse(ref.get("divisor") or "0") or Fraction(1)
    return str(-(-value // divisor))
