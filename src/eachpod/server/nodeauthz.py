"""The Node authorizer: a node reads what the pods on it need, and writes about itself.

Kubernetes keeps a graph of who needs what; here the store is asked, since its objects are in memory anyway. What this
does not allow RBAC still may.
"""

from collections.abc import Callable
from dataclasses import dataclass

from eachpod.model.objects import Object, dig
from eachpod.model.podspec.references import references
from eachpod.model.resources import PERSISTENTVOLUMECLAIM, POD, VOLUMEATTACHMENT

from .context import View
from .rbac import Rbac, Verdict, covers
from .requestinfo import RequestInfo
from .user import User

GROUP, ROLE = "system:nodes", "system:node"
_USER = "system:node:"
_LEASES = "kube-node-lease"
_READS = ("get", "list", "watch")
_OWN = ("get", "create", "update", "patch", "delete")


def node_of(user: User) -> str:
    """The node that a user is, "" for none."""
    return user.name.removeprefix(_USER) if GROUP in user.groups and user.name.startswith(_USER) else ""


@dataclass(frozen=True, slots=True)
class NodeAuthorizer:
    view: View
    rbac: Rbac

    def decide(self, node: str, info: RequestInfo) -> Verdict:
        """`reason` says why something is not allowed where that can be said."""
        special = _SPECIAL.get((info.group, info.resource))
        refused = special(self, node, info) if special else ""
        if refused:
            return Verdict(False, f"node: {refused}")
        rules = self.rbac.role_rules("ClusterRole", ROLE, "")
        return Verdict(any(covers(rule, info) for rule in rules))

    def _pods(self, node: str, namespace: str) -> list[Object]:
        return [pod for pod in self.view.all(POD, namespace) if dig(pod, "spec", "nodeName") == node]

    def needs(self, node: str, info: RequestInfo, name: str) -> str:
        """Nothing to say where a pod on the node needs the object."""
        if not name:
            return "No Object name found"
        wanted = (info.resource, name)
        if any(wanted in references(pod) for pod in self._pods(node, info.namespace)):
            return ""
        return _unrelated(node)

    def needs_volume(self, node: str, name: str) -> bool:
        for pod in self._pods(node, ""):
            namespace = pod["metadata"].get("namespace") or ""
            for plural, claim in references(pod):
                if plural != PERSISTENTVOLUMECLAIM.plural:
                    continue
                held = self.view.get(PERSISTENTVOLUMECLAIM, claim, namespace)
                if dig(held, "spec", "volumeName") == name:
                    return True
        return False


def _unrelated(node: str) -> str:
    return f"no relationship found between node '{node}' and this object"


def _read(graph: NodeAuthorizer, node: str, info: RequestInfo) -> str:
    """Secrets and ConfigMaps."""
    if info.verb not in _READS:
        return "can only read resources of this type"
    if info.subresource:
        return "cannot read subresource"
    if not info.namespace:
        return "can only read namespaced object of this type"
    return graph.needs(node, info, info.asked_name)


def _claim(graph: NodeAuthorizer, node: str, info: RequestInfo) -> str:
    if info.subresource == "status":
        allowed = info.verb in ("update", "patch")
        return graph.needs(node, info, info.name) if allowed else "can only get/update/patch this type"
    if info.verb != "get":
        return "can only get individual resources of this type"
    return "cannot get subresource" if info.subresource else graph.needs(node, info, info.name)


def _volume(graph: NodeAuthorizer, node: str, info: RequestInfo) -> str:
    if info.verb != "get":
        return "can only get individual resources of this type"
    if info.subresource:
        return "cannot get subresource"
    return "" if graph.needs_volume(node, info.name) else _unrelated(node)


def _account(graph: NodeAuthorizer, node: str, info: RequestInfo) -> str:
    if info.verb == "get" and not info.subresource:
        return graph.needs(node, info, info.name)
    if info.verb != "create" or info.subresource != "token":
        return "can only create tokens for individual service accounts"
    return graph.needs(node, info, info.name)


def _attachment(graph: NodeAuthorizer, node: str, info: RequestInfo) -> str:
    if info.verb != "get":
        return "can only get individual resources of this type"
    held = graph.view.get(VOLUMEATTACHMENT, info.name)
    return "" if dig(held, "spec", "nodeName") == node else _unrelated(node)


def _storage_node(graph: NodeAuthorizer, node: str, info: RequestInfo) -> str:
    if info.verb not in _OWN:
        return "can only get, create, update, patch, or delete a CSINode"
    if info.verb != "create" and info.name != node:
        return "can only access CSINode with the same name as the requesting node"
    return ""


def _lease(graph: NodeAuthorizer, node: str, info: RequestInfo) -> str:
    if info.verb not in _OWN:
        return "can only get, create, update, patch, or delete a node lease"
    if info.namespace != _LEASES:
        return f'can only access leases in the "{_LEASES}" system namespace'
    if info.verb != "create" and info.name != node:
        return "can only access node lease with the same name as the requesting node"
    return ""


def _node(graph: NodeAuthorizer, node: str, info: RequestInfo) -> str:
    if info.subresource or info.verb not in _READS:
        return ""
    asked = info.asked_name
    if asked == node:
        return ""
    if asked:
        return f"node '{node}' cannot read '{asked}', only its own Node object"
    return f"node '{node}' cannot read all nodes, only its own Node object"


def _pod(graph: NodeAuthorizer, node: str, info: RequestInfo) -> str:
    if info.verb == "get" and not info.subresource:
        held = graph.view.get(POD, info.name, info.namespace)
        return "" if dig(held, "spec", "nodeName") == node else _unrelated(node)
    if info.verb in ("list", "watch") and info.selected("spec.nodeName") != node:
        return "can only list/watch pods with spec.nodeName field selector"
    return ""


_Judge = Callable[[NodeAuthorizer, str, RequestInfo], str]
_SPECIAL: dict[tuple[str, str], _Judge] = {
    ("", "secrets"): _read,
    ("", "configmaps"): _read,
    ("", "persistentvolumeclaims"): _claim,
    ("", "persistentvolumes"): _volume,
    ("", "serviceaccounts"): _account,
    ("", "nodes"): _node,
    ("", "pods"): _pod,
    ("coordination.k8s.io", "leases"): _lease,
    ("storage.k8s.io", "csinodes"): _storage_node,
    ("storage.k8s.io", "volumeattachments"): _attachment,
}
