"""The way out, as the texts and the command line that make it."""

import pytest

from eachpod.cluster import egress
from eachpod.node.network.netns import Fabric


def test_the_router_enters_the_fabric_and_never_the_hosts_loopback() -> None:
    command = egress.command(17, Fabric(()), rootless=False)
    assert command[-2:] == ("/proc/17/root/run/netns/fabric", "tap0")
    assert "--disable-host-loopback" in command
    assert not any(word.startswith("--userns-path") for word in command)


def test_without_root_it_enters_the_users_first() -> None:
    assert "--userns-path=/proc/17/ns/user" in egress.command(17, Fabric(()), rootless=True)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("", "nameserver 10.247.3.10\n"),
        ("nameserver 127.0.0.53\nnameserver ::1\n", "nameserver 10.247.3.10\n"),
        (
            "# made by hand\nsearch example.org\nnameserver 10.1.1.1\noptions edns0 trust-ad\n",
            "nameserver 10.247.3.10\nsearch example.org\noptions edns0 trust-ad\n",
        ),
        ("searching nothing\n\n", "nameserver 10.247.3.10\n"),
    ],
)
def test_nodes_ask_the_clusters_dns_and_keep_the_rest(host: str, expected: str) -> None:
    assert egress.resolv_conf(host, "10.247.3.10") == expected
