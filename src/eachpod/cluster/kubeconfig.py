"""Kubeconfig files: making one, and merging a cluster's entries into the user's own and out again.

What else the file holds stays as it is; entries of other clusters are never touched.
"""

import base64
import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from .errors import ClusterError
from .pki import Pair

Config = dict[str, Any]
# Seconds to wait for whoever else changes a file.
PATIENCE = 5.0


def make(context: str, server: str, ca: bytes, client: Pair) -> Config:
    """A kubeconfig with one cluster, user and context, all named `context`."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": context, "cluster": {"server": server, "certificate-authority-data": _b64(ca)}}],
        "users": [
            {
                "name": context,
                "user": {
                    "client-certificate-data": _b64(client.certificate),
                    "client-key-data": _b64(client.key),
                },
            }
        ],
        "contexts": [{"name": context, "context": {"cluster": context, "user": context}}],
        "current-context": context,
    }


def merged(into: Config, new: Config) -> Config:
    """`into` with the entries of `new` added or replaced by name, and its current context."""
    result = {"apiVersion": "v1", "kind": "Config", **into}
    for kind in ("clusters", "users", "contexts"):
        names = {entry["name"] for entry in new[kind]}
        kept = [entry for entry in into.get(kind) or [] if entry.get("name") not in names]
        result[kind] = kept + new[kind]
    result["current-context"] = new["current-context"]
    return result


def without(config: Config, context: str) -> Config:
    """`config` without the entries named `context`; the current context is cleared if it was that one.

    No other is chosen: it could be one where the next command does harm.
    """
    result = dict(config)
    for kind in ("clusters", "users", "contexts"):
        result[kind] = [entry for entry in config.get(kind) or [] if entry.get("name") != context]
    if result.get("current-context") == context:
        result["current-context"] = ""
    return result


def read(path: Path) -> Config:
    """The file's content, {} where there is none. Raises ClusterError where it is not a kubeconfig."""
    try:
        content = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        raise ClusterError(f"--kubeconfig: {path} cannot be read ({reason}); mend it or name another file") from None
    if content is None:
        return {}
    if not isinstance(content, dict) or content.get("kind", "Config") != "Config" or not _listed(content):
        raise ClusterError(f"--kubeconfig: {path} is not a kubeconfig; name another file")
    return content


def _listed(config: Config) -> bool:
    entries = [config.get(kind) or [] for kind in ("clusters", "users", "contexts")]
    return all(isinstance(each, list) and all(isinstance(entry, dict) for entry in each) for each in entries)


def check(path: Path) -> None:
    """Raises ClusterError where the file is no kubeconfig, or nothing can be written beside it."""
    with _locked(path):
        read(path)


def edit(path: Path, change: Callable[[Config], Config]) -> None:
    """Replace the file by what `change` makes of it, while nobody else does: clusters may start side by side."""
    with _locked(path):
        write(path, change(read(path)))


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Holds the lock that kubectl takes for a change: a file beside it. One that stays is what a crash left."""
    lock, deadline = path.with_name(f"{path.name}.lock"), time.monotonic() + PATIENCE
    try:
        if not path.parent.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
        while not _made(lock) and time.monotonic() < deadline:
            time.sleep(0.02)
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _made(lock: Path) -> bool:
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def _unwritable(path: Path, error: OSError) -> ClusterError:
    return ClusterError(f"--kubeconfig: {path} cannot be written ({error.strerror}); name another file")


def write(path: Path, config: Config) -> None:
    """Replace the file at once, readable by its owner only; a link stays a link."""
    target = path.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = target.with_name(f".{target.name}.{os.getpid()}")
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            yaml.safe_dump(config, file, sort_keys=False)
        scratch.replace(target)
    except OSError as error:
        raise _unwritable(path, error) from None


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
