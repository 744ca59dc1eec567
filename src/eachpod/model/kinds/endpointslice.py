"""EndpointSlice."""

from eachpod.model.kind import Cell, Kind
from eachpod.model.objects import Object, name
from eachpod.model.resources import ENDPOINTSLICE
from eachpod.model.table import UNSET, age, columns, first_three


def _default(obj: Object) -> Object:
    for port in obj.get("ports") or ():
        if port.get("name") is None:
            port["name"] = ""
        if port.get("protocol") is None:
            port["protocol"] = "TCP"
    return obj


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
    columns=columns("AddressType", "Ports", "Endpoints", "Age"),
    row=_row,
    generation=True,
)
