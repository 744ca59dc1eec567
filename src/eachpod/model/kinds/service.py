"""Service."""

from eachpod.model.kind import Cell, Kind
from eachpod.model.objects import Object, dig, name
from eachpod.model.resources import SERVICE
from eachpod.model.services.inherit import drop_for_type, in_step, inherit
from eachpod.model.services.validate import validate_service, validate_service_status, validate_service_update
from eachpod.model.services.warnings import service_warnings
from eachpod.model.table import NONE, age, columns, label_pairs

_EXTERNAL = ("NodePort", "LoadBalancer")
_WITH_ADDRESS = ("ClusterIP", *_EXTERNAL)
_CLIENT_IP_SECONDS = 10800


def _default(service: Object) -> Object:
    spec = service.setdefault("spec", {})
    kind = spec["type"] = spec.get("type") or "ClusterIP"
    _default_affinity(spec)
    for port in spec.get("ports") or ():
        if not port.get("protocol"):
            port["protocol"] = "TCP"
        if not port.get("targetPort") and port.get("port") is not None:
            port["targetPort"] = port["port"]
    outside = kind in _EXTERNAL or (kind == "ClusterIP" and spec.get("externalIPs"))
    if outside and not spec.get("externalTrafficPolicy"):
        spec["externalTrafficPolicy"] = "Cluster"
    if spec.get("internalTrafficPolicy") is None and kind in _WITH_ADDRESS:
        spec["internalTrafficPolicy"] = "Cluster"
    if kind == "LoadBalancer":
        if spec.get("allocateLoadBalancerNodePorts") is None:
            spec["allocateLoadBalancerNodePorts"] = True
        for ingress in dig(service, "status", "loadBalancer", "ingress", default=()):
            if ingress.get("ip") and ingress.get("ipMode") is None:
                ingress["ipMode"] = "VIP"
    return service


def _default_affinity(spec: Object) -> None:
    affinity = spec["sessionAffinity"] = spec.get("sessionAffinity") or "None"
    if affinity == "None":
        spec.pop("sessionAffinityConfig", None)
    elif affinity == "ClientIP" and dig(spec, "sessionAffinityConfig", "clientIP", "timeoutSeconds") is None:
        spec["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": _CLIENT_IP_SECONDS}}


def _prepare_create(service: Object) -> Object:
    created = in_step({**service, "status": {"loadBalancer": {}}})
    spec = created["spec"]
    if spec["type"] == "ExternalName" and spec.get("internalTrafficPolicy") in ("Cluster", "Local"):
        created = {**created, "spec": {key: value for key, value in spec.items() if key != "internalTrafficPolicy"}}
    return created


def _prepare_update(new: Object, old: Object) -> Object:
    return drop_for_type(inherit(new, old), old)


def _fields(service: Object) -> dict[str, str]:
    spec = service.get("spec") or {}
    return {"spec.clusterIP": spec.get("clusterIP") or "", "spec.type": spec.get("type") or ""}


def _row(service: Object, now: float) -> list[Cell]:
    spec = service.get("spec") or {}
    ports = ",".join(_port(port) for port in spec.get("ports") or ())
    addresses = spec.get("clusterIPs") or [NONE]
    return [
        name(service),
        spec.get("type") or "",
        addresses[0],
        _external(service, spec),
        ports or NONE,
        age(service, now),
        label_pairs(spec.get("selector")),
    ]


def _port(port: Object) -> str:
    node_port = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port.get('port')}{node_port}/{port.get('protocol')}"


def _external(service: Object, spec: Object) -> str:
    kind, own = spec.get("type"), spec.get("externalIPs") or []
    if kind == "ExternalName":
        return spec.get("externalName") or ""
    if kind == "LoadBalancer":
        ingress = dig(service, "status", "loadBalancer", "ingress", default=[])
        found = sorted({entry.get("ip") or entry.get("hostname") or "" for entry in ingress} - {""})
        return ",".join([*found, *own]) or "<pending>"
    return ",".join(own) or NONE


KIND = Kind(
    SERVICE,
    default=_default,
    prepare_create=_prepare_create,
    prepare_update=_prepare_update,
    validate=validate_service,
    validate_update=validate_service_update,
    validate_status_update=validate_service_status,
    warnings=service_warnings,
    columns=columns("Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "*Selector"),
    row=_row,
    fields=_fields,
    field_names=tuple(_fields({})),
    delete_returns_object=True,
    name_rule="label",
)
