"""What is special to each kind, one file per kind or family of small kinds."""

from collections.abc import Iterator
from dataclasses import replace

from eachpod.model.kind import Kind
from eachpod.model.objects import Object
from eachpod.model.registry import Registry
from eachpod.model.shape import known, shape

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


def _shaped(kind: Kind) -> Kind:
    """The kind with defaults that first bring an object into its written form."""
    group = kind.resource.group.removesuffix(".authorization.k8s.io").partition(".")[0] or "core"
    struct = f"{group}/{kind.resource.version}.{kind.resource.kind}"
    if not known(struct):
        return kind
    fit, fill = shape(struct).fit, kind.default

    def default(obj: Object) -> Object:
        return fill(fit(obj))

    return replace(kind, default=default)


def builtin() -> Registry:
    """All built-in kinds."""
    return Registry(_shaped(kind) for kind in _kinds())
