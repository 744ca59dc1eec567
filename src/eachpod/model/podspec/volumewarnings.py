"""What a user should know about a pod's volumes: kinds that work no more, and files that take each other's place."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from eachpod.model import quantity
from eachpod.model.objects import Object, dig

# In the order in which they are told: before and after what an ephemeral volume's claim has to say.
_OLD = {
    "photonPersistentDisk": "deprecated in v1.11, non-functional in v1.16+",
    "gitRepo": "deprecated in v1.11, and disabled by default in v1.33+",
    "scaleIO": "deprecated in v1.16, non-functional in v1.22+",
    "flocker": "deprecated in v1.22, non-functional in v1.25+",
    "storageos": "deprecated in v1.22, non-functional in v1.25+",
    "quobyte": "deprecated in v1.22, non-functional in v1.25+",
    "glusterfs": "deprecated in v1.25, non-functional in v1.26+",
}
_LATER = {
    "cephfs": "deprecated in v1.28, non-functional in v1.31+",
    "rbd": "deprecated in v1.28, non-functional in v1.31+",
}
_SHOWN = {"storageos": "storageOS"}


class _File(NamedTuple):
    path: str
    source: str = ""

    def __str__(self) -> str:
        return f'"{self.path}" ({self.source})' if self.source else f'"{self.path}"'


def volume_warnings(volumes: Iterable[Object], path: str) -> list[str]:
    listed = list(volumes)
    found: list[str] = []
    for index, volume in enumerate(listed):
        here = f"{path}[{index}]"
        found += _retired(volume, _OLD, here)
        claim = dig(volume, "ephemeral", "volumeClaimTemplate", "spec")
        if claim is not None:
            found += claim_warnings(claim, f"{here}.ephemeral.volumeClaimTemplate.spec")
        found += _retired(volume, _LATER, here)
    for volume in listed:
        found += _overlaps(volume)
    return found


def claim_warnings(spec: Object, path: str) -> list[str]:
    found: list[str] = []
    for kind in ("requests", "limits"):
        size = dig(spec, "resources", kind, "storage")
        if size is not None and quantity.parse(size).denominator != 1:
            text = f'fractional byte value "{size}" is invalid, must be an integer'
            found.append(f"{path}.resources.{kind}[storage]: {text}")
    return found


def _retired(volume: Object, kinds: dict[str, str], path: str) -> list[str]:
    return [f"{path}.{_SHOWN.get(kind, kind)}: {text}" for kind, text in kinds.items() if volume.get(kind) is not None]


def _overlaps(volume: Object) -> Iterator[str]:
    name = volume.get("name") or ""
    for kind, shown, key in (("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName")):
        source = volume.get(kind) or {}
        yield from _colliding(name, f'{shown} "{source.get(key) or ""}"', _files(source))
    yield from _colliding(name, "DownwardAPI", _files(volume.get("downwardAPI") or {}))
    files: list[_File] = []
    for source in dig(volume, "projected", "sources", default=()):
        if not source:
            yield f'volume "{name}" (Projected) has no sources provided'
        files += _projected(source)
    yield from _colliding(name, "Projected", files)


def _files(source: Object, shown: str = "") -> list[_File]:
    return [_File(item.get("path") or "", shown) for item in source.get("items") or ()]


def _projected(source: Object) -> list[_File]:
    """The files that one source of a projected volume makes, where it says which."""
    for kind, shown in (("configMap", "ConfigMap"), ("secret", "Secret")):
        named = source.get(kind) or {}
        if named.get("items"):
            return _files(named, f'{shown} "{named.get("name") or ""}"')
    if dig(source, "downwardAPI", "items"):
        return _files(source["downwardAPI"], "DownwardAPI")
    if source.get("serviceAccountToken") is not None:
        return [_File(source["serviceAccountToken"].get("path") or "", "ServiceAccountToken")]
    if source.get("clusterTrustBundle") is not None:
        bundle = source["clusterTrustBundle"]
        named = bundle["name"] if bundle.get("name") is not None else bundle.get("signerName") or ""
        return [_File(bundle.get("path") or "", f'ClusterTrustBundle "{named}"')]
    certificate = source.get("podCertificate") or {}
    parts = (("certificateChainPath", "chain"), ("keyPath", "key"), ("credentialBundlePath", "credential bundle"))
    return [_File(certificate[field], f"PodCertificate {part}") for field, part in parts if certificate.get(field)]


def _colliding(volume: str, shown: str, files: Iterable[_File]) -> Iterator[str]:
    """Files of the same path, or of which one is where another needs a directory."""
    earlier: list[_File] = []
    for one in files:
        file = one._replace(path=one.path.rstrip("/"))
        for other in earlier:
            if file.path and other.path and _meet(file.path, other.path):
                yield f'volume "{volume}" ({shown}): overlapping paths: {file} with {other}'
        earlier.append(file)


def _meet(one: str, other: str) -> bool:
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")
