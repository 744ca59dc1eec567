"""Where requests about pods go: to an agent of ours, to a kubelet, or to the pod."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from eachpod.model.errors import BadRequest, InternalError, ServiceUnavailable
from eachpod.model.objects import Object
from eachpod.model.resource import Resource
from eachpod.model.resources import ENDPOINTSLICE, NODE, POD, SERVICE
from eachpod.model.wellknown import AGENT_ENDPOINT, SERVICE_NAME, SIMULATED
from eachpod.server.nodes.targets import Target, find_target
from eachpod.server.requestinfo import parse


@dataclass(frozen=True)
class Held:
    """One pod on one node. A node is of ours where it says how to reach its agent."""

    agent: str = ""
    address: str = "10.0.0.5"
    simulated: bool = False

    def get(self, resource: Resource, name: str, namespace: str = "") -> Object | None:
        if resource == NODE:
            meta: Object = {"name": name, "annotations": {AGENT_ENDPOINT: self.agent} if self.agent else {}}
            meta["labels"] = {SIMULATED: "true"} if self.simulated else {}
            return {"metadata": meta, "status": {"addresses": [{"type": "InternalIP", "address": "192.0.2.7"}]}}
        assert resource == POD
        ports = [{"name": "http", "containerPort": 8080}]
        spec = {"nodeName": "n1", "containers": [{"name": "app", "ports": ports}]}
        return {"metadata": {"name": name, "namespace": namespace}, "spec": spec, "status": {"podIP": self.address}}

    def all(self, resource: Resource, namespace: str = "") -> Sequence[Object]:
        return ()


def target(held: Held, what: str) -> Target | None:
    return find_target(parse("GET", f"/api/v1/namespaces/shop/pods/{what}", {}), {}, held)


def test_an_agent_of_ours_passes_requests_on_to_its_pods() -> None:
    held = Held(agent="127.0.0.1:4242")
    assert target(held, "web-0/proxy/page") == Target("127.0.0.1", 4242, "/proxy/http/10.0.0.5/8080/page")
    assert target(held, "web-0/exec") == Target("127.0.0.1", 4242, "/exec/shop/web-0/app")


def test_streams_are_asked_for_in_the_words_of_a_kubelet() -> None:
    query = {"command": ("sh", "-c"), "stdin": "true", "stdout": "1", "stderr": "false", "container": "app"}
    info = parse("POST", "/api/v1/namespaces/shop/pods/web-0/exec", {})
    found = find_target(info, query, Held())
    assert found is not None
    assert found.path == "/exec/shop/web-0/app?command=sh&command=-c&input=1&output=1"


@pytest.mark.parametrize(
    ("what", "path", "port", "scheme"),
    [
        ("web-0/proxy/page", "/page", 8080, "http"),
        ("web-0:http/proxy", "/", 8080, "http"),
        ("https:web-0:8443/proxy/page", "/page", 8443, "https"),
    ],
)
def test_pods_of_a_kubelet_are_asked_themselves(what: str, path: str, port: int, scheme: str) -> None:
    assert target(Held(), what) == Target("10.0.0.5", port, path, scheme=scheme)
    assert target(Held(), "web-0/exec") == Target("192.0.2.7", 10250, "/exec/shop/web-0/app")


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "::1", "0.0.0.0", "localhost"])
def test_no_pod_leads_to_what_only_the_server_reaches(address: str) -> None:
    with pytest.raises(BadRequest, match="address not allowed"):
        target(Held(address=address), "web-0/proxy/")


@pytest.mark.parametrize("what", ["web-0/proxy/page", "web-0/log", "web-0/exec"])
def test_the_address_of_a_simulated_node_is_not_dialled(what: str) -> None:
    with pytest.raises(InternalError, match='node "n1" is simulated'):
        target(Held(simulated=True), what)
    assert target(Held(agent="127.0.0.1:4242", simulated=True), what)


@dataclass(frozen=True)
class ByHand:
    """A Service whose only endpoint is on no node, beside a node with an agent of ours."""

    address: str = "192.0.2.9"
    simulated: bool = False

    def get(self, resource: Resource, name: str, namespace: str = "") -> Object | None:
        return {"spec": {"ports": [{"name": "tls", "port": 443}]}} if resource == SERVICE else None

    def all(self, resource: Resource, namespace: str = "") -> Sequence[Object]:
        if resource == NODE:
            simulated = {SIMULATED: "true"} if self.simulated else {}
            return (
                {"metadata": {"name": "n", "labels": simulated, "annotations": {AGENT_ENDPOINT: "127.0.0.1:4242"}}},
            )
        assert resource == ENDPOINTSLICE
        ports, endpoints = [{"name": "tls", "port": 6443}], [{"addresses": [self.address]}]
        return ({"metadata": {"labels": {SERVICE_NAME: "api"}}, "ports": ports, "endpoints": endpoints},)


def by_hand(view: ByHand) -> Target | None:
    return find_target(parse("GET", "/api/v1/namespaces/d/services/https:api:tls/proxy/x", {}), {}, view)


def test_an_endpoint_on_no_node_is_reached_from_one() -> None:
    assert by_hand(ByHand()) == Target("127.0.0.1", 4242, "/proxy/https/192.0.2.9/6443/x")
    with pytest.raises(ServiceUnavailable, match='no endpoints available for service "api"'):
        by_hand(ByHand(simulated=True))
    with pytest.raises(BadRequest, match="address not allowed"):
        by_hand(ByHand(address="127.0.0.1"))
