"""What is special to each kind, one file per kind or family of small kinds."""

from collections.abc import Iterator
from dataclasses import replace

from eachpod.model.kind import Kind
from eachpod.model.objects import Object
from eachpod.model.registry import Registry
from eachpod.model.shape import known, shape

from . import (
    autoscaler,
    classes,
    configmap,
    controllerrevision,
    cronjob,
    csi,
    daemonset,
    deployment,
    endpoints,
    endpointslice,
    event,
    ingress,
    job,
    lease,
    limits,
    namespace,
    networkpolicy,
    node,
    persistentvolume,
    persistentvolumeclaim,
    plain,
    pod,
    poddisruptionbudget,
    rbac,
    replicationcontroller,
    secret,
    service,
    serviceaccount,
    serviceranges,
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
        replicationcontroller.KIND,
        replicationcontroller.PODTEMPLATE_KIND,
        statefulset.KIND,
        controllerrevision.KIND,
        deployment.KIND,
        deployment.REPLICASET_KIND,
        daemonset.KIND,
        job.KIND,
        cronjob.KIND,
        endpointslice.KIND,
        event.EVENTS_KIND,
        lease.KIND,
        poddisruptionbudget.KIND,
        storageclass.KIND,
        networkpolicy.KIND,
        autoscaler.KIND,
    )
    for family in (limits, csi, classes, ingress, serviceranges, rbac, plain):
        yield from family.KINDS


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
