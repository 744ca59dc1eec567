"""What this machine can do: whether containers can run here, with or without root, and what is missing."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_PROGRAMS = {
    "containerd": "containerd",
    "runc": "runc",
    "nft": "nftables",
    "ip": "iproute2",
    "unshare": "util-linux",
    "nsenter": "util-linux",
}
_PLUGIN_FOLDERS = ("/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni")
_OLDEST = (1, 6)


@dataclass(frozen=True, slots=True)
class Check:
    """One finding of `eachpod doctor`. `mend` says what to do where it is not good."""

    name: str
    good: bool
    found: str
    mend: str = ""


def checks() -> list[Check]:
    """All findings, in the order in which a person would mend them."""
    found = [_system(), _root()]
    if found[0].good:
        found += [_program(program, package) for program, package in _PROGRAMS.items()]
        found += [_containerd_version(), _plugins(), _namespaces(), _memory_cgroup()]
    return found


def reason_against_containers(found: list[Check]) -> str:
    """Why containers cannot run here, "" where they can."""
    bad = [f"{check.name}: {check.found}" for check in found if not check.good]
    return "; ".join(bad)


def _system() -> Check:
    name = os.uname().sysname
    return Check("system", name == "Linux", name, "containers need Linux; simulated pods run anywhere")


def _root() -> Check:
    if os.geteuid() == 0:
        return Check("user", True, "root")
    return Check("user", True, "not root: containers run in a user namespace, limits are not enforced")


def _program(program: str, package: str) -> Check:
    path = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    return Check(program, path is not None, path or "not installed", f"apt-get install {package}")


def _containerd_version() -> Check:
    mend = "apt-get install containerd (1.6 or later)"
    try:
        said = subprocess.run(
            ["containerd", "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
        text = said.split()[2].removeprefix("v")
        version = tuple(int(part) for part in text.split(".")[:2])
    except (OSError, subprocess.SubprocessError, IndexError, ValueError):
        return Check("containerd version", False, "unknown", mend)
    if version < _OLDEST:
        return Check("containerd version", False, f"{text} is too old, 1.6 or later is needed", mend)
    return Check("containerd version", True, text)


def _plugins() -> Check:
    folder = next((path for path in _PLUGIN_FOLDERS if Path(path, "bridge").exists()), "")
    return Check("CNI plugins", bool(folder), folder or "not found", "apt-get install containernetworking-plugins")


def _namespaces() -> Check:
    command = ["unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc"]
    if os.geteuid() != 0:
        command += ["--user", "--map-root-user"]
    mend = "allow user namespaces (sysctl kernel.unprivileged_userns_clone=1), or run as root"
    try:
        done = subprocess.run([*command, "true"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        return Check("namespaces", False, str(error), mend)
    said = done.stderr.strip().splitlines()
    return Check(
        "namespaces", done.returncode == 0, "can be made" if done.returncode == 0 else said[-1] if said else "no", mend
    )


def _memory_cgroup() -> Check:
    """Limits are enforced through it; without root there are none anyway."""
    mend = "start the kernel with cgroup_enable=memory, or use --runtime simulated"
    if os.geteuid() != 0:
        return Check("memory cgroup", True, "not used without root")
    v1 = Path("/sys/fs/cgroup/memory/memory.limit_in_bytes").exists()
    v2 = Path("/sys/fs/cgroup/cgroup.controllers")
    if v1 or (v2.exists() and "memory" in v2.read_text().split()):
        return Check("memory cgroup", True, "cgroup v1" if v1 else "cgroup v2")
    return Check("memory cgroup", False, "the kernel has none", mend)
