"""What is special to each kind, one file per kind or family of small kinds."""

from collections.abc import Iterator

from eachpod.model.kind import Kind
from eachpod.model.registry import Registry

from . import (
    configmap,
    controllerrevision,
    endpoints,
    endpointslice,
    event,
    lease,
    namespace,
    node,
    persistentvolume,
    persistentvolumeclaim,
    plain,
    pod,
    poddisruptionbudget,
    secret,
    service,
    serviceaccount,
    statefulset,
    storageclass,
)


def _kinds() -> Iterator[Kind]:
    yield from (
        pod.KIND,
        service.KIND,
        endpoints.KIND,
        node.KIND,
        namespace.KIND,
        event.KIND,
        configmap.KIND,
        secret.KIND,
        serviceaccount.KIND,
        persistentvolume.KIND,
        persistentvolumeclaim.KIND,
        statefulset.KIND,
        controllerrevision.KIND,
        endpointslice.KIND,
        event.EVENTS_KIND,
        lease.KIND,
        poddisruptionbudget.KIND,
        storageclass.KIND,
    )
    yield from plain.KINDS


def builtin() -> Registry:
    """All built-in kinds."""
    return Registry(_kinds())
