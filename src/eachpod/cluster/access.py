"""Who the parts of a cluster are, and what each may do: what its work needs, so that a leaked credential is no more.

Kubernetes' own roles are used as they are; what goes beyond them (a node removes the directories of local volumes) is a
role of ours, bound by a binding of ours. API server, controllers and scheduler are one process without credentials;
the scheduler's are for another in its place.
"""

from collections.abc import Iterable

from eachpod.model.objects import Object
from eachpod.model.resource import Resource
from eachpod.model.resources import CLUSTERROLE, CLUSTERROLEBINDING

MASTERS = "system:masters"
ADMIN = "kubernetes-admin"
API_SERVER = "system:kube-apiserver"
SCHEDULER = "system:kube-scheduler"
DNS = "eachpod:dns"
# Each of the group is let do what concerns it by the Node authorizer.
NODES = "system:nodes"
SIMULATED_NODES = "eachpod:simulated-nodes"

_RBAC = "rbac.authorization.k8s.io"


def node_user(name: str) -> str:
    return f"system:node:{name}"


def _rule(group: str, resources: Iterable[str], verbs: Iterable[str]) -> Object:
    return {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}


_FOLLOW = ("list", "watch")
_ROLES = {
    "eachpod:dns": [
        _rule("", ("namespaces", "services"), _FOLLOW),
        _rule("discovery.k8s.io", ["endpointslices"], _FOLLOW),
    ],
    "eachpod:node": [
        _rule("", ["persistentvolumes"], (*_FOLLOW, "patch")),
        _rule("discovery.k8s.io", ["endpointslices"], _FOLLOW),
    ],
}
# Of each binding the name, the role, and who has it.
_BINDINGS = (
    ("eachpod:dns", "eachpod:dns", "User", DNS),
    ("eachpod:node", "eachpod:node", "Group", NODES),
    ("eachpod:simulated-nodes", "system:node", "User", SIMULATED_NODES),
    ("eachpod:kube-apiserver", "system:kubelet-api-admin", "User", API_SERVER),
)


def objects() -> tuple[tuple[Resource, Object], ...]:
    """The roles and bindings of ours, which have to be there before the first of the parts asks for anything."""
    roles = ((CLUSTERROLE, {"metadata": {"name": name}, "rules": rules}) for name, rules in _ROLES.items())
    return (*roles, *((CLUSTERROLEBINDING, _binding(*each)) for each in _BINDINGS))


def _binding(name: str, role: str, kind: str, who: str) -> Object:
    return {
        "metadata": {"name": name},
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": kind, "apiGroup": _RBAC, "name": who}],
    }
