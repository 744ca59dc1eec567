"""The pod's names in its own files: hostname, /etc/hosts and resolv.conf."""

from collections.abc import Sequence
from dataclasses import dataclass

from eachpod.model import objects
from eachpod.model.objects import Object, dig

from .runtime import Dns

_HEAD = "# Kubernetes-managed hosts file.\n"
_HOST_HEAD = "# Kubernetes-managed hosts file (host network).\n"
_LOCAL = (
    ("127.0.0.1", "localhost"),
    ("::1", "localhost ip6-localhost ip6-loopback"),
    ("fe00::0", "ip6-localnet"),
    ("fe00::0", "ip6-mcastprefix"),
    ("fe00::1", "ip6-allnodes"),
    ("fe00::2", "ip6-allrouters"),
)
_MAX_HOSTNAME = 63
_MAX_NAMESERVERS, _MAX_SEARCHES, _MAX_SEARCH_CHARACTERS = 3, 32, 2048


class NameFault(Exception):
    """The pod cannot have the name it asks for."""


def hostname_and_domain(pod: Object, cluster_domain: str) -> tuple[str, str]:
    """What the pod calls itself; the domain is "" without a subdomain."""
    override = dig(pod, "spec", "hostnameOverride")
    if override:
        return str(override), ""
    hostname = str(dig(pod, "spec", "hostname", default="") or objects.name(pod))
    hostname = hostname[:_MAX_HOSTNAME].rstrip("-.") if len(hostname) > _MAX_HOSTNAME else hostname
    subdomain = dig(pod, "spec", "subdomain", default="")
    domain = f"{subdomain}.{objects.namespace(pod)}.svc.{cluster_domain}" if subdomain else ""
    return hostname, domain


def kernel_hostname(pod: Object, cluster_domain: str) -> str:
    """The hostname that `uname -n` shows."""
    hostname, domain = hostname_and_domain(pod, cluster_domain)
    if not dig(pod, "spec", "setHostnameAsFQDN", default=False) or not domain:
        return hostname
    full = f"{hostname}.{domain}"
    if len(full) > _MAX_HOSTNAME + 1:
        text = "failed to construct FQDN from pod hostname and cluster domain, FQDN"
        raise NameFault(f"{text} {full} is too long ({_MAX_HOSTNAME + 1} is the max, {len(full)} requested)")
    return full


def hosts_file(pod: Object, addresses: Sequence[str], cluster_domain: str, host_file: str = "") -> str:
    """/etc/hosts of a pod; with host network the node's own with another head."""
    if dig(pod, "spec", "hostNetwork", default=False):
        text = _HOST_HEAD + host_file
    else:
        hostname, domain = hostname_and_domain(pod, cluster_domain)
        names = f"{hostname}.{domain}\t{hostname}" if domain else hostname
        lines = [f"{address}\t{name}\n" for address, name in _LOCAL]
        lines += [f"{address}\t{names}\n" for address in addresses]
        text = _HEAD + "".join(lines)
    aliases = dig(pod, "spec", "hostAliases", default=[])
    if aliases:
        text += "\n# Entries added by HostAliases.\n"
        for alias in aliases:
            text += "\t".join([alias["ip"], *(alias.get("hostnames") or [])]) + "\n"
    return text


@dataclass(frozen=True, slots=True)
class Resolving:
    """How the pod resolves, and what was cut off or missing (for an event: reason and message)."""

    dns: Dns
    fault: tuple[str, str] | None = None


def resolving(pod: Object, servers: Sequence[str], cluster_domain: str, node_file: str) -> Resolving:
    """resolv.conf by the pod's dnsPolicy and dnsConfig. `servers` are the cluster's, `node_file` the node's own."""
    policy = dig(pod, "spec", "dnsPolicy", default="ClusterFirst")
    fault = None
    if policy == "ClusterFirst" and dig(pod, "spec", "hostNetwork", default=False):
        policy = "Default"
    own = parse_resolv_conf(node_file)
    if policy in ("ClusterFirst", "ClusterFirstWithHostNet") and not servers:
        text = "The node agent has no cluster DNS address (cluster_dns), so the pod cannot use"
        fault = ("MissingClusterDNS", f'pod: "{objects.name(pod)}_{objects.namespace(pod)}". {text} "{policy}".')
        policy = "Default"
    if policy == "Default":
        dns = own
    elif policy == "None":
        dns = Dns()
    else:
        domains = (f"{objects.namespace(pod)}.svc.{cluster_domain}", f"svc.{cluster_domain}", cluster_domain)
        dns = Dns(tuple(servers), _once((*domains, *own.searches)), ("ndots:5",))
    return _limited(_with_config(dns, dig(pod, "spec", "dnsConfig", default={})), fault)


def _with_config(dns: Dns, config: Object) -> Dns:
    options = {each.partition(":")[0]: each for each in dns.options}
    for option in config.get("options") or []:
        value = option.get("value")
        options[option["name"]] = f"{option['name']}:{value}" if value is not None else option["name"]
    servers = _once((*dns.servers, *(config.get("nameservers") or [])))
    return Dns(servers, _once((*dns.searches, *(config.get("searches") or []))), tuple(options.values()))


def _limited(dns: Dns, fault: tuple[str, str] | None) -> Resolving:
    servers = dns.servers[:_MAX_NAMESERVERS]
    if len(servers) < len(dns.servers):
        line = " ".join(servers)
        text = "Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is:"
        fault = ("DNSConfigForming", f"{text} {line}")
    searches = [each for each in dns.searches if len(each) <= 255][:_MAX_SEARCHES]
    while len(" ".join(searches)) > _MAX_SEARCH_CHARACTERS:
        searches.pop()
    if len(searches) < len(dns.searches):
        text = "Search Line limits were exceeded, some search paths have been omitted, the applied search line is:"
        fault = ("DNSConfigForming", f"{text} {' '.join(searches)}")
    return Resolving(Dns(servers, tuple(searches), dns.options), fault)


def parse_resolv_conf(text: str) -> Dns:
    servers: list[str] = []
    searches: list[str] = []
    options: list[str] = []
    for line in text.splitlines():
        words = line.split()
        if not words or words[0][0] in "#;":
            continue
        if words[0] == "nameserver" and len(words) > 1:
            servers.append(words[1])
        elif words[0] == "search":
            searches = words[1:]
        elif words[0] == "options":
            options = words[1:]
    return Dns(tuple(servers), tuple(each.removesuffix(".") or "." for each in searches), tuple(options))


def _once(items: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))
