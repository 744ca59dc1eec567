"""What an updated Service takes over from the stored one.

A client that sends a manifest without the addresses and ports that the system chose keeps them; what only made sense
for the old type goes when the type changes, unless the client changed it on purpose.
"""

from typing import Any

from eachpod.model.objects import Object

from .traits import (
    kind_of,
    needs_cluster_ip,
    needs_health_check_port,
    needs_node_ports,
    reachable_from_outside,
    spec_of,
)


def inherit(new: Object, old: Object) -> Object:
    """`new` with allocated values kept from `old` and with clusterIP and clusterIPs in step."""
    before = spec_of(old)
    spec = _in_step(_kept(dict(spec_of(new)), before), before)
    return {**new, "spec": spec}


def in_step(service: Object) -> Object:
    """A new Service whose clusterIPs follow from its clusterIP."""
    spec = spec_of(service)
    if spec.get("clusterIP") and not spec.get("clusterIPs"):
        return {**service, "spec": {**spec, "clusterIPs": [spec["clusterIP"]]}}
    return service


def _kept(spec: Object, before: Object) -> Object:
    if needs_cluster_ip(before) and needs_cluster_ip(spec):
        for field in ("clusterIP", "clusterIPs"):
            if not spec.get(field) and before.get(field):
                spec[field] = before[field]
    if needs_node_ports(before) and needs_node_ports(spec) and spec.get("ports"):
        spec["ports"] = _kept_node_ports(spec["ports"], before.get("ports") or [])
    if needs_health_check_port(before) and needs_health_check_port(spec) and not spec.get("healthCheckNodePort"):
        _set(spec, "healthCheckNodePort", before.get("healthCheckNodePort"))
    return spec


def _set(spec: Object, field: str, value: Any) -> None:
    if value:
        spec[field] = value


def _kept_node_ports(ports: list[Object], before: list[Object]) -> list[Object]:
    """Ports by name get their node port back, unless another port has taken it."""
    by_name = {port.get("name") or "": port.get("nodePort") for port in before}
    taken = {port.get("nodePort") for port in before} & {port.get("nodePort") for port in ports} - {None, 0}
    kept = []
    for port in ports:
        was = by_name.get(port.get("name") or "")
        kept.append({**port, "nodePort": was} if not port.get("nodePort") and was and was not in taken else port)
    return kept


def _in_step(spec: Object, before: Object) -> Object:
    ip, old_ip = spec.get("clusterIP") or "", before.get("clusterIP") or ""
    ips, old_ips = spec.get("clusterIPs") or [], before.get("clusterIPs") or []
    if old_ips and not ips and ip == old_ip:
        spec["clusterIPs"] = ips = old_ips
    if ip != old_ip and ips == old_ips:
        if ip or not old_ip:
            spec["clusterIPs"] = [ip]
        else:
            spec.pop("clusterIPs", None)
    return spec


def drop_for_type(new: Object, old: Object) -> Object:
    """`new` without the fields that its old type needed and the client merely sent back."""
    spec, before = dict(spec_of(new)), spec_of(old)
    if needs_cluster_ip(before) and not needs_cluster_ip(spec):
        if _same(spec, before, "clusterIP") and _same(spec, before, "clusterIPs"):
            spec.pop("clusterIP", None)
            spec.pop("clusterIPs", None)
        _drop_same(spec, before, "ipFamilies")
        _drop_same(spec, before, "ipFamilyPolicy")
    lost_ports = needs_node_ports(before) and not needs_node_ports(spec)
    if lost_ports and spec.get("ports") and _node_ports(spec) == _node_ports(before):
        spec["ports"] = [_without(port, "nodePort") for port in spec["ports"]]
    if needs_health_check_port(before) and not needs_health_check_port(spec):
        _drop_same(spec, before, "healthCheckNodePort")
    if kind_of(before) == "LoadBalancer" and kind_of(spec) != "LoadBalancer":
        _drop_same(spec, before, "allocateLoadBalancerNodePorts")
        _drop_same(spec, before, "loadBalancerClass")
    if reachable_from_outside(before) and not reachable_from_outside(spec):
        _drop_same(spec, before, "externalTrafficPolicy")
    if kind_of(spec) == "ExternalName" and spec.get("internalTrafficPolicy") in ("Cluster", "Local"):
        spec.pop("internalTrafficPolicy", None)
    status = new.get("status") or {}
    if kind_of(spec) != "LoadBalancer" and status.get("loadBalancer"):
        status = {**status, "loadBalancer": {}}
    return {**new, "spec": spec, "status": status}


def _same(spec: Object, before: Object, field: str) -> bool:
    return (spec.get(field) or None) == (before.get(field) or None)


def _drop_same(spec: Object, before: Object, field: str) -> None:
    if _same(spec, before, field):
        spec.pop(field, None)


def _without(port: Object, field: str) -> Object:
    return {key: value for key, value in port.items() if key != field}


def _node_ports(spec: Object) -> list[int]:
    return [port.get("nodePort") or 0 for port in spec.get("ports") or ()]
