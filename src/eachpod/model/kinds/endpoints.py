"""Endpoints, the older form of EndpointSlice."""

from eachpod.model.kind import Cell, Kind
from eachpod.model.objects import Object, name
from eachpod.model.resources import ENDPOINTS
from eachpod.model.table import NONE, age, columns, first_three


def _default(obj: Object) -> Object:
    for subset in obj.get("subsets") or ():
        for port in subset.get("ports") or ():
            if not port.get("protocol"):
                port["protocol"] = "TCP"
    return obj


def _row(obj: Object, now: float) -> list[Cell]:
    shown = []
    for subset in obj.get("subsets") or ():
        addresses = [address.get("ip") or "" for address in subset.get("addresses") or ()]
        ports = subset.get("ports") or ()
        if not ports:
            shown += addresses
        shown += [_host_port(address, port.get("port")) for port in ports for address in addresses]
    return [name(obj), first_three(shown, "") if obj.get("subsets") else NONE, age(obj, now)]


def _host_port(address: str, port: object) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


KIND = Kind(
    ENDPOINTS,
    default=_default,
    columns=columns("Endpoints", "Age"),
    row=_row,
    create_on_update=True,
)
