"""The controllers there are, by the names that kube-controller-manager gives them."""

from . import endpoints, endpointslice, endpointslicemirroring, statefulset
from .run import Special
from .view import Controller

CONTROLLERS: tuple[Controller | Special, ...] = (
    statefulset.CONTROLLER,
    endpointslice.CONTROLLER,
    endpoints.CONTROLLER,
    endpointslicemirroring.CONTROLLER,
)
