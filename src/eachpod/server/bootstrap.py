"""What a cluster holds from its first moment: namespaces, the Service `kubernetes`, roles, priority classes.

Everything is made by ordinary requests, so it passes through the same defaults and checks as what users make. What a
user has changed is left alone, but for the endpoints of `kubernetes`, which must be where the server is.
"""

import asyncio
import json
import logging
from importlib import resources as files
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
from eachpod.wire.http import MERGE_PATCH, Request

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
_RBAC = "rbac.authorization.k8s.io"
_LABELS = {"kubernetes.io/bootstrapping": "rbac-defaults"}
_ANNOTATIONS = {"rbac.authorization.kubernetes.io/autoupdate": "true"}
_REPAIR_SECONDS = 10.0
# Subjects of the bindings that go with a role of the same name.
_BOUND_GROUPS = {
    "cluster-admin": ("system:masters",),
    "system:discovery": ("system:authenticated",),
    "system:basic-user": ("system:authenticated",),
    "system:public-info-viewer": ("system:authenticated", "system:unauthenticated"),
    "system:monitoring": ("system:monitoring",),
    "system:service-account-issuer-discovery": ("system:serviceaccounts",),
}
_BOUND_USERS = {
    "system:kube-scheduler": "system:kube-scheduler",
    "system:kube-controller-manager": "system:kube-controller-manager",
    "system:node-proxier": "system:kube-proxy",
}
_AGGREGATED = {"admin": (), "edit": ("admin",), "view": ("edit",)}
_LEADERS = ("kube-controller-manager", "kube-scheduler")


async def install(server: ApiServer) -> None:
    """Create what is missing."""
    for name in _NAMESPACES:
        await ensure(server, NAMESPACE, {"metadata": {"name": name}})
    for name, value, text in _PRIORITIES:
        await ensure(server, PRIORITYCLASS, {"metadata": {"name": name}, "value": value, "description": text})
    await _install_roles(server)
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


def _range(server: ApiServer) -> Object:
    return {"metadata": {"name": "kubernetes"}, "spec": {"cidrs": list(server.config.service_cidrs)}}


def _meta(name: str, labels: Object | None = None) -> Object:
    return {"name": name, "labels": {**_LABELS, **(labels or {})}, "annotations": _ANNOTATIONS}


def roles() -> list[Object]:
    """The cluster roles, without what the server adds."""
    table: Object = json.loads(files.files("eachpod.server.data").joinpath("roles.json").read_text())
    made = [{"metadata": _meta(name, role["labels"]), "rules": role["rules"]} for name, role in table.items()]
    for name, into in _AGGREGATED.items():
        labels = {f"{_RBAC}/aggregate-to-{each}": "true" for each in into}
        selector = {"matchLabels": {f"{_RBAC}/aggregate-to-{name}": "true"}}
        made.append({"metadata": _meta(name, labels), "aggregationRule": {"clusterRoleSelectors": [selector]}})
    return made


def bindings() -> list[Object]:
    made = [_binding(name, [_subject("Group", group) for group in groups]) for name, groups in _BOUND_GROUPS.items()]
    made += [_binding(name, [_subject("User", user)]) for name, user in _BOUND_USERS.items()]
    made.append(_binding("system:node", []))
    made.append(_binding("system:kube-dns", [_account("kube-dns")]))
    for role in roles():
        name = role["metadata"]["name"]
        if name.startswith("system:controller:"):
            made.append(_binding(name, [_account(name.removeprefix("system:controller:"))]))
    return made


def _subject(kind: str, name: str) -> Object:
    return {"kind": kind, "apiGroup": _RBAC, "name": name}


def _account(name: str) -> Object:
    return {"kind": "ServiceAccount", "name": name, "namespace": "kube-system"}


def _binding(name: str, subjects: list[Object]) -> Object:
    reference = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": name}
    made: Object = {"metadata": _meta(name), "roleRef": reference}
    return {**made, "subjects": subjects} if subjects else made


async def _install_roles(server: ApiServer) -> None:
    for role in roles():
        await ensure(server, CLUSTERROLE, role)
    for binding in bindings():
        await ensure(server, CLUSTERROLEBINDING, binding)
    reader = "extension-apiserver-authentication-reader"
    rule = {
        "apiGroups": [""],
        "resources": ["configmaps"],
        "resourceNames": ["extension-apiserver-authentication"],
        "verbs": ["get", "list", "watch"],
    }
    users = [_subject("User", f"system:{name}") for name in _LEADERS]
    await _namespaced(server, reader, [rule], users, f"system::{reader}")
    for name in _LEADERS:
        lease = {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"]}
        rules = [
            {**lease, "verbs": ["watch"]},
            {**lease, "resourceNames": [name], "verbs": ["get", "update"]},
        ]
        locking = f"system::leader-locking-{name}"
        await _namespaced(server, locking, rules, [_subject("User", f"system:{name}"), _account(name)], locking)


async def _namespaced(server: ApiServer, role: str, rules: list[Object], who: list[Object], binding: str) -> None:
    where = {"namespace": "kube-system"}
    await ensure(server, ROLE, {"metadata": {**_meta(role), **where}, "rules": rules})
    reference = {"apiGroup": _RBAC, "kind": "Role", "name": role}
    await ensure(server, ROLEBINDING, {"metadata": {**_meta(binding), **where}, "roleRef": reference, "subjects": who})


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
    marks = {"endpointslice.kubernetes.io/skip-mirror": "true"}
    endpoints: Object = {
        "metadata": {**meta, "labels": marks},
        "subsets": [{"addresses": [{"ip": address}], "ports": ports}],
    }
    slice_: Object = {
        "metadata": {**meta, "labels": {"kubernetes.io/service-name": "kubernetes"}},
        "addressType": family_of(address),
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
        "ports": ports,
    }
    for resource, wanted in ((ENDPOINTS, endpoints), (ENDPOINTSLICE, slice_)):
        await ensure(server, resource, wanted)
        held = server.view.get(resource, "kubernetes", "default") or {}
        if resource == ENDPOINTSLICE and held.get("addressType") not in (None, wanted["addressType"]):
            await server.answer(Request("DELETE", resource.path("default", "kubernetes")), LOOPBACK)
            await ensure(server, resource, wanted)
            continue
        body = {key: value for key, value in wanted.items() if key != "metadata"}
        if any(held.get(key) != value for key, value in body.items()):
            path = resource.path("default", "kubernetes")
            await server.answer(Request("PATCH", path, body=body, content_type=MERGE_PATCH), LOOPBACK)


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
