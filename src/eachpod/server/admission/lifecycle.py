"""NamespaceLifecycle: nothing is created in a namespace that is missing or on its way out."""

from eachpod.model import errors
from eachpod.model.objects import Object, deleting, dig
from eachpod.model.resources import NAMESPACE

from .chain import Attributes

_IMMORTAL = ("default", "kube-system", "kube-public")
# Access reviews are answered, not stored.
_FREE_GROUPS = ("authorization.k8s.io",)


def lifecycle(obj: Object, at: Attributes) -> Object:
    resource = at.kind.resource
    if resource == NAMESPACE:
        if at.operation == "DELETE" and at.name in _IMMORTAL:
            raise errors.forbidden(resource, at.name, "this namespace may not be deleted")
        return obj
    if at.operation != "CREATE" or not resource.namespaced or resource.group in _FREE_GROUPS:
        return obj
    namespace = at.view.get(NAMESPACE, at.namespace)
    if namespace is None:
        raise errors.not_found(NAMESPACE, at.namespace)
    if deleting(namespace) or dig(namespace, "status", "phase") == "Terminating":
        text = f"unable to create new content in namespace {at.namespace} because it is being terminated"
        refused = errors.forbidden(resource, at.name, text)
        cause = {
            "reason": "NamespaceTerminating",
            "message": f"namespace {at.namespace} is being terminated",
            "field": "metadata.namespace",
        }
        refused.details = {**refused.details, "causes": [cause]}
        raise refused
    return obj
