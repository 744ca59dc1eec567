"""Validation of Services and of their changes."""

from eachpod.model import names
from eachpod.model.fielderrors import FieldError, duplicate, forbidden, invalid, not_supported, required
from eachpod.model.fieldrules import form, one_of, port_or_name
from eachpod.model.metadata import validate_labels
from eachpod.model.objects import Object, annotations, dig

from .addresses import validate_address_changes, validate_addresses
from .traits import EXTERNAL_NAME, is_headless, kind_of, needs_health_check_port, reachable_from_outside, spec_of

_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_TRAFFIC = ("Cluster", "Local")
_DISTRIBUTIONS = ("PreferClose", "PreferSameZone", "PreferSameNode")
_AFFINITY_SECONDS = 86400
_HINTS = "service.kubernetes.io/topology-aware-hints"
_TOPOLOGY_MODE = "service.kubernetes.io/topology-mode"
_SOURCE_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
_ONLY_BALANCERS = "may only be used when `type` is 'LoadBalancer'"


def validate_service(service: Object, old: Object | None = None) -> list[FieldError]:
    spec = spec_of(service)
    before = spec_of(old) if old is not None else None
    errors = _annotations(service) + _kind(spec)
    ports = spec.get("ports") or []
    seen: set[str] = set()
    for index, port in enumerate(ports):
        errors += _port(port, f"spec.ports[{index}]", seen, named=len(ports) > 1)
    if spec.get("selector"):
        errors += validate_labels(spec["selector"], "spec.selector")
    errors += _affinity(spec) + validate_addresses(spec, before)
    errors += _external_ips(spec.get("externalIPs") or [], (before or {}).get("externalIPs") or [])
    errors += one_of(kind_of(spec), "spec.type", _TYPES)
    errors += _port_numbers(ports, cluster_ip=kind_of(spec) == "ClusterIP")
    errors += _source_ranges(service, spec, old)
    errors += _balancer(spec) + _external_traffic(spec)
    return errors + _internal_traffic(spec)


def validate_service_update(new: Object, old: Object) -> list[FieldError]:
    spec, before = spec_of(new), spec_of(old)
    errors = validate_address_changes(spec, before)
    both_balancers = kind_of(spec) == kind_of(before) == "LoadBalancer"
    if both_balancers and spec.get("loadBalancerClass") != before.get("loadBalancerClass"):
        value = spec.get("loadBalancerClass")
        errors.append(invalid("spec.loadBalancerClass", value, "may not change once set"))
    errors += _class(spec)
    both_checked = needs_health_check_port(before) and needs_health_check_port(spec)
    if both_checked and spec.get("healthCheckNodePort") != before.get("healthCheckNodePort"):
        errors.append(forbidden("spec.healthCheckNodePort", "field is immutable"))
    return errors + validate_service(new, old)


def validate_service_status(new: Object, old: Object) -> list[FieldError]:
    ingress = dig(new, "status", "loadBalancer", "ingress", default=[])
    path = "status.loadBalancer.ingress"
    if ingress and kind_of(spec_of(new)) != "LoadBalancer":
        return [forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")]
    known = {entry.get("ip") for entry in dig(old, "status", "loadBalancer", "ingress", default=())}
    errors: list[FieldError] = []
    for index, entry in enumerate(ingress):
        errors += _ingress(entry, f"{path}[{index}]", known)
    return errors


def _ingress(entry: Object, path: str, known: set[object]) -> list[FieldError]:
    ip, mode, host = entry.get("ip") or "", entry.get("ipMode"), entry.get("hostname") or ""
    errors = form(names.ip, ip, f"{path}.ip") if ip and ip not in known else []
    if mode is None:
        if ip:
            errors.append(required(f"{path}.ipMode", "must be specified when `ip` is set"))
    elif not ip:
        errors.append(forbidden(f"{path}.ipMode", "may not be specified when `ip` is not set"))
    elif mode not in ("Proxy", "VIP"):
        errors.append(not_supported(f"{path}.ipMode", mode, ("Proxy", "VIP")))
    if host:
        errors += form(names.subdomain, host, f"{path}.hostname")
        if names.parse_ip(host):
            errors.append(invalid(f"{path}.hostname", host, "must be a DNS name, not an IP address"))
    return errors


def _annotations(service: Object) -> list[FieldError]:
    noted = annotations(service)
    if _HINTS in noted and _TOPOLOGY_MODE in noted and noted[_HINTS] != noted[_TOPOLOGY_MODE]:
        text = f"must match annotations[{_HINTS}] when both are specified"
        return [invalid(f"metadata.annotations[{_TOPOLOGY_MODE}]", noted[_TOPOLOGY_MODE], text)]
    return []


def _kind(spec: Object) -> list[FieldError]:
    kind = kind_of(spec)
    errors: list[FieldError] = []
    if not spec.get("ports") and not is_headless(spec) and kind != EXTERNAL_NAME:
        errors.append(required("spec.ports"))
    if kind in ("LoadBalancer", "NodePort") and is_headless(spec):
        errors.append(invalid("spec.clusterIPs[0]", "None", f"may not be set to 'None' for {kind} services"))
    if kind == EXTERNAL_NAME:
        text = "may not be set for ExternalName services"
        errors += [
            forbidden(f"spec.{field}", text)
            for field in ("clusterIPs", "ipFamilies", "ipFamilyPolicy")
            if spec.get(field) or (field == "ipFamilyPolicy" and spec.get(field) is not None)
        ]
        target = (spec.get("externalName") or "").removesuffix(".")
        errors += form(names.subdomain, target, "spec.externalName") if target else [required("spec.externalName")]
    return errors


def _port(port: Object, path: str, seen: set[str], *, named: bool) -> list[FieldError]:
    name = port.get("name") or ""
    errors: list[FieldError] = []
    if name:
        errors += form(names.label, name, f"{path}.name")
        if name in seen:
            errors.append(duplicate(f"{path}.name", name))
        seen.add(name)
    elif named:
        errors.append(required(f"{path}.name"))
    number = port.get("port") or 0
    errors += [invalid(f"{path}.port", number, fault) for fault in names.port(number)]
    errors += one_of(port.get("protocol") or "", f"{path}.protocol", _PROTOCOLS)
    errors += port_or_name(port.get("targetPort"), f"{path}.targetPort")
    if port.get("appProtocol") is not None:
        errors += form(names.label_key, port["appProtocol"], f"{path}.appProtocol")
    return errors


def _affinity(spec: Object) -> list[FieldError]:
    affinity, config = spec.get("sessionAffinity") or "", spec.get("sessionAffinityConfig")
    errors = one_of(affinity, "spec.sessionAffinity", ("ClientIP", "None"))
    path = "spec.sessionAffinityConfig"
    if affinity == "ClientIP":
        seconds = dig(config, "clientIP", "timeoutSeconds")
        if seconds is None:
            return [*errors, required(path, "when session affinity type is ClientIP")]
        if not 0 < seconds <= _AFFINITY_SECONDS:
            text = f"must be greater than 0 and less than {_AFFINITY_SECONDS}"
            errors.append(invalid(f"{path}.clientIP.timeoutSeconds", seconds, text))
    elif affinity == "None" and config is not None:
        errors.append(forbidden(path, "must not be set when session affinity is None"))
    return errors


def _external_ips(ips: list[str], known: list[str]) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, ip in enumerate(ips):
        path = f"spec.externalIPs[{index}]"
        found = form(names.ip, ip, path) if ip not in known else []
        errors += found or validate_reachable(ip, path)
    return errors


def validate_reachable(ip: str, path: str) -> list[FieldError]:
    """An address that others can reach: not that of nobody, of oneself or of a link."""
    address = names.parse_ip(ip)
    if address is None:
        return [invalid(path, ip, "must be a valid IP address")]
    errors: list[FieldError] = []
    if address.is_unspecified:
        errors.append(invalid(path, ip, f"may not be unspecified ({ip})"))
    if address.is_loopback:
        ranges = "127.0.0.0/8, ::1/128"
        errors.append(invalid(path, ip, f"may not be in the loopback range ({ranges})"))
    if address.is_link_local:
        ranges = "169.254.0.0/16, fe80::/10"
        errors.append(invalid(path, ip, f"may not be in the link-local range ({ranges})"))
    if address.is_multicast and ((address.version == 4 and ip.startswith("224.0.0.")) or ip.startswith("ff02:")):
        ranges = "224.0.0.0/24, ff02::/10"
        errors.append(invalid(path, ip, f"may not be in the link-local multicast range ({ranges})"))
    return errors


def _port_numbers(ports: list[Object], *, cluster_ip: bool) -> list[FieldError]:
    errors: list[FieldError] = []
    if cluster_ip:
        text = "may not be used when `type` is 'ClusterIP'"
        errors += [forbidden(f"spec.ports[{at}].nodePort", text) for at, p in enumerate(ports) if p.get("nodePort")]
    node_ports: set[tuple[object, int]] = set()
    for index, port in enumerate(ports):
        key = (port.get("protocol"), port.get("nodePort") or 0)
        if key[1]:
            if key in node_ports:
                errors.append(duplicate(f"spec.ports[{index}].nodePort", key[1]))
            node_ports.add(key)
    numbers: set[tuple[object, object]] = set()
    for index, port in enumerate(ports):
        pair = (port.get("protocol"), port.get("port"))
        if pair in numbers:
            errors.append(duplicate(f"spec.ports[{index}]", _internal_port(port)))
        numbers.add(pair)
    return errors


def _internal_port(port: Object) -> Object:
    """A port as the real server shows a repeated one: its internal form with only the key filled in."""
    return {
        "Name": "",
        "Protocol": port.get("protocol"),
        "AppProtocol": None,
        "Port": port.get("port"),
        "TargetPort": 0,
        "NodePort": 0,
    }


def _source_ranges(service: Object, spec: Object, old: Object | None) -> list[FieldError]:
    ranges, balancer = spec.get("loadBalancerSourceRanges") or [], kind_of(spec) == "LoadBalancer"
    errors: list[FieldError] = []
    if ranges:
        path = "spec.LoadBalancerSourceRanges"
        if not balancer:
            errors.append(forbidden(path, _ONLY_BALANCERS))
        known = [each.strip() for each in spec_of(old or {}).get("loadBalancerSourceRanges") or ()]
        for index, each in enumerate(ranges):
            if each.strip() not in known:
                errors += form(names.cidr, each.strip(), f"{path}[{index}]")
        return errors
    text = annotations(service).get(_SOURCE_RANGES)
    if text is None:
        return []
    path = f"metadata.annotations[{_SOURCE_RANGES}]"
    if not balancer:
        errors.append(forbidden(path, _ONLY_BALANCERS))
    if old is None or annotations(old).get(_SOURCE_RANGES) != text:
        for each in text.strip().split(",") if text.strip() else ():
            errors += form(names.cidr, each.strip(), path)
    return errors


def _balancer(spec: Object) -> list[FieldError]:
    balancer, allocate = kind_of(spec) == "LoadBalancer", spec.get("allocateLoadBalancerNodePorts")
    errors: list[FieldError] = []
    if allocate is not None and not balancer:
        errors.append(forbidden("spec.allocateLoadBalancerNodePorts", _ONLY_BALANCERS))
    if allocate is None and balancer:
        errors.append(required("allocateLoadBalancerNodePorts"))
    return errors + _class(spec)


def _class(spec: Object) -> list[FieldError]:
    name = spec.get("loadBalancerClass")
    if name is None:
        return []
    if kind_of(spec) == "LoadBalancer":
        return form(names.label_key, name, "spec.loadBalancerClass")
    return [forbidden("spec.loadBalancerClass", _ONLY_BALANCERS)]


def _external_traffic(spec: Object) -> list[FieldError]:
    policy, port = spec.get("externalTrafficPolicy") or "", spec.get("healthCheckNodePort") or 0
    path, errors = "spec.externalTrafficPolicy", []
    if reachable_from_outside(spec):
        errors += one_of(policy, path, _TRAFFIC)
    elif policy:
        errors.append(invalid(path, policy, "may only be set for externally-accessible services"))
    path = "spec.healthCheckNodePort"
    if not needs_health_check_port(spec):
        if port:
            text = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
            errors.append(invalid(path, port, text))
    elif not port:
        errors.append(required(path))
    else:
        errors += [invalid(path, port, fault) for fault in names.port(port)]
    return errors


def _internal_traffic(spec: Object) -> list[FieldError]:
    policy, errors = spec.get("internalTrafficPolicy"), []
    if policy is None:
        if kind_of(spec) in ("NodePort", "LoadBalancer", "ClusterIP"):
            errors.append(required("spec.internalTrafficPolicy"))
    elif policy not in _TRAFFIC:
        errors.append(not_supported("spec.internalTrafficPolicy", policy, _TRAFFIC))
    distribution = spec.get("trafficDistribution")
    if distribution is not None and distribution not in _DISTRIBUTIONS:
        errors.append(not_supported("spec.trafficDistribution", distribution, _DISTRIBUTIONS))
    return errors
