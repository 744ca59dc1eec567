"""Addresses of nodes, pods and Services."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.cluster import addresses
from eachpod.cluster.errors import ClusterError


def test_the_two_nodes_of_the_walkthrough() -> None:
    first, second = addresses.plan_nodes(2, "10.0.0.0/16")
    assert (first.name, first.address, first.pod_cidrs) == ("192.168.0.194", "192.168.0.194", ("10.0.0.0/24",))
    assert (second.name, second.pod_cidrs) == ("192.168.0.21", ("10.0.1.0/24",))


def test_both_families_are_cut() -> None:
    (node,) = addresses.plan_nodes(1, "10.0.0.0/16,fd00:10::/56")
    assert node.pod_cidrs == ("10.0.0.0/24", "fd00:10::/64")


@given(st.integers(1, 400), st.integers(8, 20))
def test_pod_ranges_lie_in_the_whole_and_apart(count: int, prefix: int) -> None:
    whole = ipaddress.ip_network((0x0A000000, prefix))
    nodes = addresses.plan_nodes(count, str(whole))
    parts = [ipaddress.ip_network(node.pod_cidrs[0]) for node in nodes]
    assert all(part.subnet_of(whole) for part in parts)  # type: ignore[arg-type]
    assert sum(part.num_addresses for part in ipaddress.collapse_addresses(parts)) == sum(  # type: ignore[type-var]
        part.num_addresses for part in parts
    )
    assert len({node.address for node in nodes}) == len({node.name for node in nodes}) == count


@pytest.mark.parametrize(
    ("text", "offset", "expected"),
    [
        ("10.247.0.0/16", addresses.DNS_OFFSET, "10.247.3.10"),
        ("10.247.0.0/16", addresses.KUBE_DNS_OFFSET, "10.247.0.10"),
        ("10.96.0.0/24", addresses.DNS_OFFSET, "10.96.0.10"),
        ("10.247.0.0/16,fd00::/108", 1, "10.247.0.1"),
    ],
)
def test_service_addresses(text: str, offset: int, expected: str) -> None:
    assert addresses.service_address(text, offset) == expected


@pytest.mark.parametrize(
    "text", ["x", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/8,10.1.0.0/16", "", "10.0.0.0/8,fd::/8,fe::/16"]
)
def test_what_is_no_range_names_the_flag(text: str) -> None:
    with pytest.raises(ClusterError, match="--pod-cidr"):
        addresses.parse_cidrs("--pod-cidr", text)


def test_names_and_addresses_are_checked() -> None:
    assert [node.name for node in addresses.plan_nodes(2, "10.0.0.0/16", names=("a",))] == ["a", "192.168.0.21"]
    with pytest.raises(ClusterError, match="--node-names"):
        addresses.plan_nodes(1, "10.0.0.0/16", names=("a", "b"))
    with pytest.raises(ClusterError, match="twice"):
        addresses.plan_nodes(2, "10.0.0.0/16", addresses=("10.1.1.1", "10.1.1.1"))
    with pytest.raises(ClusterError, match="--node-names: a name is given twice"):
        addresses.plan_nodes(2, "10.0.0.0/16", names=("a", "a"))


@pytest.mark.parametrize("name", ["A", "a_b", "-a", "", "a" * 254])
def test_a_name_that_no_node_can_have(name: str) -> None:
    with pytest.raises(ClusterError, match=r"^--name: .* is no name for a node"):
        addresses.check_node_names("--name", ("fine", name))


@pytest.mark.parametrize(
    ("pods", "services", "node", "said"),
    [
        ("10.0.0.0/16", "10.0.0.0/8", "192.168.0.21", "^--service-cidr: 10.0.0.0/8 and the pods' range 10.0.0.0/16"),
        ("10.0.0.0/16,fd00::/48", "10.1.0.0/16,fd00::/108", "192.168.0.21", "^--service-cidr: fd00::/108"),
        ("10.0.0.0/16", "10.247.0.0/16", "10.0.3.4", "^--pod-cidr: 10.0.0.0/16 holds 10.0.3.4"),
        ("10.0.0.0/16", "172.16.0.0/12", "172.20.0.1", "^--service-cidr: 172.16.0.0/12 holds 172.20.0.1"),
        ("192.168.0.0/24", "10.247.0.0/16", "172.20.0.1", "^--pod-cidr: 192.168.0.0/24 holds 192.168.0.1"),
    ],
)
def test_ranges_that_reach_into_another(pods: str, services: str, node: str, said: str) -> None:
    nodes = (addresses.NodeAddress("a", node, ()),)
    with pytest.raises(ClusterError, match=said):
        addresses.check_apart(pods, services, nodes)


def test_ranges_apart() -> None:
    for families in (("10.0.0.0/16", "10.247.0.0/16"), ("10.0.0.0/16,fd00:10::/56", "10.247.0.0/16,fd00::/108")):
        addresses.check_apart(*families, addresses.plan_nodes(3, families[0]))


@pytest.mark.parametrize(
    ("bind", "advertise", "reached", "advertised"),
    [
        ("127.0.0.1", "", "127.0.0.1", "127.0.0.1"),
        ("192.0.2.7", "", "192.0.2.7", "192.0.2.7"),
        ("0.0.0.0", "192.0.2.7", "127.0.0.1", "192.0.2.7"),
        ("0.0.0.0", "", "127.0.0.1", "127.0.0.1"),  # pods are told of no loopback address
        ("::", "2001:db8::7", "::1", "2001:db8::7"),
    ],
)
def test_where_an_api_server_alone_is(bind: str, advertise: str, reached: str, advertised: str) -> None:
    assert addresses.api_place(bind, advertise) == addresses.ApiPlace(bind, reached, advertised)


@pytest.mark.parametrize(
    ("bind", "advertise", "flag"),
    [("here", "", "--bind-address"), ("0.0.0.0", "x", "--advertise-address"), ("::", "::", "--advertise-address")],
)
def test_what_is_no_place_is_refused_by_its_flag(bind: str, advertise: str, flag: str) -> None:
    with pytest.raises(ClusterError, match=flag):
        addresses.api_place(bind, advertise)
