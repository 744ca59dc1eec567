"""What a user should know about a Service that is accepted all the same."""

from ipaddress import IPv6Address, ip_network

from eachpod.model import names
from eachpod.model.objects import Object, annotations

from .traits import NONE, kind_of, spec_of

_HINTS = "service.kubernetes.io/topology-aware-hints"


def service_warnings(service: Object, old: Object | None) -> list[str]:
    spec = spec_of(service)
    found: list[str] = []
    if _HINTS in annotations(service):
        found.append(f"annotation {_HINTS} is deprecated, please use service.kubernetes.io/topology-mode instead")
    if spec.get("clusterIP") not in (None, "", NONE):
        for index, ip in enumerate(spec.get("clusterIPs") or ()):
            found += about_ip(f"spec.clusterIPs[{index}]", ip)
    headless = kind_of(spec) == "ClusterIP" and spec.get("clusterIP") == NONE
    external = spec.get("externalIPs") or []
    if headless:
        found += _headless(spec)
    for index, ip in enumerate(external):
        found += about_ip(f"spec.externalIPs[{index}]", ip)
    if external and not headless and kind_of(spec) != "ExternalName":
        found.append("spec.externalIPs is deprecated and may no longer be implemented in some clusters")
    if spec.get("loadBalancerIP"):
        found += about_ip("spec.loadBalancerIP", spec["loadBalancerIP"])
    for index, each in enumerate(spec.get("loadBalancerSourceRanges") or ()):
        found += _about_cidr(f"spec.loadBalancerSourceRanges[{index}]", each)
    if kind_of(spec) == "ExternalName":
        if external:
            found.append('spec.externalIPs is ignored when spec.type is "ExternalName"')
    elif spec.get("externalName"):
        found.append('spec.externalName is ignored when spec.type is not "ExternalName"')
    if spec.get("trafficDistribution") == "PreferClose":
        found.append('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"')
    return found


def _headless(spec: Object) -> list[str]:
    ignored = [field for field in ("loadBalancerIP", "externalIPs") if spec.get(field)]
    if spec.get("sessionAffinity") != "None":
        ignored.append("SessionAffinity")
    return [f"spec.{field} is ignored for headless services" for field in ignored]


def about_ip(path: str, text: str) -> list[str]:
    address = names.parse_ip(text)
    if address is None:
        return []
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    if mapped or (address.version == 4 and str(address) != text):
        return [f'{path}: non-standard IP address "{text}" is invalid: use "{mapped or address}"']
    if str(address) != text:
        return [f'{path}: IPv6 address "{text}" should be in RFC 5952 canonical format ("{address}")']
    return []


def _about_cidr(path: str, text: str) -> list[str]:
    address, _, length = text.partition("/")
    found = names.parse_ip(address)
    if found is None or not length.isdigit():
        return []
    network = ip_network(f"{found}/{int(length)}", strict=False)
    warnings: list[str] = []
    if network.network_address != found:
        alone = f"{found}/{found.max_prefixlen}"
        warnings.append(
            f'{path}: CIDR value "{text}" is ambiguous in this context (should be "{network}" or "{alone}"?)'
        )
    if found.version == 4 and str(found) != address:
        warnings.append(f'{path}: non-standard CIDR value "{text}" is invalid: use "{network}"')
    if not warnings and found.version == 6 and str(network) != text:
        warnings.append(f'{path}: IPv6 CIDR value "{text}" should be in RFC 5952 canonical format ("{network}")')
    return warnings
