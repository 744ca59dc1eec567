"""Variables that name Services: NAME_SERVICE_HOST and the older link style. Headless Services have none."""

from collections.abc import Iterable

from eachpod.kit.hostport import joined
from eachpod.model import objects
from eachpod.model.objects import Object, dig


def service_variables(services: Iterable[Object], namespace: str, *, links: bool) -> dict[str, str]:
    """Those of `kubernetes` in default always, those of the pod's own namespace where it wants links."""
    chosen: dict[str, Object] = {}
    for service in services:
        if dig(service, "spec", "clusterIP", default="None") in ("None", ""):
            continue
        name, place = objects.name(service), objects.namespace(service)
        if place == namespace and links:
            chosen[name] = service
        elif place == "default" and name == "kubernetes":
            chosen.setdefault(name, service)
    found: dict[str, str] = {}
    for _, service in sorted(chosen.items()):
        found |= _variables(service)
    return found


def _variables(service: Object) -> dict[str, str]:
    name = objects.name(service).upper().replace("-", "_")
    address = service["spec"]["clusterIP"]
    ports = service["spec"].get("ports") or []
    if not ports:
        return {}
    found = {f"{name}_SERVICE_HOST": address, f"{name}_SERVICE_PORT": str(ports[0]["port"])}
    for port in ports:
        if port.get("name"):
            found[f"{name}_SERVICE_PORT_{port['name'].upper().replace('-', '_')}"] = str(port["port"])
    for index, port in enumerate(ports):
        protocol = port.get("protocol") or "TCP"
        url = f"{protocol.lower()}://{joined(address, port['port'])}"
        prefix = f"{name}_PORT_{port['port']}_{protocol}"
        if index == 0:
            found[f"{name}_PORT"] = url
        found |= {
            prefix: url,
            f"{prefix}_PROTO": protocol.lower(),
            f"{prefix}_PORT": str(port["port"]),
            f"{prefix}_ADDR": address,
        }
    return found
