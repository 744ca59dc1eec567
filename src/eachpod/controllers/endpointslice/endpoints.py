"""From a pod to its endpoint: addresses, conditions, hostname, and the ports that a Service's ports mean on it."""

from ipaddress import ip_address
from typing import NamedTuple

from eachpod.controllers.podstate import is_ready
from eachpod.model import objects
from eachpod.model.objects import Object, dig
from eachpod.model.podphase import is_finished

Ports = tuple[tuple[str, int, str, str], ...]  # name, port, protocol, appProtocol


class Endpoint(NamedTuple):
    """An endpoint of one address family. `key` says whether two versions of an endpoint are the same one."""

    key: tuple[str, ...]
    value: Object
    ports: Ports


def is_candidate(pod: Object) -> bool:
    """Whether the pod may be in a slice: it has an address and has not finished. Terminating pods still are."""
    status = pod.get("status") or {}
    return bool(status.get("podIP") or status.get("podIPs")) and not is_finished(pod)


def is_headless(service: Object) -> bool:
    return dig(service, "spec", "clusterIP", default="") in ("", "None")


def families(service: Object) -> tuple[str, ...]:
    """The address types of a Service's slices."""
    listed = tuple(dig(service, "spec", "ipFamilies", default=()))
    if listed:
        return listed
    address = dig(service, "spec", "clusterIP", default="")
    if address in ("", "None"):
        return ("IPv4", "IPv6")
    return ("IPv6",) if ":" in address else ("IPv4",)


def addresses(pod: Object, family: str) -> list[str]:
    found = []
    for entry in dig(pod, "status", "podIPs", default=[]):
        address = canonical(entry.get("ip") or "")
        if address and (":" in address) == (family == "IPv6"):
            found.append(address)
    return found


def canonical(address: str) -> str:
    """The address in its usual spelling, "" where it is none."""
    try:
        return str(ip_address(address))
    except ValueError:
        return ""


def hostname(service: Object, pod: Object) -> str:
    """The name of the pod below the Service's name: only a pod that says so by hostname and subdomain has one."""
    spec = pod.get("spec") or {}
    same = spec.get("subdomain") == objects.name(service) and objects.namespace(pod) == objects.namespace(service)
    return str(spec.get("hostname") or "") if same else ""


def build(service: Object, pod: Object, family: str, zone: str, ports: Ports) -> Endpoint | None:
    """The endpoint of a pod, None where it has no address of this family."""
    found = addresses(pod, family)
    if not found:
        return None
    serving, terminating = is_ready(pod), objects.deleting(pod)
    ready = bool(dig(service, "spec", "publishNotReadyAddresses")) or (serving and not terminating)
    value: Object = {
        "addresses": found,
        "conditions": {"ready": ready, "serving": serving, "terminating": terminating},
        "targetRef": {
            "kind": "Pod",
            "namespace": objects.namespace(pod),
            "name": objects.name(pod),
            "uid": objects.uid(pod),
        },
    }
    name, node = hostname(service, pod), dig(pod, "spec", "nodeName", default="")
    for field, text in (("hostname", name), ("nodeName", node), ("zone", zone)):
        if text:
            value[field] = text
    return Endpoint(key_of(value), value, ports)


def key_of(endpoint: Object) -> tuple[str, ...]:
    """Addresses, hostname and pod: what may not change without being another endpoint."""
    target = endpoint.get("targetRef") or {}
    identity = (endpoint.get("hostname") or "", target.get("namespace") or "", target.get("name") or "")
    return (*identity, *sorted(endpoint.get("addresses") or ()))


def resolved_ports(service: Object, pod: Object) -> Ports:
    """The Service's ports on this pod, sorted. A named target port that the pod does not have is left out."""
    ports = []
    for port in dig(service, "spec", "ports", default=[]):
        protocol = port.get("protocol") or "TCP"
        number = _find(port, protocol, pod)
        if number:
            ports.append((port.get("name") or "", number, protocol, port.get("appProtocol") or ""))
    return tuple(sorted(ports))


def _find(port: Object, protocol: str, pod: Object) -> int:
    target = port.get("targetPort", port.get("port"))
    if isinstance(target, int):
        return target
    spec = pod.get("spec") or {}
    sidecars = [c for c in spec.get("initContainers") or [] if c.get("restartPolicy") == "Always"]
    for container in [*(spec.get("containers") or []), *sidecars]:
        for exposed in container.get("ports") or []:
            if exposed.get("name") == target and (exposed.get("protocol") or "TCP") == protocol:
                return int(exposed.get("containerPort") or 0)
    return 0


def rendered(ports: Ports) -> list[Object]:
    """Ports as a slice holds them. The name is there even when it is empty."""
    listed = []
    for name, number, protocol, app in ports:
        entry: Object = {"name": name, "port": number, "protocol": protocol}
        listed.append({**entry, "appProtocol": app} if app else entry)
    return listed


def parsed(ports: list[Object] | None) -> Ports:
    """The inverse of `rendered`, whatever order a slice has them in."""
    return tuple(
        (p.get("name") or "", int(p.get("port") or 0), p.get("protocol") or "TCP", p.get("appProtocol") or "")
        for p in ports or []
    )
