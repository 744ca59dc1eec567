"""The controllers there are, by the names that kube-controller-manager gives them."""

from . import (
    deployment,
    disruption,
    endpoints,
    endpointslice,
    endpointslicemirroring,
    ephemeralvolume,
    garbagecollector,
    namespace,
    nodeipam,
    nodelifecycle,
    persistentvolume,
    podgc,
    protection,
    provisioner,
    replicaset,
    resourcequota,
    rootca,
    serviceaccount,
    statefulset,
    tainteviction,
)
from .context import Special
from .view import Controller

CONTROLLERS: tuple[Controller | Special, ...] = (
    statefulset.CONTROLLER,
    endpointslice.CONTROLLER,
    endpoints.CONTROLLER,
    endpointslicemirroring.CONTROLLER,
    garbagecollector.CONTROLLER,
    namespace.CONTROLLER,
    serviceaccount.CONTROLLER,
    rootca.CONTROLLER,
    nodelifecycle.CONTROLLER,
    tainteviction.CONTROLLER,
    podgc.CONTROLLER,
    persistentvolume.CONTROLLER,
    provisioner.CONTROLLER,
    *protection.CONTROLLERS,
    resourcequota.CONTROLLER,
    replicaset.CONTROLLER,
    deployment.CONTROLLER,
    disruption.CONTROLLER,
    nodeipam.CONTROLLER,
    ephemeralvolume.CONTROLLER,
)
