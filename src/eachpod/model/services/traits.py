"""What a Service needs and is, read from its spec."""

from eachpod.model.objects import Object

NONE = "None"
EXTERNAL_NAME = "ExternalName"
NODE_PORT_TYPES = ("NodePort", "LoadBalancer")


def spec_of(service: Object) -> Object:
    return service.get("spec") or {}


def kind_of(spec: Object) -> str:
    return spec.get("type") or ""


def is_headless(spec: Object) -> bool:
    return (spec.get("clusterIPs") or []) == [NONE]


def needs_cluster_ip(spec: Object) -> bool:
    return kind_of(spec) != EXTERNAL_NAME


def needs_node_ports(spec: Object) -> bool:
    if kind_of(spec) == "LoadBalancer":
        return spec.get("allocateLoadBalancerNodePorts") is not False
    return kind_of(spec) == "NodePort"


def needs_health_check_port(spec: Object) -> bool:
    return kind_of(spec) == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"


def reachable_from_outside(spec: Object) -> bool:
    return kind_of(spec) in NODE_PORT_TYPES or (kind_of(spec) == "ClusterIP" and bool(spec.get("externalIPs")))


def family_of(address: str) -> str:
    return "IPv6" if ":" in address else "IPv4"
