"""What a cluster holds from its first moment: namespaces, the Service `kubernetes`, roles, priority classes.

Everything is made by ordinary requests, so it passes through the same defaults and checks as what users make. What a
user has changed is left alone, but for the endpoints of `kubernetes`, which must be where the server is, and for the
objects in the server's configuration.
"""

import asyncio
import logging
from ipaddress import ip_address
from pathlib import Path

from eachpod.model import errors
from eachpod.model.objects import Object
from eachpod.model.resource import Resource
from eachpod.model.resources import (
    CLUSTERROLE,
    CLUSTERROLEBINDING,
    CONFIGMAP,
    ENDPOINTS,
    ENDPOINTSLICE,
    NAMESPACE,
    PRIORITYCLASS,
    ROLE,
    ROLEBINDING,
    SERVICE,
    SERVICECIDR,
)
from eachpod.model.services.traits import family_of
from eachpod.model.wellknown import SERVICE_NAME, SKIP_MIRROR
from eachpod.wire.http import MERGE_PATCH, Request

from . import defaultroles
from .app import ApiServer
from .user import LOOPBACK

log = logging.getLogger(__name__)

_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
_PRIORITIES = (
    (
        "system-cluster-critical",
        2000000000,
        "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
    ),
    (
        "system-node-critical",
        2000001000,
        "Used for system critical pods that must not be moved from their current node.",
    ),
)
_REPAIR_SECONDS = 10.0


async def install(server: ApiServer) -> None:
    """Create what is missing."""
    for name in _NAMESPACES:
        await ensure(server, NAMESPACE, {"metadata": {"name": name}})
    for name, value, text in _PRIORITIES:
        await ensure(server, PRIORITYCLASS, {"metadata": {"name": name}, "value": value, "description": text})
    await _install_roles(server)
    await asyncio.gather(*(_keep(server, resource, wanted) for resource, wanted in server.config.objects))
    await ensure(server, SERVICECIDR, _range(server))
    await _install_service(server)
    await _install_authentication(server)


async def ensure(server: ApiServer, resource: Resource, obj: Object) -> None:
    """Create an object unless there is one of its name."""
    meta = obj["metadata"]
    if server.view.get(resource, meta["name"], meta.get("namespace") or "") is not None:
        return
    body = {"kind": resource.kind, "apiVersion": resource.api_version, **obj}
    try:
        await server.answer(Request("POST", resource.path(meta.get("namespace") or ""), body=body), LOOPBACK)
    except errors.AlreadyExists:
        return


async def _keep(server: ApiServer, resource: Resource, wanted: Object) -> None:
    """Create an object; one that is there is made the same in everything but its metadata."""
    await ensure(server, resource, wanted)
    name, space = wanted["metadata"]["name"], wanted["metadata"].get("namespace") or ""
    held = server.view.get(resource, name, space) or {}
    body = {key: value for key, value in wanted.items() if key != "metadata"}
    if any(held.get(key) != value for key, value in body.items()):
        patch = Request("PATCH", resource.path(space, name), body=body, content_type=MERGE_PATCH)
        await server.answer(patch, LOOPBACK)


def _range(server: ApiServer) -> Object:
    return {"metadata": {"name": "kubernetes"}, "spec": {"cidrs": list(server.config.service_cidrs)}}


async def _install_roles(server: ApiServer) -> None:
    """All at once: the store writes what comes together in one go."""
    made = (
        (CLUSTERROLE, defaultroles.cluster_roles()),
        (CLUSTERROLEBINDING, defaultroles.cluster_bindings()),
        (ROLE, defaultroles.roles()),
        (ROLEBINDING, defaultroles.bindings()),
    )
    await asyncio.gather(*(ensure(server, resource, obj) for resource, objects in made for obj in objects))


async def _install_service(server: ApiServer) -> None:
    network = next(iter(server.services.networks.values()))
    spec: Object = {
        "clusterIP": str(network.network_address + 1),
        "ports": [{"name": "https", "port": 443, "targetPort": server.config.advertise_port, "protocol": "TCP"}],
        "type": "ClusterIP",
        "sessionAffinity": "None",
    }
    labels = {"component": "apiserver", "provider": "kubernetes"}
    meta = {"name": "kubernetes", "namespace": "default", "labels": labels}
    await ensure(server, SERVICE, {"metadata": meta, "spec": spec})
    await point_at_server(server)


async def point_at_server(server: ApiServer) -> None:
    """Make the endpoints of `kubernetes` what they have to be; none where only this machine reaches the server."""
    address, port = server.config.advertise_address, server.config.advertise_port
    if ip_address(address).is_loopback:
        return
    meta = {"name": "kubernetes", "namespace": "default"}
    ports = [{"name": "https", "port": port, "protocol": "TCP"}]
    marks = {SKIP_MIRROR: "true"}
    endpoints: Object = {
        "metadata": {**meta, "labels": marks},
        "subsets": [{"addresses": [{"ip": address}], "ports": ports}],
    }
    slice_: Object = {
        "metadata": {**meta, "labels": {SERVICE_NAME: "kubernetes"}},
        "addressType": family_of(address),
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
        "ports": ports,
    }
    for resource, wanted in ((ENDPOINTS, endpoints), (ENDPOINTSLICE, slice_)):
        held = server.view.get(resource, "kubernetes", "default") or {}
        if resource == ENDPOINTSLICE and held.get("addressType") not in (None, wanted["addressType"]):
            await server.answer(Request("DELETE", resource.path("default", "kubernetes")), LOOPBACK)
        await _keep(server, resource, wanted)


async def keep_pointing(server: ApiServer) -> None:
    """Repair the endpoints of `kubernetes` for ever."""
    while True:
        await asyncio.sleep(_REPAIR_SECONDS)
        try:
            await _install_service(server)
        except errors.StatusError as error:
            log.warning("the endpoints of the Service kubernetes could not be repaired: %s", error)


async def _install_authentication(server: ApiServer) -> None:
    """Where servers that are added to the cluster find the authority of its clients."""
    path = server.config.client_ca_path
    data = {"client-ca-file": await asyncio.to_thread(Path(path).read_text)} if path else {}
    meta = {"name": "extension-apiserver-authentication", "namespace": "kube-system"}
    await ensure(server, CONFIGMAP, {"metadata": meta, "data": data})
