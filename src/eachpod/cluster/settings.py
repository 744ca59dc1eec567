"""What a cluster is: one frozen value made from the flags of `eachpod up`, kept in its data directory.

Everything that a process of the cluster needs to know follows from it, so a second `up`, `status` and `down` read the
file instead of guessing.
"""

import errno
import json
import os
import re
import zlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from eachpod.kit.hostport import joined

from . import addresses
from .addresses import NodeAddress
from .errors import ClusterError

# Raised when the files in a data directory change so that an older eachpod would misread them.
LAYOUT = 1
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Settings:
    """`runtime` is `containers` or `simulated`; ports are those in use, never 0 once the cluster runs. With
    `egress` pods and pulls reach what is outside of this machine."""

    name: str
    data_dir: str
    runtime: str = "simulated"
    nodes: tuple[NodeAddress, ...] = ()
    kubeconfig: str = ""
    other_kubeconfigs: tuple[str, ...] = ()
    api_port: int = 0
    dns_port: int = 0
    dns_health_port: int = 0
    service_cidr: str = "10.247.0.0/16"
    pod_cidr: str = "10.0.0.0/16"
    domain: str = "cluster.local"
    dns_address: str = ""
    kube_dns_address: str = ""
    node_monitor_grace_period: float = 50.0
    rootless: bool = False
    token_auth_file: str = ""
    anonymous_auth: bool = False
    explain: bool = False
    images: str = ""
    # Where this machine reaches the API server, and where nodes and pods do.
    api_address: str = "127.0.0.1"
    advertise_address: str = addresses.FABRIC_ADDRESS
    egress: bool = False
    layout: int = LAYOUT

    @property
    def context(self) -> str:
        """The name of the cluster, user and context in the kubeconfig."""
        return f"eachpod-{self.name}"

    @property
    def cgroup(self) -> str:
        """The cgroup of its pods: its own, though another cluster of its name may live in another directory."""
        return f"{self.context}-{zlib.crc32(self.data_dir.encode()):08x}"

    @property
    def api_url(self) -> str:
        return f"https://{joined(self.api_address, self.api_port)}"

    @property
    def root(self) -> Path:
        return Path(self.data_dir)

    @property
    def kubernetes_address(self) -> str:
        """The address of the Service `kubernetes`: the first of the Service range."""
        return addresses.service_address(self.service_cidr, 1)


def default_data_dir(name: str) -> Path:
    home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(home) / "eachpod" / name


def images_dir() -> Path:
    """The images of this user's clusters, kept when a cluster goes down."""
    home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(home) / "eachpod-images"


def default_kubeconfig() -> Path:
    """The first file of $KUBECONFIG, else ~/.kube/config, as kubectl writes."""
    first = os.environ.get("KUBECONFIG", "").split(os.pathsep)[0]
    return Path(first) if first else Path.home() / ".kube" / "config"


def check_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ClusterError(f"{name!r} is not a cluster name: use at most 40 lower-case letters, digits and dashes")
    return name


def with_addresses(settings: Settings) -> Settings:
    """`settings` with the DNS addresses that follow from the Service range, where none are set."""
    cidr = settings.service_cidr
    addresses.parse_cidrs("--service-cidr", cidr)
    return replace(
        settings,
        dns_address=settings.dns_address or addresses.service_address(cidr, addresses.DNS_OFFSET),
        kube_dns_address=settings.kube_dns_address or addresses.service_address(cidr, addresses.KUBE_DNS_OFFSET),
    )


def make_root(place: Path) -> None:
    """The data directory; a new one is its owner's only, for keys and Secrets are in it. A sentence names the flag."""
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(place, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise ClusterError(
            f"--data-dir: {place} cannot be made or written ({error.strerror}); choose another"
        ) from None


def save(settings: Settings) -> None:
    make_root(settings.root)
    path = settings.root / "cluster.json"
    scratch = path.with_suffix(".new")
    scratch.write_text(json.dumps(asdict(settings), indent=2) + "\n")
    scratch.replace(path)


def load(data_dir: Path) -> Settings | None:
    """The settings of the cluster in `data_dir`, None where there is none. ClusterError for files of another time."""
    path = data_dir / "cluster.json"
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ClusterError(f"{path} cannot be read ({error}); mend it, or remove the directory to start anew") from None
    if found.get("layout", 0) > LAYOUT:
        raise ClusterError(
            f"{data_dir} was written by a newer eachpod (layout {found['layout']}, this one knows {LAYOUT}); "
            "upgrade eachpod, or choose another --data-dir"
        )
    found["nodes"] = tuple(
        NodeAddress(node["name"], node["address"], tuple(node["pod_cidrs"])) for node in found.get("nodes", [])
    )
    found["other_kubeconfigs"] = tuple(found.get("other_kubeconfigs", ()))
    try:
        return Settings(**found)
    except TypeError as error:
        raise ClusterError(f"{path} has a field that this eachpod does not know ({error})") from None
