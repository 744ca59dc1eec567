"""What a pod needs of other objects in its namespace: what its node has to read for it."""

from collections.abc import Iterator
from typing import Any

from eachpod.model.objects import Object, dig, name

Reference = tuple[str, str]

_SECRET, _CONFIGMAP, _CLAIM = "secrets", "configmaps", "persistentvolumeclaims"


def references(pod: Object) -> set[Reference]:
    """Plural and name of each Secret, ConfigMap, claim and ServiceAccount."""
    spec = pod.get("spec") or {}
    found = {("serviceaccounts", spec.get("serviceAccountName") or "")}
    found |= {(_SECRET, each.get("name") or "") for each in spec.get("imagePullSecrets") or ()}
    for kind in ("containers", "initContainers", "ephemeralContainers"):
        for container in spec.get(kind) or ():
            found.update(_environment(container))
    for volume in spec.get("volumes") or ():
        found.update(_volume(volume, name(pod)))
    return {(plural, each) for plural, each in found if each}


def _environment(container: Object) -> Iterator[Reference]:
    for source in container.get("envFrom") or ():
        yield _SECRET, dig(source, "secretRef", "name", default="")
        yield _CONFIGMAP, dig(source, "configMapRef", "name", default="")
    for variable in container.get("env") or ():
        yield _SECRET, dig(variable, "valueFrom", "secretKeyRef", "name", default="")
        yield _CONFIGMAP, dig(variable, "valueFrom", "configMapKeyRef", "name", default="")


def _volume(volume: Object, pod: str) -> Iterator[Reference]:
    yield _SECRET, dig(volume, "secret", "secretName", default="")
    yield _CONFIGMAP, dig(volume, "configMap", "name", default="")
    yield _CLAIM, dig(volume, "persistentVolumeClaim", "claimName", default="")
    if volume.get("ephemeral") is not None:
        yield _CLAIM, f"{pod}-{volume.get('name') or ''}"
    for source in dig(volume, "projected", "sources", default=()):
        yield _SECRET, dig(source, "secret", "name", default="")
        yield _CONFIGMAP, dig(source, "configMap", "name", default="")
    yield from ((_SECRET, each) for each in _drivers(volume))


def _drivers(volume: Any) -> Iterator[str]:
    """Secrets that drivers of volumes are given."""
    for source in volume.values():
        for key in ("secretRef", "nodePublishSecretRef"):
            yield dig(source, key, "name", default="")
    yield dig(volume, "azureFile", "secretName", default="")
