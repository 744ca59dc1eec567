"""Finds the credentials for an image in imagePullSecrets."""

import base64
import contextlib
import json
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from eachpod.model.objects import Object

from .runtime import Credentials

_HUB = "docker.io"
_HUB_NAMES = ("docker.io", "index.docker.io", "registry-1.docker.io")


def registry_and_path(image: str) -> tuple[str, str]:
    """The registry of an image reference, and the repository's path in it."""
    first, _, rest = image.partition("/")
    if rest and ("." in first or ":" in first or first == "localhost"):
        return first, _without_tag(rest)
    path = _without_tag(image)
    return _HUB, path if "/" in path else f"library/{path}"


def _without_tag(path: str) -> str:
    path = path.partition("@")[0]
    head, slash, last = path.rpartition("/")
    return head + slash + last.partition(":")[0]


def matching(image: str, secrets: Iterable[Object]) -> list[Credentials]:
    """Credentials that may open the image's repository, the most specific entry first."""
    registry, path = registry_and_path(image)
    found: list[tuple[int, Credentials]] = []
    for secret in secrets:
        for server, entry in _entries(secret).items():
            if _matches(server, registry, path):
                found.append((len(server), _credentials(entry)))
    return [each for _, each in sorted(found, key=lambda pair: -pair[0])]


def _entries(secret: Object) -> dict[str, Any]:
    data = secret.get("data") or {}
    try:
        if ".dockerconfigjson" in data:
            return dict(json.loads(base64.b64decode(data[".dockerconfigjson"])).get("auths") or {})
        if ".dockercfg" in data:
            return dict(json.loads(base64.b64decode(data[".dockercfg"])))
    except (ValueError, AttributeError):
        return {}
    return {}


def _matches(server: str, registry: str, path: str) -> bool:
    plain = server.removeprefix("https://").removeprefix("http://")
    host, _, prefix = plain.partition("/")
    prefix = prefix.strip("/")
    if registry == _HUB and host in _HUB_NAMES:
        return prefix in ("", "v1", "v2") or path.startswith(prefix)
    parts, wanted = host.split("."), registry.split(".")
    same = len(parts) == len(wanted) and all(map(fnmatchcase, wanted, parts))
    return same and (prefix in ("", "v1", "v2") or path == prefix or path.startswith(prefix + "/"))


def _credentials(entry: Any) -> Credentials:
    username, password = entry.get("username") or "", entry.get("password") or ""
    if not username and entry.get("auth"):
        with contextlib.suppress(ValueError):
            username, _, password = base64.b64decode(entry["auth"]).decode().partition(":")
    return Credentials(username, password, entry.get("identitytoken") or "")
