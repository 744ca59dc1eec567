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
    devices,
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
    replicaset,
    replicationcontroller,
    secret,
    service,
    serviceaccount,
    serviceranges,
    statefulset,
    storageclass,
    webhooks,
)
from .unattended import UNATTENDED


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
        replicaset.KIND,
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
    for family in (limits, csi, classes, devices, ingress, serviceranges, rbac, webhooks, plain):
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


def _warned(kind: Kind) -> Kind:
    """The kind with a warning on creation that nothing here acts on its objects."""
    text = UNATTENDED.get(kind.resource.group_resource)
    if text is None:
        return kind
    own = kind.warnings

    def warnings(new: Object, old: Object | None) -> list[str]:
        return [*own(new, old), f"{kind.resource.kind}: {text}"] if old is None else own(new, old)

    return replace(kind, warnings=warnings)


def builtin(*, warn_unattended: bool = False) -> Registry:
    """All built-in kinds. With `warn_unattended`, creating what no controller of ours acts on gets a warning."""
    kinds = (_shaped(kind) for kind in _kinds())
    return Registry(_warned(kind) if warn_unattended else kind for kind in kinds)
