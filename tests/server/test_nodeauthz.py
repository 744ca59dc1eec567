"""What a node may read and write, and why not."""

from urllib.parse import parse_qsl

import pytest

from eachpod.model.errors import Forbidden
from eachpod.model.objects import Object
from eachpod.server.app import ApiServer
from eachpod.server.authz import Authorizer
from eachpod.server.nodeauthz import NodeAuthorizer, node_of
from eachpod.server.rbac import Rbac
from eachpod.server.requestinfo import RequestInfo, parse
from eachpod.server.user import User
from eachpod.store.contract import Change, Key
from eachpod.store.memory import MemoryStore

NODE = User("system:node:n1", ("system:nodes",))
LEASES = "/apis/coordination.k8s.io/v1/namespaces"
UNRELATED = "no relationship found between node 'n1' and this object"
ONLY_ITS_OWN = "only its own Node object"


def pod(name: str, node: str, **volume: Object) -> Object:
    spec = {"nodeName": node, "serviceAccountName": "sa", "volumes": [{"name": "v", **volume}]}
    return {"metadata": {"name": name, "namespace": "x"}, "spec": spec}


@pytest.fixture
async def authorize(server: ApiServer, store: MemoryStore) -> Authorizer:
    objects = {
        "pods": [
            pod("here", "n1", configMap={"name": "used"}),
            pod("there", "n2", configMap={"name": "unused"}),
            pod("claims", "n1", persistentVolumeClaim={"claimName": "data"}),
        ],
        "persistentvolumeclaims": [{"metadata": {"name": "data", "namespace": "x"}, "spec": {"volumeName": "pv"}}],
    }
    for plural, items in objects.items():
        for each in items:
            await store.commit(Change(Key(plural, "x", each["metadata"]["name"]), each, 0))
    rbac = Rbac(server.view)
    return Authorizer(rbac, NodeAuthorizer(server.view, rbac))


def asked(method: str, path: str) -> RequestInfo:
    path, _, query = path.partition("?")
    return parse(method, path, dict(parse_qsl(query)))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/namespaces/x/configmaps/used"),
        ("GET", "/api/v1/namespaces/x/configmaps?fieldSelector=metadata.name=used&watch=true"),
        ("GET", "/api/v1/namespaces/x/persistentvolumeclaims/data"),
        ("GET", "/api/v1/persistentvolumes/pv"),
        ("POST", "/api/v1/namespaces/x/serviceaccounts/sa/token"),
        ("GET", "/api/v1/nodes/n1"),
        ("GET", "/api/v1/nodes?fieldSelector=metadata.name=n1"),
        ("PATCH", "/api/v1/nodes/n1/status"),
        ("GET", "/api/v1/pods?fieldSelector=spec.nodeName=n1"),
        ("GET", "/api/v1/namespaces/x/pods/here"),
        ("PATCH", "/api/v1/namespaces/x/pods/here/status"),
        ("PATCH", f"{LEASES}/kube-node-lease/leases/n1"),
        ("POST", f"{LEASES}/kube-node-lease/leases"),
        ("GET", "/api/v1/services"),
        ("POST", "/api/v1/namespaces/x/events"),
        ("GET", "/apis/storage.k8s.io/v1/csinodes/n1"),
    ],
)
async def test_what_a_node_may(authorize: Authorizer, method: str, path: str) -> None:
    authorize(NODE, asked(method, path))


@pytest.mark.parametrize(
    ("method", "path", "why"),
    [
        ("GET", "/api/v1/namespaces/x/configmaps/unused", UNRELATED),
        ("GET", "/api/v1/namespaces/y/configmaps/used", UNRELATED),
        ("GET", "/api/v1/namespaces/x/secrets", "No Object name found"),
        ("GET", "/api/v1/secrets", "can only read namespaced object of this type"),
        ("DELETE", "/api/v1/namespaces/x/secrets/s", "can only read resources of this type"),
        ("GET", "/api/v1/persistentvolumes/other", UNRELATED),
        ("GET", "/api/v1/persistentvolumes", "can only get individual resources of this type"),
        ("GET", "/api/v1/namespaces/x/persistentvolumeclaims/other", UNRELATED),
        ("POST", "/api/v1/namespaces/x/serviceaccounts/other/token", UNRELATED),
        ("DELETE", "/api/v1/namespaces/x/serviceaccounts/sa", "can only create tokens for individual service accounts"),
        ("GET", "/api/v1/nodes/n2", f"node 'n1' cannot read 'n2', {ONLY_ITS_OWN}"),
        ("GET", "/api/v1/nodes", f"node 'n1' cannot read all nodes, {ONLY_ITS_OWN}"),
        ("GET", "/api/v1/pods", "can only list/watch pods with spec.nodeName field selector"),
        ("GET", "/api/v1/namespaces/x/pods/there", UNRELATED),
        (
            "GET",
            f"{LEASES}/kube-node-lease/leases/n2",
            "can only access node lease with the same name as the requesting node",
        ),
        ("GET", f"{LEASES}/x/leases/n1", 'can only access leases in the "kube-node-lease" system namespace'),
        (
            "GET",
            f"{LEASES}/kube-node-lease/leases",
            "can only get, create, update, patch, or delete a node lease",
        ),
        (
            "GET",
            "/apis/storage.k8s.io/v1/csinodes/n2",
            "can only access CSINode with the same name as the requesting node",
        ),
        ("GET", "/apis/storage.k8s.io/v1/volumeattachments/a", UNRELATED),
    ],
)
async def test_what_a_node_may_not(authorize: Authorizer, method: str, path: str, why: str) -> None:
    with pytest.raises(Forbidden) as raised:
        authorize(NODE, asked(method, path))
    assert raised.value.message.endswith(f": node: {why}")


async def test_what_no_rule_names_is_refused_without_a_word(authorize: Authorizer) -> None:
    with pytest.raises(Forbidden, match=r"at the cluster scope$"):
        authorize(NODE, asked("GET", "/apis/apps/v1/deployments"))


def test_who_is_a_node() -> None:
    assert node_of(NODE) == "n1"
    assert node_of(User("system:node:n1", ())) == ""
    assert node_of(User("jane", ("system:nodes",))) == ""
