"""What a new cluster holds from the start besides what the API server makes: the DNS Services, a StorageClass."""

from contextlib import suppress

from eachpod.client.client import Client
from eachpod.controllers.provisioner import PROVISIONER
from eachpod.model import objects
from eachpod.model.errors import AlreadyExists, NotFound
from eachpod.model.objects import Object
from eachpod.model.resource import Resource
from eachpod.model.resources import ENDPOINTSLICE, SERVICE, STORAGECLASS
from eachpod.model.wellknown import DEFAULT_CLASS, MANAGED_BY, SERVICE_NAME

from .addresses import FABRIC_ADDRESS
from .settings import Settings

_SPACE = "kube-system"
_PORTS = (("dns", "UDP"), ("dns-tcp", "TCP"))
# `standard` is what local clusters call theirs, so that charts' instructions for those fit.
_STANDARD_CLASS = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": "standard", "annotations": {DEFAULT_CLASS: "true"}},
    "provisioner": PROVISIONER,
    "reclaimPolicy": "Delete",
    "volumeBindingMode": "WaitForFirstConsumer",
}


def dns_objects(name: str, address: str) -> list[tuple[Resource, Object]]:
    """A Service for the cluster DNS and the slice that says where it listens."""
    labels = {
        "k8s-app": "kube-dns",
        "kubernetes.io/cluster-service": "true",
        "kubernetes.io/name": "CoreDNS",
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": _SPACE, "labels": labels},
        "spec": {
            "clusterIP": address,
            "clusterIPs": [address],
            "ipFamilyPolicy": "SingleStack",
            "ports": [{"name": port, "port": 53, "targetPort": 53, "protocol": protocol} for port, protocol in _PORTS],
        },
    }
    endpoints = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{name}-eachpod",
            "namespace": _SPACE,
            "labels": {
                SERVICE_NAME: name,
                MANAGED_BY: "eachpod.dev",
            },
        },
        "addressType": "IPv4",
        "endpoints": [
            {"addresses": [FABRIC_ADDRESS], "conditions": {"ready": True, "serving": True, "terminating": False}}
        ],
        "ports": [{"name": port, "port": 53, "protocol": protocol} for port, protocol in _PORTS],
    }
    return [(SERVICE, service), (ENDPOINTSLICE, endpoints)]


async def install(client: Client, settings: Settings) -> None:
    """Create what is missing; what users have changed stays."""
    names = {"coredns": settings.dns_address, "kube-dns": settings.kube_dns_address}
    for name, address in names.items():
        for resource, obj in dns_objects(name, address):
            if not await _exists(client, resource, objects.name(obj)):
                await client.create(resource, obj)
    await ensure_default_storage_class(client)


async def _exists(client: Client, resource: Resource, name: str) -> bool:
    try:
        await client.get(resource, name, _SPACE)
    except NotFound:
        return False
    return True


async def ensure_default_storage_class(client: Client) -> None:
    """Create it where it is missing; one that a user has changed or replaced stays as it is."""
    if (await client.list(STORAGECLASS)).items:
        return
    with suppress(AlreadyExists):
        await client.create(STORAGECLASS, _STANDARD_CLASS)
