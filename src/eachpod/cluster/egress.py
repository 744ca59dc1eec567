"""The way out of a cluster of containers: a router in user mode from the fabric to the networks of the host.

slirp4netns takes what pods and pulls send and sends it again as the host's own connections. It changes nothing of the
host's network, needs no root, and is one small process that goes with the cluster. It never connects to the host's
loopback, where the API server and other people's services listen.
"""

from eachpod.node.network.netns import Fabric, namespace_path

LINK = "tap0"
# Link-local, and no part of any range that pods, Services or nodes have.
_NETWORK = "169.254.77.0/24"


def command(holder: int, fabric: Fabric, *, rootless: bool) -> tuple[str, ...]:
    """The router's command line; `holder` is a process in the bubble, whose files name the fabric's namespace."""
    network = f"/proc/{holder}/root{namespace_path(fabric.namespace)}"
    users = (f"--userns-path=/proc/{holder}/ns/user",) if rootless else ()
    flags = ("--configure", f"--cidr={_NETWORK}", "--disable-host-loopback", "--disable-dns", "--enable-seccomp")
    return ("slirp4netns", *flags, "--mtu=65520", *users, "--netns-type=path", network, LINK)


def masquerade() -> str:
    """nftables rules for the fabric: the router knows one guest only, so everything leaves as that one."""
    return (
        "table ip egress {\n"
        "  chain postrouting {\n"
        "    type nat hook postrouting priority srcnat;\n"
        f'    oifname "{LINK}" masquerade\n'
        "  }\n"
        "}\n"
    )


def resolv_conf(host: str, server: str) -> str:
    """The nodes' resolv.conf: the host's, with the cluster's DNS, which forwards, in place of the host's resolvers.
    Those are often on the host's loopback, which no node can reach."""
    kept = [line for line in host.splitlines() if line.split()[:1] in (["search"], ["domain"], ["options"])]
    return "\n".join([f"nameserver {server}", *kept]) + "\n"
