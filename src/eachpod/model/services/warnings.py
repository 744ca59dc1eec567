"""What a user should know about a Service that is accepted all the same."""

from eachpod.model.addressforms import about_cidr, about_ip
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
        found += about_cidr(f"spec.loadBalancerSourceRanges[{index}]", each)
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
