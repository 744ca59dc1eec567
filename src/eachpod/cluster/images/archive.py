"""Brings images that a user has as files into a store: an OCI layout (folder or tar) or a tar of `docker save`.

Every blob is checked against its digest on the way, so that a damaged file is told here and not by a pod that does not
start.
"""

import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import oci
from .packages import KitError
from .reference import parse
from .store import Image, Store

Read = Callable[[str], bytes | None]


def load(source: Path, out: Path, name: str = "") -> list[Image]:
    """Adds all images of `source` to the store at `out`; `name` is for a source with one image, which need not have
    one itself."""
    try:
        if source.is_dir():
            return _load(lambda path: _read_file(source / path), source, out, name)
        with tarfile.open(source) as tar:
            return _load(lambda path: _read_member(tar, path), source, out, name)
    except tarfile.ReadError:
        raise KitError(f"{source} is neither a folder nor a tar archive of images") from None
    except FileNotFoundError:
        raise KitError(f"{source} does not exist") from None
    except OSError as error:
        raise KitError(f"{error.filename or source} cannot be read or written ({error.strerror})") from None


def _load(read: Read, source: Path, out: Path, name: str) -> list[Image]:
    index = _parsed(read("index.json"))
    found = _layout(read, index) if index else _docker(read, _parsed(read("manifest.json")) or [])
    if not found:
        raise KitError(f"{source} holds no image: it has neither an index.json (OCI layout) nor a manifest.json")
    if name:
        if len(found) > 1:
            raise KitError(f"{source} holds {len(found)} images, so they cannot all be called {name}")
        found = [(name, *found[0][1:])]
    if not all(each for each, _, _ in found):
        raise KitError(f"{source} does not say how its image is called; give a name")
    return [Store(out).add(str(parse(each)), entry, blobs) for each, entry, blobs in found]


Found = tuple[str, oci.Json, dict[str, bytes]]


def _layout(read: Read, index: oci.Json) -> list[Found]:
    names = _repo_tags(read)
    found = []
    for entry in index.get("manifests") or []:
        blobs: dict[str, bytes] = {}
        _collect(read, entry, blobs)
        if not any("config" in (_parsed(blob) or {}) for blob in blobs.values() if len(blob) < 4_000_000):
            raise KitError(f"image {entry['digest']} is incomplete: the archive lacks its manifest")
        config = _config_digest(blobs.get(entry["digest"]))
        found += [(name, entry, blobs) for name in names.get(config) or [oci.named(entry)]]
    return found


def _collect(read: Read, entry: oci.Json, blobs: dict[str, bytes]) -> None:
    """Reads an entry and what it names into `blobs`. Platforms that an index names and the archive lacks are left out,
    as `docker save` leaves them."""
    data = read(f"blobs/{entry['digest'].replace(':', '/')}")
    if data is None:
        if oci.is_document(entry):
            return
        raise KitError(f"blob {entry['digest']} is missing")
    if oci.digest_of(data) != entry["digest"]:
        raise KitError(f"blob {entry['digest']} is damaged: its contents have another digest")
    blobs[entry["digest"]] = data
    for child in oci.children(json.loads(data)) if oci.is_document(entry) else ():
        _collect(read, child, blobs)


def _docker(read: Read, manifests: list[oci.Json]) -> list[Found]:
    """The older form of `docker save`: plain layers and configurations, named by manifest.json."""
    found = []
    for manifest in manifests:
        config, layers = read(manifest["Config"]), [read(path) for path in manifest["Layers"]]
        if config is None or None in layers:
            raise KitError("the archive lacks a file that its manifest.json names")
        kept = [layer for layer in layers if layer is not None]
        kinds = [oci.LAYER_GZIP if layer.startswith(b"\x1f\x8b") else oci.LAYER for layer in kept]
        document = {
            "schemaVersion": 2,
            "mediaType": oci.MANIFEST,
            "config": oci.descriptor(config, oci.CONFIG),
            "layers": [oci.descriptor(layer, kind) for layer, kind in zip(kept, kinds, strict=True)],
        }
        encoded = oci.encode(document)
        blobs = {oci.digest_of(blob): blob for blob in (encoded, config, *kept)}
        entry = oci.descriptor(encoded, oci.MANIFEST)
        found += [(name, entry, blobs) for name in manifest.get("RepoTags") or [""]]
    return found


def _repo_tags(read: Read) -> dict[str, list[str]]:
    """Names by digest of the configuration, from the manifest.json that `docker save` puts beside an OCI layout."""
    tags: dict[str, list[str]] = {}
    for manifest in _parsed(read("manifest.json")) or []:
        digest = "sha256:" + Path(manifest["Config"]).name.removesuffix(".json")
        tags.setdefault(digest, []).extend(manifest.get("RepoTags") or [])
    return tags


def _config_digest(manifest: bytes | None) -> str:
    return str(((_parsed(manifest) or {}).get("config") or {}).get("digest", ""))


def _parsed(data: bytes | None) -> Any:
    try:
        return json.loads(data) if data else None
    except ValueError:
        return None


def _read_file(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _read_member(tar: tarfile.TarFile, path: str) -> bytes | None:
    for name in (path, f"./{path}"):
        try:
            member = tar.extractfile(name)
        except KeyError:
            continue
        return member.read() if member else None
    return None
