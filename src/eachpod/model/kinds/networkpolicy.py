"""NetworkPolicy."""

from ipaddress import ip_network

from eachpod.model import names
from eachpod.model.fielderrors import FieldError, forbidden, invalid, not_supported, required
from eachpod.model.fieldrules import form
from eachpod.model.kind import Cell, Kind
from eachpod.model.metadata import validate_selector
from eachpod.model.objects import Object, dig, name
from eachpod.model.resources import NETWORKPOLICY
from eachpod.model.table import age, columns, selector

_PROTOCOLS = ("TCP", "UDP", "SCTP")
_TYPES = ("Ingress", "Egress")
# Direction, and the name of the list of those on the other side.
_SIDES = (("ingress", "from"), ("egress", "to"))


def _default(obj: Object) -> Object:
    spec = obj.setdefault("spec", {})
    for side, _ in _SIDES:
        for rule in spec.get(side) or ():
            for port in rule.get("ports") or ():
                if port.get("protocol") is None:
                    port["protocol"] = "TCP"
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
    return obj


def _validate(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    errors = validate_selector(spec.get("podSelector"), "spec.podSelector")
    for side, peers in _SIDES:
        for index, rule in enumerate(spec.get(side) or ()):
            path = f"spec.{side}[{index}]"
            for at, port in enumerate(rule.get("ports") or ()):
                errors += _port(port, f"{path}.ports[{at}]")
            for at, peer in enumerate(rule.get(peers) or ()):
                errors += _peer(peer, f"{path}.{peers}[{at}]")
    return errors + _types(spec.get("policyTypes") or []) + _blocks_without_range(spec)


def _types(kinds: list[str]) -> list[FieldError]:
    if len(kinds) > len(_TYPES):
        return [invalid("spec.policyTypes", kinds, "may not specify more than two policyTypes")]
    return [
        not_supported(f"spec.policyTypes[{index}]", kind, _TYPES)
        for index, kind in enumerate(kinds)
        if kind not in _TYPES
    ]


def _blocks_without_range(spec: Object) -> list[FieldError]:
    """What the schema alone says comes last."""
    return [
        required(f"spec.{side}[{index}].{peers}[{at}].ipBlock.cidr")
        for side, peers in _SIDES
        for index, rule in enumerate(spec.get(side) or ())
        for at, peer in enumerate(rule.get(peers) or ())
        if peer.get("ipBlock") is not None and not peer["ipBlock"].get("cidr")
    ]


def _port(port: Object, path: str) -> list[FieldError]:
    protocol, number, end = port.get("protocol"), port.get("port"), port.get("endPort")
    errors: list[FieldError] = []
    if protocol is not None and protocol not in _PROTOCOLS:
        errors.append(not_supported(f"{path}.protocol", protocol, _PROTOCOLS))
    if number is None:
        if end is not None:
            errors.append(invalid(f"{path}.endPort", end, "may not be specified when `port` is not specified"))
        return errors
    if isinstance(number, str):
        if end is not None:
            errors.append(invalid(f"{path}.endPort", end, "may not be specified when `port` is non-numeric"))
        return errors + form(names.port_name, number, f"{path}.port")
    errors += [invalid(f"{path}.port", number, fault) for fault in names.port(number)]
    if end is not None:
        if end < number:
            errors.append(invalid(f"{path}.endPort", end, "must be greater than or equal to `port`"))
        errors += [invalid(f"{path}.endPort", end, fault) for fault in names.port(end)]
    return errors


def _peer(peer: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    selectors = [kind for kind in ("podSelector", "namespaceSelector") if peer.get(kind) is not None]
    for kind in selectors:
        errors += validate_selector(peer[kind], f"{path}.{kind}")
    block = peer.get("ipBlock")
    if block is not None and block.get("cidr"):
        errors += _block(block, f"{path}.ipBlock")
    if not selectors and block is None:
        errors.append(required(path, "must specify a peer"))
    elif selectors and block is not None:
        errors.append(forbidden(path, "may not specify both ipBlock and another peer"))
    return errors


def _block(block: Object, path: str) -> list[FieldError]:
    whole = block["cidr"]
    errors = form(names.cidr, whole, f"{path}.cidr")
    if errors:
        return errors
    for index, part in enumerate(block.get("except") or ()):
        here = f"{path}.except[{index}]"
        found = form(names.cidr, part, here)
        if not found and not _strictly_inside(part, whole):
            found = [invalid(here, part, "must be a strict subset of `cidr`")]
        errors += found
    return errors


def _strictly_inside(part: str, whole: str) -> bool:
    inner, outer = ip_network(part), ip_network(whole)
    if inner.version != outer.version or inner.prefixlen <= outer.prefixlen:
        return False
    return inner.network_address in outer


def _row(obj: Object, now: float) -> list[Cell]:
    return [name(obj), selector(dig(obj, "spec", "podSelector")), age(obj, now)]


KIND = Kind(
    NETWORKPOLICY,
    default=_default,
    validate=_validate,
    validate_update=lambda new, old: _validate(new),
    columns=columns("Pod-Selector", "Age"),
    row=_row,
    generation=True,
)
