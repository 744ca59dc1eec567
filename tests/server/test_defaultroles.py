"""What roles a cluster begins with."""

import pytest

from eachpod.model.resources import CLUSTERROLEBINDING
from eachpod.server import defaultroles
from eachpod.server.app import ApiServer
from eachpod.server.rbac import Rbac
from eachpod.server.requestinfo import parse
from eachpod.server.user import User

ACCOUNT = "system:serviceaccount:kube-system:"


def test_bindings_name_roles_that_are_there() -> None:
    roles = {role["metadata"]["name"] for role in defaultroles.cluster_roles()}
    assert {binding["roleRef"]["name"] for binding in defaultroles.cluster_bindings()} <= roles
    own = {(role["metadata"]["namespace"], role["metadata"]["name"]) for role in defaultroles.roles()}
    assert {(each["metadata"]["namespace"], each["roleRef"]["name"]) for each in defaultroles.bindings()} <= own


@pytest.mark.parametrize(
    ("account", "path", "allowed"),
    [
        ("node-controller", "/api/v1/nodes", True),
        ("statefulset-controller", "/apis/apps/v1/statefulsets", True),
        ("persistent-volume-binder", "/api/v1/persistentvolumes", True),
        ("statefulset-controller", "/api/v1/secrets", False),
    ],
)
async def test_a_controller_may_do_its_own_work(server: ApiServer, account: str, path: str, allowed: bool) -> None:
    assert Rbac(server.view).decide(User(ACCOUNT + account), parse("GET", path, {})).allowed is allowed


async def test_roles_are_bound_to_nobody_where_upstream_leaves_it_to_others(server: ApiServer) -> None:
    held = server.view.get(CLUSTERROLEBINDING, "system:node", "")
    assert held is not None
    assert "subjects" not in held
