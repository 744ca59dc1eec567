"""Objects that a new cluster has from the start and that no controller keeps: the default StorageClass."""

from contextlib import suppress

from eachpod.client.client import Client
from eachpod.model.errors import AlreadyExists
from eachpod.model.resources import STORAGECLASS
from eachpod.model.wellknown import DEFAULT_CLASS

from .provisioner import PROVISIONER

# `standard` is what local clusters call theirs, so that charts' instructions for those fit.
STANDARD_CLASS = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": "standard", "annotations": {DEFAULT_CLASS: "true"}},
    "provisioner": PROVISIONER,
    "reclaimPolicy": "Delete",
    "volumeBindingMode": "WaitForFirstConsumer",
}


async def ensure_default_storage_class(client: Client) -> None:
    """Create it where it is missing; one that a user has changed or replaced stays as it is."""
    if any(True for _ in (await client.list(STORAGECLASS)).items):
        return
    with suppress(AlreadyExists):
        await client.create(STORAGECLASS, STANDARD_CLASS)
