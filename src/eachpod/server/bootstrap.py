"""What a cluster holds from its first moment: namespaces and the Service `kubernetes`."""

import logging

from eachpod.model import errors
from eachpod.model.objects import Object
from eachpod.model.resource import Resource
from eachpod.model.resources import NAMESPACE
from eachpod.wire.http import Request

from .app import ApiServer
from .user import LOOPBACK

log = logging.getLogger(__name__)

_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")


async def install(server: ApiServer) -> None:
    """Create what is missing."""
    for name in _NAMESPACES:
        await ensure(server, NAMESPACE, {"metadata": {"name": name}})


async def ensure(server: ApiServer, resource: Resource, obj: Object) -> None:
    """Create an object unless there is one of its name."""
    meta = obj["metadata"]
    body = {"kind": resource.kind, "apiVersion": resource.api_version, **obj}
    if server.view.get(resource, meta["name"], meta.get("namespace") or "") is not None:
        return
    try:
        await server.answer(Request("POST", resource.path(meta.get("namespace") or ""), body=body), LOOPBACK)
    except errors.AlreadyExists:
        return
