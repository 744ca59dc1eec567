"""What this machine can do: whether containers can run here, with or without root, and what is missing."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from eachpod.node.cri.prepare import SetupError, plugin_folder

from .searchpath import find, search_path

_PROGRAMS = {
    "containerd": "containerd",
    "runc": "runc",
    "nft": "nftables",
    "ip": "iproute2",
    "unshare": "util-linux",
    "nsenter": "util-linux",
}
_OLDEST = (1, 6)
_TUN = Path("/dev/net/tun")


@dataclass(frozen=True, slots=True)
class Check:
    """One finding of `eachpod doctor`. `mend` says what to do where it is not good; containers run without what is
    not `needed`, but with less."""

    name: str
    good: bool
    found: str
    mend: str = ""
    needed: bool = True


def checks() -> list[Check]:
    """All findings, in the order in which a person would mend them."""
    found = [_system(), _root()]
    if found[0].good:
        found += [_program(program, package) for program, package in _PROGRAMS.items()]
        found += [_containerd_version(), _plugins(), _namespaces(), _memory_cgroup(), egress()]
    return found


def reason_against_containers(found: list[Check]) -> str:
    """Why containers cannot run here, "" where they can."""
    bad = [f"{check.name}: {check.found}" for check in found if check.needed and not check.good]
    return "; ".join(bad)


def _system() -> Check:
    name = os.uname().sysname
    return Check("system", name == "Linux", name, "containers need Linux; simulated pods run anywhere")


def _root() -> Check:
    if os.geteuid() == 0:
        return Check("user", True, "root")
    return Check("user", True, "not root: containers run in a user namespace, limits are not enforced")


def _program(program: str, package: str) -> Check:
    path = find(program)
    return Check(program, path is not None, path or "not installed", f"apt-get install {package}")


def _containerd_version() -> Check:
    mend = "apt-get install containerd (1.6 or later)"
    try:
        text = _said("containerd", "--version").split()[2].removeprefix("v")
        version = tuple(int(part) for part in text.split(".")[:2])
    except (OSError, subprocess.SubprocessError, IndexError, ValueError):
        return Check("containerd version", False, "unknown", mend)
    if version < _OLDEST:
        return Check("containerd version", False, f"{text} is too old, 1.6 or later is needed", mend)
    return Check("containerd version", True, text)


def _plugins() -> Check:
    mend = "apt-get install containernetworking-plugins"
    try:
        return Check("CNI plugins", True, str(plugin_folder()))
    except SetupError:
        return Check("CNI plugins", False, "not found", mend)


def _namespaces() -> Check:
    command = ["unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc"]
    if os.geteuid() != 0:
        command += ["--user", "--map-root-user"]
    mend = "allow user namespaces (sysctl kernel.unprivileged_userns_clone=1), or run as root"
    try:
        _said(*command, "true")
    except subprocess.CalledProcessError as error:
        return Check("namespaces", False, error.stderr.strip() or "cannot be made", mend)
    except (OSError, subprocess.SubprocessError) as error:
        return Check("namespaces", False, str(error), mend)
    return Check("namespaces", True, "can be made")


def _said(*command: str) -> str:
    environment = {**os.environ, "PATH": search_path()}
    done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True, env=environment)
    return done.stdout


def _memory_cgroup() -> Check:
    v1 = Path("/sys/fs/cgroup/memory/memory.limit_in_bytes").exists()
    v2 = Path("/sys/fs/cgroup/cgroup.controllers")
    return judge_memory(os.geteuid() == 0, v1, v2.read_text().split() if v2.exists() else [])


def judge_memory(root: bool, v1: bool, v2: list[str]) -> Check:
    """Limits are enforced through the memory cgroup; without root there are none anyway. `v2` are the controllers of
    the unified hierarchy."""
    mend = "start the kernel with cgroup_enable=memory, or use --runtime simulated"
    if not root:
        return Check("memory cgroup", True, "not used without root")
    if v1 or "memory" in v2:
        return Check("memory cgroup", True, "cgroup v1" if v1 else "cgroup v2")
    return Check("memory cgroup", False, "the kernel has none", mend)


def egress() -> Check:
    """Whether pods and pulls can reach what lies outside of this machine (see cluster/egress.py)."""
    name = "way out"
    if find("slirp4netns") is None:
        mend = "apt-get install slirp4netns, for pods and pulls to reach what is outside of this machine"
        return Check(name, False, "slirp4netns is not installed", mend, needed=False)
    if not os.access(_TUN, os.R_OK | os.W_OK):
        return Check(name, False, f"{_TUN} cannot be opened", f"modprobe tun; chmod 666 {_TUN}", needed=False)
    return Check(name, True, "slirp4netns")
