"""The ResourceQuota controller: writes how much of its limits a namespace uses.

Admission refuses by what is stored; this only shows it. Kinds without a cache of their own here (custom ones) count as
unused.
"""

from collections.abc import Iterable
from fractions import Fraction

from eachpod.model import objects, quota
from eachpod.model.objects import Object, put
from eachpod.model.resource import Resource
from eachpod.model.resources import (
    CONFIGMAP,
    CRONJOB,
    DAEMONSET,
    DEPLOYMENT,
    JOB,
    PERSISTENTVOLUMECLAIM,
    POD,
    REPLICASET,
    REPLICATIONCONTROLLER,
    RESOURCEQUOTA,
    SECRET,
    SERVICE,
    STATEFULSET,
)

from .plan import NOTHING, Plan, update_status
from .view import Controller, Key, View, Watch

_COUNTED: tuple[Resource, ...] = (
    CONFIGMAP,
    CRONJOB,
    DAEMONSET,
    DEPLOYMENT,
    JOB,
    PERSISTENTVOLUMECLAIM,
    POD,
    REPLICASET,
    REPLICATIONCONTROLLER,
    SECRET,
    SERVICE,
    STATEFULSET,
)
_BY_NAME = {resource.group_resource: resource for resource in (*_COUNTED, RESOURCEQUOTA)}


def reconcile(view: View, key: Key, now: float) -> Plan:
    found = view.get(RESOURCEQUOTA, key.namespace, key.name)
    if found is None or objects.deleting(found):
        return NOTHING
    limits = quota.hard(found)
    used: dict[str, Fraction] = {}
    for group_resource in {quota.counted(name) for name in limits}:
        resource = _BY_NAME.get(group_resource)
        if resource is not None:
            members = view.within(resource, key.namespace)
            used |= quota.total(quota.usage(resource, obj) for obj in members if quota.in_scope(found, resource, obj))
    status = put(put(found.get("status") or {}, ("hard",), limits), ("used",), quota.shown(used, limits))
    return Plan(update_status(RESOURCEQUOTA, found, status))


def _in_namespace(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """The quotas of the namespace, where something in it came, went or changed what it uses."""
    if old is not None and new is not None:
        resource = _BY_NAME.get(_group_resource(new))
        if resource is None or quota.usage(resource, old) == quota.usage(resource, new):
            return ()
    obj = new if new is not None else old
    if obj is None:
        return ()
    namespace = objects.namespace(obj)
    return [Key(namespace, objects.name(one)) for one in view.within(RESOURCEQUOTA, namespace)]


def _group_resource(obj: Object) -> str:
    version, kind = obj.get("apiVersion"), obj.get("kind")
    return next((r.group_resource for r in _COUNTED if r.api_version == version and r.kind == kind), "")


CONTROLLER = Controller(
    name="resourcequota-controller",
    component="resourcequota-controller",
    reconcile=reconcile,
    primary=RESOURCEQUOTA,
    watches=tuple(Watch(resource, _in_namespace) for resource in _COUNTED),
)
