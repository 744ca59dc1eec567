"""Publishes the cluster's CA certificate in every namespace, as the ConfigMap `kube-root-ca.crt` that pods mount to
check the API server, and repairs it: a stale or edited one would leave every client in the namespace without trust."""

from eachpod.model.errors import AlreadyExists, NotFound
from eachpod.model.objects import Object, annotations, deleting, dig, put
from eachpod.model.resources import CONFIGMAP, NAMESPACE

from .plan import NOTHING, Create, Plan, Update
from .view import Controller, Key, View, Watch, key_of

NAME = "kube-root-ca.crt"
_DESCRIPTION = "kubernetes.io/description"
_TEXT = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the "
    "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes "
    "clusters."
)


def reconcile(view: View, key: Key, now: float) -> Plan:
    namespace = view.get(NAMESPACE, "", key.name)
    if namespace is None or deleting(namespace) or dig(namespace, "status", "phase") == "Terminating":
        return NOTHING
    data = {"ca.crt": view.config.root_ca.decode()}
    found = view.get(CONFIGMAP, key.name, NAME)
    if found is None:
        return Plan((Create(CONFIGMAP, _config_map(key.name, data), accept=(AlreadyExists, NotFound)),))
    if found.get("data") == data and annotations(found).get(_DESCRIPTION):
        return NOTHING
    marks = {**annotations(found), _DESCRIPTION: _TEXT}
    return Plan((Update(CONFIGMAP, put({**found, "data": data}, ("metadata", "annotations"), marks)),))


def _config_map(namespace: str, data: dict[str, str]) -> Object:
    metadata = {"name": NAME, "namespace": namespace, "annotations": {_DESCRIPTION: _TEXT}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def _namespace_of_ours(view: View, old: Object | None, new: Object | None) -> tuple[Key, ...]:
    obj = new if new is not None else old
    return (Key("", key_of(obj).namespace),) if obj is not None and key_of(obj).name == NAME else ()


CONTROLLER = Controller(
    name="root-ca-certificate-publisher-controller",
    component="root-ca-cert-publisher",
    reconcile=reconcile,
    primary=NAMESPACE,
    watches=(Watch(CONFIGMAP, _namespace_of_ours),),
    workers=1,
)
