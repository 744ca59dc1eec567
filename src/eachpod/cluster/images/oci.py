"""OCI image documents as values: descriptors, configurations, manifests, and reading what a manifest names.

Nothing here touches a file: blobs come in and go out as bytes, named by their digest.
"""

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Json = dict[str, Any]

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"

# Under which annotation an entry of index.json tells its image's name: containerd's, then the specification's.
NAME = "io.containerd.image.name"
REF_NAME = "org.opencontainers.image.ref.name"


def digest_of(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def descriptor(data: bytes, media_type: str) -> Json:
    return {"mediaType": media_type, "digest": digest_of(data), "size": len(data)}


def encode(document: Json) -> bytes:
    """The one spelling of a document here, so that equal documents have equal digests."""
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def image(
    layers: Sequence[bytes], config: Mapping[str, Any], architecture: str, compress: bool = True
) -> tuple[Json, dict[str, bytes]]:
    """The descriptor of a new image's manifest, and all its blobs by digest. `layers` are tar archives."""
    blobs: dict[str, bytes] = {}

    def keep(data: bytes, media_type: str) -> Json:
        entry = descriptor(data, media_type)
        blobs[entry["digest"]] = data
        return entry

    kind = LAYER_GZIP if compress else LAYER
    packed = [keep(gzip.compress(layer, 6, mtime=0) if compress else layer, kind) for layer in layers]
    about = {
        "architecture": architecture,
        "os": "linux",
        "config": dict(config),
        "rootfs": {"type": "layers", "diff_ids": [digest_of(layer) for layer in layers]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": keep(encode(about), CONFIG),
        "layers": packed,
    }
    return keep(encode(manifest), MANIFEST), blobs


def media_type(document: Mapping[str, Any]) -> str:
    """What a manifest is, also where it leaves its own type out (the OCI specification lets it)."""
    return document.get("mediaType") or (INDEX if "manifests" in document else MANIFEST)


def is_document(entry: Mapping[str, Any]) -> bool:
    """Whether a descriptor is of a manifest or an index, which name further blobs."""
    return entry.get("mediaType") in (MANIFEST, INDEX, DOCKER_MANIFEST, DOCKER_INDEX)


def children(document: Mapping[str, Any]) -> Iterator[Json]:
    """The descriptors that a manifest or an index names directly."""
    if "config" in document:
        yield document["config"]
    yield from document.get("layers") or ()
    yield from document.get("manifests") or ()


def named(entry: Mapping[str, Any]) -> str:
    """The image name that an entry of index.json bears, "" where it bears none. A reference name that is only a tag
    (skopeo and others write that) is no name."""
    annotations = entry.get("annotations") or {}
    name = annotations.get(NAME) or annotations.get(REF_NAME) or ""
    return name if ":" in name or "/" in name or "@" in name else ""
