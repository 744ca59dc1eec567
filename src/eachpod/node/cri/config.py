"""The files that set up a containerd for one node, as texts: its own configuration, where it pulls from, and CNI.

One containerd per node is the simplest arrangement: it lives in the node's network namespace, its CNI network is the
node's, and what it lists is what runs on that node.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_CRI = 'plugins."io.containerd.grpc.v1.cri"'
# Snapshotters that need devices or file systems which a node here has not, and services that nobody asks.
_DISABLED = (
    "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
    "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.blockfile", "io.containerd.internal.v1.opt",
    "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing", "io.containerd.nri.v1.nri",
)  # fmt: skip

IPAM_PLUGIN = "eachpod-ipam"


@dataclass(frozen=True, slots=True)
class Containerd:
    """Where a containerd keeps its things. `rootless` is for a user namespace: no cgroups, no AppArmor. `runc` is a
    program instead of the one on the PATH; `snapshotter` is native where overlayfs does not work."""

    root: str
    state: str
    socket: str
    cni_conf_dir: str
    cni_bin_dir: str
    registry_dir: str
    sandbox_image: str = "registry.k8s.io/pause:3.9"
    snapshotter: str = "overlayfs"
    rootless: bool = False
    runc: str = ""


def containerd(setup: Containerd) -> str:
    """config.toml, of the version that containerd 1.6 to 2.x read."""
    options = {"BinaryName": setup.runc} if setup.runc else {}
    cri: dict[str, Any] = {
        "sandbox_image": setup.sandbox_image,
        "restrict_oom_score_adj": True,
        "stream_server_address": "127.0.0.1",
        "stream_server_port": "0",
        "enable_unprivileged_ports": False,
        "max_container_log_line_size": 16384,
    }
    if setup.rootless:
        cri |= {"disable_cgroup": True, "disable_apparmor": True, "disable_hugetlb_controller": True}
    tables: dict[str, dict[str, Any]] = {
        "grpc": {"address": setup.socket},
        "ttrpc": {"address": f"{setup.socket}.ttrpc"},
        _CRI: cri,
        f"{_CRI}.cni": {"bin_dir": setup.cni_bin_dir, "conf_dir": setup.cni_conf_dir, "max_conf_num": 1},
        f"{_CRI}.registry": {"config_path": setup.registry_dir},
        f"{_CRI}.containerd": {"default_runtime_name": "runc", "snapshotter": setup.snapshotter},
        f"{_CRI}.containerd.runtimes.runc": {"runtime_type": "io.containerd.runc.v2"},
        f"{_CRI}.containerd.runtimes.runc.options": options,
    }
    top = {"version": 2, "root": setup.root, "state": setup.state, "disabled_plugins": list(_DISABLED)}
    return _toml(top, tables)


def registry_hosts(registry: str, *, only: bool) -> str:
    """_default/hosts.toml: pulls ask the registry at this URL first, whatever the image's name says. With `only` they
    ask nobody else: else a name that it has not would be looked for on the internet."""
    server = f"server = {_value(registry)}\n" if only else ""
    return f'{server}[host.{_value(registry)}]\n  capabilities = ["pull", "resolve"]\n'


@dataclass(frozen=True, slots=True)
class PodNetwork:
    """A node's pod network. `subnets` are the node's own ranges, one per family."""

    subnets: Sequence[str]
    data_dir: str
    name: str = "eachpod"
    bridge: str = "cbr0"
    mtu: int = 0


def conflist(network: PodNetwork) -> str:
    """The CNI network list: a bridge with the node's ranges, and host ports. Hairpin mode lets a pod reach itself by
    its Service's address."""
    routes = [{"dst": "::/0" if ":" in subnet else "0.0.0.0/0"} for subnet in network.subnets]
    bridge: dict[str, Any] = {
        "type": "bridge",
        "bridge": network.bridge,
        "isGateway": True,
        "ipMasq": False,
        "hairpinMode": True,
        "ipam": {
            "type": IPAM_PLUGIN,
            "dataDir": network.data_dir,
            "ranges": [[{"subnet": subnet}] for subnet in network.subnets],
            "routes": routes,
        },
    }
    if network.mtu:
        bridge["mtu"] = network.mtu
    portmap = {"type": "portmap", "capabilities": {"portMappings": True}}
    return json.dumps({"cniVersion": "0.4.0", "name": network.name, "plugins": [bridge, portmap]}, indent=2)


def ipam_plugin(host_local: str, wishes: str) -> str:
    """A CNI IPAM plugin: host-local that first asks for the addresses which the agent left word of for a pod, so that
    a pod keeps its address when its sandbox is made anew. Where they are taken the pod gets others."""
    return f"""#!/bin/sh
# Reads a pod's wish from a file named by its uid; the network configuration comes on standard input.
configuration=$(cat)
uid=$(printf %s "$CNI_ARGS" | tr ';' '\\n' | sed -n 's/^K8S_POD_UID=//p')
wish={wishes}/$uid
if [ "$CNI_COMMAND" = ADD ] && [ -n "$uid" ] && [ -s "$wish" ]; then
    addresses=$(sed 's/[^ ][^ ]*/"&"/g; s/ /,/g' "$wish")
    asking=$(printf %s "$configuration" | sed '1s/{{/{{"args":{{"cni":{{"ips":['"$addresses"']}}}},/')
    if answer=$(printf %s "$asking" | {host_local}); then
        printf %s "$answer"
        exit 0
    fi
fi
printf %s "$configuration" | exec {host_local}
"""


def single_user_runc(runc: str) -> str:
    """A runc for a user namespace with one user only, which machines without newuidmap leave us: it takes out of each
    bundle what needs a second user or group. Containers that ask for another user still fail, and say so."""
    return f"""#!/bin/sh
# Edits the specification that create (--bundle DIRECTORY) or exec (--process FILE) is given, then runs runc.
previous= specification=
for word; do
    case "$previous" in
        --bundle|-b) specification=$word/config.json ;;
        --process|-p) specification=$word ;;
    esac
    previous=$word
done
if [ -f "$specification" ]; then
    sed -i 's/,"additionalGids":\\[[^]]*\\]//g; s/"gid=5",//g; s/,"gid=5"//g' "$specification"
fi
exec {runc} "$@"
"""


def _toml(top: dict[str, Any], tables: dict[str, dict[str, Any]]) -> str:
    lines = [f"{key} = {_value(value)}" for key, value in top.items()]
    for name, table in tables.items():
        lines += ["", f"[{name}]", *(f"{key} = {_value(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    """JSON's strings, numbers, booleans and lists are TOML's too."""
    return json.dumps(value)
