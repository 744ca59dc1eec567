"""EndpointSlice."""

from eachpod.model import names
from eachpod.model.fielderrors import FieldError, duplicate, invalid, not_supported, required, too_many
from eachpod.model.fieldrules import form
from eachpod.model.kind import Cell, Kind
from eachpod.model.objects import Object, labels, name
from eachpod.model.resources import ENDPOINTSLICE
from eachpod.model.services.validate import validate_reachable
from eachpod.model.table import UNSET, age, columns, first_three

_TYPES = ("FQDN", "IPv4", "IPv6")
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_MOST_ENDPOINTS, _MOST_ADDRESSES, _MOST_PORTS, _MOST_HINTS = 1000, 100, 20000, 8


def _default(obj: Object) -> Object:
    for port in obj.get("ports") or ():
        if port.get("name") is None:
            port["name"] = ""
        if port.get("protocol") is None:
            port["protocol"] = "TCP"
    return obj


def _validate(obj: Object) -> list[FieldError]:
    return _fixed_part(obj) + _endpoints(obj)


def _fixed_part(obj: Object) -> list[FieldError]:
    kind = obj.get("addressType") or ""
    errors: list[FieldError] = []
    if not kind:
        errors.append(required("addressType"))
    elif kind not in _TYPES:
        errors.append(not_supported("addressType", kind, _TYPES))
    return errors + _ports(obj.get("ports") or [])


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    errors = _fixed_part(new)
    if new.get("endpoints") != old.get("endpoints"):
        errors += _endpoints(new)
    if new.get("addressType") != old.get("addressType"):
        # The real server leaves the value out of this one.
        errors.append(invalid("addressType", None, "field is immutable"))
    return errors


def _ports(ports: list[Object]) -> list[FieldError]:
    if len(ports) > _MOST_PORTS:
        return [too_many("ports", len(ports), _MOST_PORTS)]
    errors: list[FieldError] = []
    seen: set[str] = set()
    for index, port in enumerate(ports):
        path, word, protocol = f"ports[{index}]", port.get("name") or "", port.get("protocol")
        if word:
            errors += form(names.label, word, f"{path}.name")
        if word in seen:
            errors.append(duplicate(f"{path}.name", word))
        seen.add(word)
        if protocol not in _PROTOCOLS:
            errors.append(not_supported(f"{path}.protocol", protocol, _PROTOCOLS))
        if port.get("appProtocol") is not None:
            errors += form(names.label_key, port["appProtocol"], f"{path}.appProtocol")
    return errors


def _endpoints(obj: Object) -> list[FieldError]:
    endpoints, kind = obj.get("endpoints") or [], obj.get("addressType") or ""
    if len(endpoints) > _MOST_ENDPOINTS:
        return [too_many("endpoints", len(endpoints), _MOST_ENDPOINTS)]
    errors: list[FieldError] = []
    for index, endpoint in enumerate(endpoints):
        path = f"endpoints[{index}]"
        errors += _addresses(endpoint.get("addresses") or [], kind, f"{path}.addresses")
        if endpoint.get("nodeName") is not None:
            errors += form(names.subdomain, endpoint["nodeName"], f"{path}.nodeName")
        if endpoint.get("hostname") is not None:
            errors += form(names.label, endpoint["hostname"], f"{path}.hostname")
        for field, rule in (("forZones", names.label_value), ("forNodes", names.subdomain)):
            errors += _hints((endpoint.get("hints") or {}).get(field) or [], rule, f"{path}.hints.{field}")
    # What the schema alone says comes last.
    return errors + [
        required(f"endpoints[{index}].addresses")
        for index, endpoint in enumerate(endpoints)
        if not endpoint.get("addresses")
    ]


def _addresses(addresses: list[str], kind: str, path: str) -> list[FieldError]:
    if len(addresses) > _MOST_ADDRESSES:
        return [too_many(path, len(addresses), _MOST_ADDRESSES)]
    errors: list[FieldError] = []
    for index, address in enumerate(addresses):
        here = f"{path}[{index}]"
        if kind == "FQDN":
            errors += _domain(address, here)
        elif kind in ("IPv4", "IPv6"):
            found = form(names.ip if kind == "IPv4" else names.canonical_ip, address, here)
            if not found:
                if (":" in address) != (kind == "IPv6"):
                    found = [invalid(path, address, f"must be an {kind} address")]
                found += validate_reachable(address, here)
            errors += found
    return errors


def _domain(text: str, path: str) -> list[FieldError]:
    if not text:
        return [required(path)]
    faults = names.subdomain(text.removesuffix("."))
    if faults:
        return [invalid(path, text.removesuffix("."), ",".join(faults))]
    if "." not in text.removesuffix("."):
        return [invalid(path, text, "should be a domain with at least two segments separated by dots")]
    return []


def _hints(hints: list[Object], rule: names.Form, path: str) -> list[FieldError]:
    if len(hints) > _MOST_HINTS:
        return [too_many(path, len(hints), _MOST_HINTS)]
    errors: list[FieldError] = []
    seen: set[str] = set()
    for index, hint in enumerate(hints):
        word = hint.get("name") or ""
        if word in seen:
            errors.append(duplicate(f"{path}[{index}].name", word))
        seen.add(word)
        errors += form(rule, word, f"{path}[{index}].name")
    return errors


def _row(obj: Object, now: float) -> list[Cell]:
    ports = [_port(port) for port in obj.get("ports") or ()]
    addresses = [address for endpoint in obj.get("endpoints") or () for address in endpoint.get("addresses") or ()]
    return [
        name(obj),
        obj.get("addressType") or "",
        first_three(ports, UNSET),
        first_three(addresses, UNSET),
        age(obj, now),
    ]


def _port(port: Object) -> str:
    if port.get("port") is not None:
        return str(port["port"])
    return "*" if port.get("name") is None else str(port["name"])


KIND = Kind(
    ENDPOINTSLICE,
    default=_default,
    validate=_validate,
    validate_update=_validate_update,
    columns=columns("AddressType", "Ports", "Endpoints", "Age"),
    row=_row,
    generation=True,
    # What counts as a change of generation: labels too, since they say whose slice it is.
    extra={"generation_of": lambda obj: (obj.get("endpoints"), obj.get("ports"), labels(obj))},
)
