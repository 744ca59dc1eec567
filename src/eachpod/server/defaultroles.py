"""The roles and bindings that every cluster has from its first moment, out of a table.

All of them, also those of controllers that are not ours: kube-controller-manager acts with a service account per
controller and may do nothing before its role is there.
"""

import json
from importlib import resources as files
from typing import Any

from eachpod.model.objects import Object

_GROUP = "rbac.authorization.k8s.io"
_CONTROLLER = "system:controller:"


def _meta(name: str, namespace: str = "", labels: Object | None = None) -> Object:
    made: Object = {"namespace": namespace} if namespace else {}
    made |= {"name": name, "labels": {"kubernetes.io/bootstrapping": "rbac-defaults", **(labels or {})}}
    return {**made, "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"}}


def _binding(meta: Object, kind: str, role: str, subjects: list[Object]) -> Object:
    made: Object = {"metadata": meta, "roleRef": {"apiGroup": _GROUP, "kind": kind, "name": role}}
    return {**made, "subjects": subjects} if subjects else made


def _table() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files.files("eachpod.server.data").joinpath("roles.json").read_text())
    return found


def cluster_roles() -> list[Object]:
    return [
        {
            **{key: value for key, value in role.items() if key != "labels"},
            "metadata": _meta(name, "", role.get("labels")),
        }
        for name, role in _table()["clusterRoles"].items()
    ]


def cluster_bindings() -> list[Object]:
    """Those of the table, and one for the service account of each controller that has a role."""
    table = _table()
    bound = {
        name: [{"kind": "ServiceAccount", "name": name.removeprefix(_CONTROLLER), "namespace": "kube-system"}]
        for name in table["clusterRoles"]
        if name.startswith(_CONTROLLER)
    }
    bound |= table["clusterRoleBindings"]
    return [_binding(_meta(name), "ClusterRole", name, subjects) for name, subjects in bound.items()]


def roles() -> list[Object]:
    return [
        {"metadata": _meta(name, namespace), "rules": rules}
        for namespace, named in _table()["roles"].items()
        for name, rules in named.items()
    ]


def bindings() -> list[Object]:
    return [
        _binding(_meta(name, namespace), "Role", bound["role"], bound["subjects"])
        for namespace, named in _table()["roleBindings"].items()
        for name, bound in named.items()
    ]
