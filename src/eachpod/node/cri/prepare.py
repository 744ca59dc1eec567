"""Lays out the folder of one node's containerd: configuration, network, registry and plugins, ready to be started."""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import config
from .config import IPAM_PLUGIN, Containerd, PodNetwork

_PLUGIN_FOLDERS = ("/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni")
_NEEDED_PLUGINS = ("bridge", "host-local", "loopback", "portmap")


class SetupError(Exception):
    """This machine lacks something; the message says what to install."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """`folder` keeps images and containers over restarts; `run` is for what must go with the node's processes (a tmpfs
    in its namespaces). `registry` is asked first, and alone if `only_registry`. `users` tells which users the namespace
    has: "root" (of the machine), "range" (of a user namespace with many) or "one"."""

    folder: Path
    run: Path
    subnets: Sequence[str]
    sandbox_image: str
    registry: str = "http://127.0.0.1:5000"
    only_registry: bool = True
    users: str = "root"
    snapshotter: str = "overlayfs"


@dataclass(frozen=True, slots=True)
class Prepared:
    """The command that starts containerd, and what the agent needs to know of it."""

    command: tuple[str, ...]
    socket: str
    wishes: Path


def prepare(wanted: Wanted) -> Prepared:
    """Writes all files anew; what containerd keeps itself stays as it is."""
    plugins = plugin_folder()
    if shutil.which("containerd") is None or shutil.which("runc") is None:
        raise SetupError("containers need containerd and runc, which are not installed (apt-get install containerd)")
    folder, run = wanted.folder.resolve(), wanted.run
    for path in (folder / "cni", folder / "bin", folder / "registry" / "_default", folder / "root", run / "wishes"):
        path.mkdir(parents=True, exist_ok=True)
    setup = Containerd(
        root=f"{folder}/root",
        state=f"{run}/state",
        socket=f"{run}/containerd.sock",
        cni_conf_dir=f"{folder}/cni",
        cni_bin_dir=f"{folder}/bin",
        registry_dir=f"{folder}/registry",
        sandbox_image=wanted.sandbox_image,
        snapshotter=wanted.snapshotter,
        rootless=wanted.users != "root",
        runc=f"{folder}/bin/runc" if wanted.users == "one" else "",
    )
    network = PodNetwork(tuple(wanted.subnets), f"{run}/ipam")
    _write(folder / "config.toml", config.containerd(setup))
    _write(folder / "registry/_default/hosts.toml", config.registry_hosts(wanted.registry, only=wanted.only_registry))
    _write(folder / "cni/10-eachpod.conflist", config.conflist(network))
    for plugin in plugins.iterdir():
        link = folder / "bin" / plugin.name
        link.unlink(missing_ok=True)
        link.symlink_to(plugin)
    _write(folder / "bin" / IPAM_PLUGIN, config.ipam_plugin(f"{plugins}/host-local", f"{run}/wishes"), 0o755)
    if setup.runc:
        _write(Path(setup.runc), config.single_user_runc(shutil.which("runc") or "runc"), 0o755)
    return Prepared(("containerd", "--config", f"{folder}/config.toml"), setup.socket, run / "wishes")


def snapshotter(folder: Path) -> str:
    """overlayfs where it works below `folder`, in the mount and user namespace that this is called in, else native,
    which copies. A folder on an overlay itself, as in most containers, is where it does not."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as probe:
        for name in ("lower", "upper", "work", "merged"):
            (Path(probe) / name).mkdir()
        options = f"lowerdir={probe}/lower,upperdir={probe}/upper,workdir={probe}/work"
        command = ["mount", "-t", "overlay", "overlay", "-o", options, f"{probe}/merged"]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return "native"
        subprocess.run(["umount", f"{probe}/merged"], capture_output=True, check=False)
        shutil.rmtree(Path(probe) / "work" / "work", ignore_errors=True)
    return "overlayfs"


def plugin_folder() -> Path:
    """Where all the CNI plugins are that pods' networks need. SetupError where they are not."""
    for name in _PLUGIN_FOLDERS:
        folder = Path(name)
        if all((folder / plugin).exists() for plugin in _NEEDED_PLUGINS):
            return folder
    missing = f"{', '.join(_NEEDED_PLUGINS)} in none of {', '.join(_PLUGIN_FOLDERS)}"
    raise SetupError(f"containers need the CNI plugins: {missing} (apt-get install containernetworking-plugins)")


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    path.write_text(text)
    path.chmod(mode)
