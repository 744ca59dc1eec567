"""The scheduler's view of everything beside pods and nodes, over the informers' caches."""

from collections.abc import Mapping

from eachpod.client.cache import Cache, by_namespace
from eachpod.model.objects import Object
from eachpod.model.resource import Resource
from eachpod.model.resources import (
    NAMESPACE,
    PERSISTENTVOLUME,
    PERSISTENTVOLUMECLAIM,
    PODDISRUPTIONBUDGET,
    REPLICASET,
    REPLICATIONCONTROLLER,
    SERVICE,
    STATEFULSET,
    STORAGECLASS,
)

from .cluster import Related

RELATED = (
    NAMESPACE, SERVICE, REPLICATIONCONTROLLER, REPLICASET, STATEFULSET,
    PERSISTENTVOLUMECLAIM, PERSISTENTVOLUME, STORAGECLASS, PODDISRUPTIONBUDGET,
)  # fmt: skip
_INDEX = "namespace"
_OWNERS = {(one.api_version, one.kind): one for one in (REPLICATIONCONTROLLER, REPLICASET, STATEFULSET)}


def related_from(caches: Mapping[Resource, Cache]) -> Related:
    for resource in (SERVICE, PODDISRUPTIONBUDGET):
        caches[resource].add_index(_INDEX, by_namespace)

    def owner(api_version: str, kind: str, namespace: str, name: str) -> Object | None:
        resource = _OWNERS.get((api_version, kind))
        return caches[resource].get(name, namespace) if resource else None

    return Related(
        services=lambda namespace: caches[SERVICE].by_index(_INDEX, namespace),
        owner=owner,
        namespaces=caches[NAMESPACE].items,
        claim=lambda namespace, name: caches[PERSISTENTVOLUMECLAIM].get(name, namespace),
        volume=caches[PERSISTENTVOLUME].get,
        volumes=caches[PERSISTENTVOLUME].items,
        storage_class=caches[STORAGECLASS].get,
        budgets=lambda namespace: caches[PODDISRUPTIONBUDGET].by_index(_INDEX, namespace),
    )
