"""Hostname, /etc/hosts and resolv.conf."""

from typing import Any

import pytest

from eachpod.node.hosts import NameFault, hostname_and_domain, hosts_file, kernel_hostname, resolving
from eachpod.node.runtime import Dns

DOMAIN = "cluster.local"
NODE_FILE = "search corp.example cluster.local\nnameserver 1.1.1.1\noptions timeout:1\n"


def pod(name: str = "web-0", **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "ns"}, "spec": spec}


@pytest.mark.parametrize(
    ("name", "spec", "expected"),
    [
        ("web-0", {}, ("web-0", "")),
        ("web-0", {"subdomain": "nginx"}, ("web-0", "nginx.ns.svc.cluster.local")),
        ("web-0", {"hostname": "h", "subdomain": "nginx"}, ("h", "nginx.ns.svc.cluster.local")),
        ("web-0", {"hostnameOverride": "o.example", "subdomain": "nginx"}, ("o.example", "")),
        ("a" * 62 + "-bcd", {}, ("a" * 62, "")),
    ],
)
def test_names(name: str, spec: dict[str, Any], expected: tuple[str, str]) -> None:
    assert hostname_and_domain(pod(name, **spec), DOMAIN) == expected


def test_the_full_name_in_the_kernel_has_a_limit() -> None:
    spec = {"setHostnameAsFQDN": True, "subdomain": "nginx"}
    assert kernel_hostname(pod(**spec), DOMAIN) == "web-0.nginx.ns.svc.cluster.local"
    with pytest.raises(NameFault, match=r"is too long \(64 is the max, 67 requested\)"):
        kernel_hostname(pod("a" * 40, **spec), DOMAIN)


def test_the_hosts_file_of_a_pod() -> None:
    aliases = [{"ip": "1.2.3.4", "hostnames": ["a", "b"]}]
    text = hosts_file(pod(subdomain="nginx", hostAliases=aliases), ["10.0.0.2"], DOMAIN)
    assert text == (
        "# Kubernetes-managed hosts file.\n"
        "127.0.0.1\tlocalhost\n"
        "::1\tlocalhost ip6-localhost ip6-loopback\n"
        "fe00::0\tip6-localnet\n"
        "fe00::0\tip6-mcastprefix\n"
        "fe00::1\tip6-allnodes\n"
        "fe00::2\tip6-allrouters\n"
        "10.0.0.2\tweb-0.nginx.ns.svc.cluster.local\tweb-0\n"
        "\n# Entries added by HostAliases.\n"
        "1.2.3.4\ta\tb\n"
    )


def test_the_hosts_file_on_the_hosts_network() -> None:
    text = hosts_file(pod(hostNetwork=True), ["10.0.0.2"], DOMAIN, "127.0.0.1 here\n")
    assert text == "# Kubernetes-managed hosts file (host network).\n127.0.0.1 here\n"


SEARCHES = ("ns.svc.cluster.local", "svc.cluster.local", "cluster.local", "corp.example")
NODES_OWN = Dns(("1.1.1.1",), ("corp.example", "cluster.local"), ("timeout:1",))


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, Dns(("10.247.3.10",), SEARCHES, ("ndots:5",))),
        ({"hostNetwork": True}, NODES_OWN),
        ({"dnsPolicy": "Default"}, NODES_OWN),
        (
            {"dnsPolicy": "ClusterFirstWithHostNet", "hostNetwork": True},
            Dns(("10.247.3.10",), SEARCHES, ("ndots:5",)),
        ),
        (
            {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["9.9.9.9"], "searches": ["a"]}},
            Dns(("9.9.9.9",), ("a",), ()),
        ),
        (
            {
                "dnsConfig": {
                    "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}],
                    "searches": ["cluster.local"],
                }
            },
            Dns(("10.247.3.10",), SEARCHES, ("ndots:2", "edns0")),
        ),
    ],
)
def test_resolving(spec: dict[str, Any], expected: Dns) -> None:
    found = resolving(pod(**spec), ["10.247.3.10"], DOMAIN, NODE_FILE)
    assert found.dns == expected
    assert found.fault is None


def test_too_many_nameservers_are_cut_and_told() -> None:
    config = {"nameservers": ["1.0.0.1", "1.0.0.2", "1.0.0.3"]}
    found = resolving(pod(dnsConfig=config), ["10.247.3.10"], DOMAIN, "")
    assert len(found.dns.servers) == 3
    assert found.fault
    assert found.fault[0] == "DNSConfigForming"


def test_no_cluster_dns_is_told() -> None:
    found = resolving(pod(), [], DOMAIN, NODE_FILE)
    assert found.dns == NODES_OWN
    assert found.fault
    assert found.fault[0] == "MissingClusterDNS"
