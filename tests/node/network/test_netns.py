"""The commands that make the networks of a local cluster."""

from eachpod.node.network.netns import AddNamespace, Fabric, Ip, Node, Sysctl, plan_fabric, plan_node

FABRIC = Fabric(("192.168.0.1/24", "fd00:1::1/64"))
ONE = Node("192.168.0.194", ("192.168.0.194", "fd00:1::194"), ("10.0.0.0/25", "fd00:2::/64"))
TWO = Node("192.168.0.21", ("192.168.0.21",), ("10.0.0.128/25",))


def lines(plan: list[AddNamespace | Ip | Sysctl], namespace: str) -> list[str]:
    return [step.line for step in plan if isinstance(step, Ip) and step.namespace == namespace]


def test_the_fabric_is_a_bridge_with_its_addresses() -> None:
    assert lines(plan_fabric(FABRIC), "fabric") == [
        "link add name br0 type bridge mcast_snooping 0",
        "-4 addr add 192.168.0.1/24 dev br0",
        "-6 addr add fd00:1::1/64 dev br0 nodad",
        "link set br0 up",
    ]


def test_addresses_of_the_cluster_that_nobody_has_never_lead_outside() -> None:
    fabric = Fabric(("192.168.0.1/24",), ("10.0.0.0/16", "fd00:10::/56"))
    assert lines(plan_fabric(fabric), "fabric")[-2:] == [
        "-4 route add unreachable 10.0.0.0/16",
        "-6 route add unreachable fd00:10::/56",
    ]


def test_a_node_is_linked_addressed_and_knows_the_ways() -> None:
    plan = plan_node(FABRIC, ONE, [TWO], local=["10.247.3.10"])
    assert plan[0] == AddNamespace("node-192.168.0.194")
    assert lines(plan, "node-192.168.0.194") == [
        "-4 addr add 192.168.0.194/24 dev eth0",
        "-6 addr add fd00:1::194/64 dev eth0 nodad",
        "link set eth0 up",
        "-4 addr add 10.247.3.10/32 dev lo",
        "-4 route add default via 192.168.0.1",
        "-6 route add default via fd00:1::1",
        "-4 route replace 10.0.0.128/25 via 192.168.0.21",
    ]
    assert lines(plan, "fabric") == [
        "link add n-192.168.0.194 type veth peer name eth0 netns node-192.168.0.194",
        "link set n-192.168.0.194 master br0 up",
        "-4 route replace 10.0.0.0/25 via 192.168.0.194",
        "-6 route replace fd00:2::/64 via fd00:1::194",
    ]
    assert Sysctl("node-192.168.0.194", "net/ipv4/ip_forward", "1") in plan


def test_links_of_long_names_stay_within_what_the_kernel_allows_and_differ() -> None:
    names = ["a-very-long-machine-name-1", "a-very-long-machine-name-2", "fd00:1::194"]
    links = [lines(plan_node(FABRIC, Node(name, (), ()), []), "fabric")[0].split(" ")[2] for name in names]
    assert len(set(links)) == 3
    assert all(len(link) <= 15 and ":" not in link for link in links)
