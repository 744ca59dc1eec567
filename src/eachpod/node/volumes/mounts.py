"""What a container has mounted where: its volumes, /etc/hosts and the file for its last words."""

import os
from collections.abc import Mapping
from pathlib import Path

from eachpod.model.objects import Object
from eachpod.node.expansion import expand
from eachpod.node.runtime import Mount

from .payload import VolumeFault, has_payload


def mounts(
    spec: Object, volumes: Mapping[str, Object], paths: Mapping[str, Path], env: Mapping[str, str]
) -> list[Mount]:
    """`volumes` are the pod's by name, `paths` their directories on the node."""
    found = []
    for mount in spec.get("volumeMounts") or []:
        volume, path = volumes.get(mount["name"]), paths.get(mount["name"])
        if volume is None or path is None:
            raise VolumeFault(f'volume "{mount["name"]}" of container {spec["name"]} is not set up')
        sub = mount.get("subPath") or ""
        if mount.get("subPathExpr"):
            sub = expand(mount["subPathExpr"], env)
            if "$(" in sub:
                raise VolumeFault(f'failed to expand subPathExpr "{mount["subPathExpr"]}": missing value')
        read_only = bool(mount.get("readOnly")) or has_payload(volume)
        where = below(path, sub) if sub else path
        target = mount["mountPath"] if mount["mountPath"].startswith("/") else f"/{mount['mountPath']}"
        found.append(Mount(str(where), target, read_only, _propagation(mount)))
    return found


def _propagation(mount: Object) -> str:
    wanted = mount.get("mountPropagation") or "None"
    return "" if wanted == "None" else str(wanted)


def below(root: Path, sub: str) -> Path:
    """The path `sub` within a volume, which may not lead out of it; a missing one is made as a directory."""
    if sub.startswith("/") or ".." in sub.split("/"):
        raise VolumeFault(f"subPath {sub} must be a relative path without '..'")
    base = os.path.realpath(root)
    path = os.path.realpath(os.path.join(base, sub))
    if path != base and not path.startswith(base.rstrip("/") + "/"):
        raise VolumeFault(f"subPath {sub} leads out of its volume")
    if not os.path.lexists(path):
        os.makedirs(path, mode=0o750, exist_ok=True)
        mode = os.stat(base).st_mode & 0o7777
        os.chmod(path, mode)
    return Path(path)
