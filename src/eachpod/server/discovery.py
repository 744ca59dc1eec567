"""Discovery: which groups, versions and resources there are, aggregated (apidiscovery.k8s.io/v2) and one by one."""

import hashlib

import orjson

from eachpod.model.kind import Kind
from eachpod.model.objects import Object
from eachpod.model.registry import Registry
from eachpod.model.resource import Resource, Subresource

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
# Groups in the order in which clients that stop at the first match are to meet them.
_PRIORITY = ("", "apps", "events.k8s.io", "authentication.k8s.io", "authorization.k8s.io", "autoscaling", "batch")


def wants_aggregated(accept: str) -> bool:
    return "apidiscovery.k8s.io" in accept and "v=v2" in accept.replace("v=v2beta1", "")


def _groups(registry: Registry) -> list[str]:
    names = registry.groups()
    return [name for name in _PRIORITY if name in names] + [name for name in names if name not in _PRIORITY]


def _versions(registry: Registry, group: str) -> list[str]:
    found = dict.fromkeys(kind.resource.version for kind in registry if kind.resource.group == group)
    return sorted(found, key=_maturity, reverse=True)


def _maturity(version: str) -> tuple[int, int, int]:
    """v2 before v1 before v1beta1 before v1alpha1."""
    for level, word in ((1, "beta"), (0, "alpha")):
        major, found, minor = version.partition(word)
        if found:
            return level, int(major[1:] or 0), int(minor or 0)
    return 2, int(version[1:]) if version[1:].isdigit() else 0, 0


def _kinds(registry: Registry, group: str, version: str) -> list[Kind]:
    found = [kind for kind in registry if kind.resource.group == group and kind.resource.version == version]
    return sorted(found, key=lambda kind: kind.resource.plural)


def aggregated(registry: Registry, *, core: bool) -> tuple[bytes, str]:
    """The document for `/api` (core) or `/apis`, and its ETag."""
    names = [""] if core else [name for name in _groups(registry) if name]
    items = [_group(registry, name) for name in names]
    document = {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": items,
    }
    data = orjson.dumps(document)
    return data, hashlib.sha512(data).hexdigest().upper()


def _group(registry: Registry, name: str) -> Object:
    versions = [
        {
            "version": version,
            "resources": [_resource(kind.resource) for kind in _kinds(registry, name, version)],
            "freshness": "Current",
        }
        for version in _versions(registry, name)
    ]
    meta: Object = {"creationTimestamp": None}
    if name:
        meta["name"] = name
    return {"metadata": meta, "versions": versions}


def _resource(resource: Resource) -> Object:
    shown: Object = {
        "resource": resource.plural,
        # Group and version are left empty where they are those of the document.
        "responseKind": {"group": "", "version": "", "kind": resource.kind},
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": sorted(resource.verbs),
    }
    if resource.short_names:
        shown["shortNames"] = list(resource.short_names)
    if resource.categories:
        shown["categories"] = list(resource.categories)
    if resource.subresources:
        ordered = sorted(resource.subresources, key=lambda sub: sub.name)
        shown["subresources"] = [_subresource(resource, sub) for sub in ordered]
    return shown


def _subresource(resource: Resource, sub: Subresource) -> Object:
    kind = {"group": sub.group, "version": sub.version, "kind": sub.kind or resource.kind}
    return {"subresource": sub.name, "responseKind": kind, "verbs": sorted(sub.verbs)}


def versions_document(address: str) -> Object:
    """Plain `/api`."""
    where = [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": where}


def groups_document(registry: Registry) -> Object:
    """Plain `/apis`."""
    groups = [_api_group(registry, name) for name in _groups(registry) if name]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def group_document(registry: Registry, name: str) -> Object | None:
    """`/apis/GROUP`."""
    if not name or name not in registry.groups():
        return None
    return {"kind": "APIGroup", "apiVersion": "v1", **_api_group(registry, name)}


def _api_group(registry: Registry, name: str) -> Object:
    versions = [{"groupVersion": f"{name}/{version}", "version": version} for version in _versions(registry, name)]
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def resources_document(registry: Registry, group: str, version: str) -> Object | None:
    """`/api/v1` and `/apis/GROUP/VERSION`."""
    kinds = _kinds(registry, group, version)
    if not kinds:
        return None
    entries: list[Object] = []
    for kind in kinds:
        resource = kind.resource
        entries.append(_api_resource(resource))
        entries += [_api_subresource(resource, sub) for sub in sorted(resource.subresources, key=lambda s: s.name)]
    return {
        "kind": "APIResourceList",
        **({"apiVersion": "v1"} if group else {}),
        "groupVersion": f"{group}/{version}" if group else version,
        "resources": entries,
    }


def _api_resource(resource: Resource) -> Object:
    shown: Object = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": sorted(resource.verbs),
    }
    if resource.short_names:
        shown["shortNames"] = list(resource.short_names)
    if resource.categories:
        shown["categories"] = list(resource.categories)
    if {"create", "get"} <= set(resource.verbs):
        whole = f"{resource.group}/{resource.version}/{resource.plural}"
        shown["storageVersionHash"] = _hash(whole)
    return shown


def _hash(text: str) -> str:
    from base64 import b64encode

    return b64encode(hashlib.sha256(text.encode()).digest()[:8]).decode()


def _api_subresource(resource: Resource, sub: Subresource) -> Object:
    shown: Object = {
        "name": f"{resource.plural}/{sub.name}",
        "singularName": "",
        "namespaced": resource.namespaced,
        "kind": sub.kind or resource.kind,
        "verbs": sorted(sub.verbs),
    }
    if sub.kind and (sub.group, sub.version) != ("", ""):
        shown |= {"group": sub.group, "version": sub.version}
    return shown
