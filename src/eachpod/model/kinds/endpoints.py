"""Endpoints, the older form of EndpointSlice."""

from eachpod.kit.hostport import joined
from eachpod.model import names
from eachpod.model.fielderrors import FieldError, invalid, required
from eachpod.model.fieldrules import form, one_of
from eachpod.model.kind import Cell, Kind
from eachpod.model.objects import Object, name
from eachpod.model.resources import ENDPOINTS
from eachpod.model.services.validate import validate_reachable
from eachpod.model.table import NONE, age, columns, first_three

_PROTOCOLS = ("SCTP", "TCP", "UDP")
_LISTS = ("addresses", "notReadyAddresses")


def _default(obj: Object) -> Object:
    for subset in obj.get("subsets") or ():
        for port in subset.get("ports") or ():
            if not port.get("protocol"):
                port["protocol"] = "TCP"
    return obj


def _validate(obj: Object) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, subset in enumerate(obj.get("subsets") or ()):
        path = f"subsets[{index}]"
        if not any(subset.get(kind) for kind in _LISTS):
            errors.append(required(path, "must specify `addresses` or `notReadyAddresses`"))
        for kind in _LISTS:
            for at, address in enumerate(subset.get(kind) or ()):
                errors += _address(address, f"{path}.{kind}[{at}]")
        ports = subset.get("ports") or []
        for at, port in enumerate(ports):
            errors += _validate_port(port, f"{path}.ports[{at}]", named=len(ports) > 1)
    return errors


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    return _validate(new) if new.get("subsets") != old.get("subsets") else []


def _address(address: Object, path: str) -> list[FieldError]:
    ip = address.get("ip") or ""
    errors = form(names.ip, ip, f"{path}.ip")
    if address.get("hostname"):
        errors += form(names.label, address["hostname"], f"{path}.hostname")
    if address.get("nodeName") is not None:
        errors += form(names.subdomain, address["nodeName"], f"{path}.nodeName")
    return errors + validate_reachable(ip, f"{path}.ip")


def _validate_port(port: Object, path: str, *, named: bool) -> list[FieldError]:
    word, number = port.get("name") or "", port.get("port") or 0
    errors = form(names.label, word, f"{path}.name") if word else []
    if named and not word:
        errors.append(required(f"{path}.name"))
    errors += [invalid(f"{path}.port", number, fault) for fault in names.port(number)]
    errors += one_of(port.get("protocol") or "", f"{path}.protocol", _PROTOCOLS)
    if port.get("appProtocol") is not None:
        errors += form(names.label_key, port["appProtocol"], f"{path}.appProtocol")
    return errors


def _row(obj: Object, now: float) -> list[Cell]:
    shown = []
    for subset in obj.get("subsets") or ():
        addresses = [address.get("ip") or "" for address in subset.get("addresses") or ()]
        ports = subset.get("ports") or ()
        if not ports:
            shown += addresses
        shown += [joined(address, port.get("port")) for port in ports for address in addresses]
    return [name(obj), first_three(shown, "") if obj.get("subsets") else NONE, age(obj, now)]


KIND = Kind(
    ENDPOINTS,
    default=_default,
    validate=_validate,
    validate_update=_validate_update,
    columns=columns("Endpoints", "Age"),
    row=_row,
    create_on_update=True,
    # Said on every request, also on reads.
    extra={"deprecated": "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"},
)
