"""Keeps a ServiceAccount `default` in every namespace: pods that name none run as it."""

from eachpod.model.errors import AlreadyExists, NotFound
from eachpod.model.objects import Object, deleting, dig
from eachpod.model.resources import NAMESPACE, SERVICEACCOUNT

from .plan import NOTHING, Create, Plan
from .view import Controller, Key, View, Watch, key_of

_NAME = "default"


def reconcile(view: View, key: Key, now: float) -> Plan:
    namespace = view.get(NAMESPACE, "", key.name)
    if namespace is None or deleting(namespace) or dig(namespace, "status", "phase") == "Terminating":
        return NOTHING
    if view.get(SERVICEACCOUNT, key.name, _NAME):
        return NOTHING
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": _NAME, "namespace": key.name},
    }
    return Plan((Create(SERVICEACCOUNT, account, accept=(AlreadyExists, NotFound)),))


def _namespace_of_lost(view: View, old: Object | None, new: Object | None) -> tuple[Key, ...]:
    if new is None and old is not None and key_of(old).name == _NAME:
        return (Key("", key_of(old).namespace),)
    return ()


CONTROLLER = Controller(
    name="serviceaccount-controller",
    component="serviceaccount-controller",
    reconcile=reconcile,
    primary=NAMESPACE,
    watches=(Watch(SERVICEACCOUNT, _namespace_of_lost),),
    workers=1,
)
