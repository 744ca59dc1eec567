"""What the credentials of a cluster's parts allow, asked of the API server's own authorizer."""

import datetime
from collections.abc import AsyncIterator
from urllib.parse import parse_qsl

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from eachpod.client import kubeconfig
from eachpod.cluster import access, identities
from eachpod.cluster.addresses import NodeAddress
from eachpod.cluster.layout import Layout
from eachpod.cluster.settings import Settings, with_addresses
from eachpod.model.resources import CLUSTERROLE
from eachpod.server.app import ApiServer
from eachpod.server.authz import Authorizer
from eachpod.server.bootstrap import install
from eachpod.server.config import ServerConfig
from eachpod.server.nodeauthz import NodeAuthorizer
from eachpod.server.rbac import Rbac
from eachpod.server.requestinfo import RequestInfo, parse
from eachpod.server.user import AUTHENTICATED, LOOPBACK, User
from eachpod.store.contract import Change, Key
from eachpod.store.memory import MemoryStore
from eachpod.wire.http import MERGE_PATCH, Request

NODE = NodeAddress("192.168.0.21", "192.168.0.21", ("10.0.1.0/24",))
NOW = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)
POD_SPEC = {
    "nodeName": "192.168.0.21",
    "serviceAccountName": "default",
    "volumes": [{"name": "v", "secret": {"secretName": "needed"}}],
}
Asked = tuple[str, str]


@pytest.fixture
async def server() -> AsyncIterator[ApiServer]:
    made = ApiServer(MemoryStore(), ServerConfig(objects=access.objects()))
    await install(made)
    pod = {"metadata": {"name": "web-0", "namespace": "default"}, "spec": POD_SPEC}
    await made.store.commit(Change(Key("pods", "default", "web-0"), pod, 0))
    yield made
    await made.store.close()


def user_of(certificate: bytes) -> User:
    subject = x509.load_pem_x509_certificate(certificate).subject
    names = {
        oid: [str(each.value) for each in subject.get_attributes_for_oid(oid)]
        for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
    }
    return User(names[NameOID.COMMON_NAME][0], (*names[NameOID.ORGANIZATION_NAME], AUTHENTICATED))


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Layout]:
    """The files of a cluster of each kind."""
    made = {}
    for runtime in ("containers", "simulated"):
        root = tmp_path_factory.mktemp(runtime)
        identities.issue(with_addresses(Settings("c", str(root), runtime, (NODE,))), NOW)
        made[runtime] = Layout(root)
    return made


def holder(issued: dict[str, Layout], who: str) -> User:
    """The user that one of the kubeconfigs is of."""
    layout = issued["simulated" if who == "nodes" else "containers"]
    return user_of(kubeconfig.load(layout.kubeconfig(who)).certificate)


NODE_WORK = [
    ("PATCH", "/api/v1/nodes/192.168.0.21/status"),
    ("POST", "/api/v1/nodes"),
    ("PATCH", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/192.168.0.21"),
    ("GET", "/api/v1/pods?fieldSelector=spec.nodeName=192.168.0.21"),
    ("PATCH", "/api/v1/namespaces/default/pods/web-0/status"),
    ("DELETE", "/api/v1/namespaces/default/pods/web-0"),
    ("GET", "/api/v1/namespaces/default/secrets?fieldSelector=metadata.name=needed"),
    ("POST", "/api/v1/namespaces/default/serviceaccounts/default/token"),
    ("POST", "/api/v1/namespaces/default/events"),
    ("GET", "/api/v1/services"),
    ("GET", "/apis/discovery.k8s.io/v1/endpointslices"),
    ("GET", "/api/v1/persistentvolumes"),
    ("PATCH", "/api/v1/persistentvolumes/pvc-1"),
    ("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews"),
    ("POST", "/apis/authentication.k8s.io/v1/tokenreviews"),
]
NOT_FOR_NODES = [
    ("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"),
    ("POST", "/apis/apps/v1/namespaces/default/statefulsets"),
    ("DELETE", "/api/v1/nodes/192.168.0.21"),
    ("PATCH", "/api/v1/namespaces/default/secrets/s"),
    ("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles"),
]


NOT_FOR_ONE_NODE = [
    *NOT_FOR_NODES,
    ("GET", "/api/v1/pods"),
    ("GET", "/api/v1/nodes"),
    ("GET", "/api/v1/namespaces/default/secrets/another"),
    ("POST", "/api/v1/namespaces/default/serviceaccounts/another/token"),
    ("PATCH", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/192.168.0.194"),
]


DNS_WORK = [
    ("GET", "/api/v1/services"),
    ("GET", "/api/v1/namespaces"),
    ("GET", "/apis/discovery.k8s.io/v1/endpointslices"),
]
NOT_FOR_DNS = [
    ("GET", "/api/v1/secrets"),
    ("GET", "/api/v1/configmaps"),
    ("POST", "/api/v1/namespaces/default/services"),
]
SCHEDULER_WORK = [
    ("GET", "/api/v1/pods"),
    ("POST", "/api/v1/namespaces/default/pods/web-0/binding"),
    ("PATCH", "/api/v1/namespaces/default/pods/web-0/status"),
    ("DELETE", "/api/v1/namespaces/default/pods/web-0"),
    ("PUT", "/api/v1/namespaces/default/persistentvolumeclaims/data-web-0"),
    ("PUT", "/api/v1/persistentvolumes/pvc-1"),
]
NOT_FOR_THE_SCHEDULER = [("GET", "/api/v1/secrets"), ("POST", "/api/v1/namespaces/default/pods")]


@pytest.mark.parametrize(
    ("who", "work", "other"),
    [
        ("nodes", NODE_WORK, NOT_FOR_NODES),
        ("node-192.168.0.21", NODE_WORK, NOT_FOR_ONE_NODE),
        ("dns", DNS_WORK, NOT_FOR_DNS),
        ("scheduler", SCHEDULER_WORK, NOT_FOR_THE_SCHEDULER),
        ("admin", NOT_FOR_NODES, []),
    ],
)
async def test_a_kubeconfig_allows_the_work_and_no_more(
    issued: dict[str, Layout], server: ApiServer, who: str, work: list[Asked], other: list[Asked]
) -> None:
    rbac, user = Rbac(server.view), holder(issued, who)
    authorizer = Authorizer(rbac, NodeAuthorizer(server.view, rbac))
    assert [each for each in work + other if authorizer.decide(user, asked(*each)).allowed] == work


def asked(method: str, path: str) -> RequestInfo:
    path, _, query = path.partition("?")
    return parse(method, path, dict(parse_qsl(query)))


async def test_the_server_shows_itself_to_agents_as_who_may_use_them(
    issued: dict[str, Layout], server: ApiServer
) -> None:
    user = user_of((issued["containers"].pki / "apiserver-client.crt").read_bytes())
    rbac = Rbac(server.view)
    assert rbac.decide(user, parse("POST", "/api/v1/nodes/n/proxy/x", {})).allowed
    assert not rbac.decide(user, parse("GET", "/api/v1/secrets", {})).allowed


def test_each_node_has_a_name_of_its_own(issued: dict[str, Layout]) -> None:
    assert holder(issued, f"node-{NODE.name}") == User("system:node:192.168.0.21", ("system:nodes", AUTHENTICATED))


async def test_roles_of_an_older_eachpod_become_those_of_this_one(server: ApiServer) -> None:
    path = CLUSTERROLE.path("", "eachpod:dns")
    await server.answer(Request("PATCH", path, body={"rules": []}, content_type=MERGE_PATCH), LOOPBACK)
    await install(server)
    held = server.view.get(CLUSTERROLE, "eachpod:dns", "") or {}
    wanted = {obj["metadata"]["name"]: obj["rules"] for kind, obj in access.objects() if kind == CLUSTERROLE}
    assert held["rules"] == wanted["eachpod:dns"]
