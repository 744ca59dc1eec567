"""The rules that a node's Services become."""

from dataclasses import replace

import pytest

from eachpod.node.network.nftables import Table
from eachpod.node.network.rules import Surroundings, table
from eachpod.node.network.services import Endpoint, ServicePort

AROUND = Surroundings(("10.0.0.0/16",), ("10.247.0.0/16",), frozenset({"10.247.3.10"}))
PODS = (Endpoint("10.0.0.1", 8080, True), Endpoint("10.0.1.1", 8080))
WEB = ServicePort("ns", "web", "http", "tcp", 80, "10.247.0.9", inside=PODS, outside=PODS, has_endpoints=True)


def built(*ports: ServicePort) -> Table:
    return table(ports, AROUND, v6=False)


def verdict(of: Table, name: str, key: str) -> str:
    return of.sets[name].elements.get(key, "")


def followed(of: Table, goto: str) -> tuple[str, ...]:
    return of.chains[goto.removeprefix("goto ")].rules


def reachable(of: Table) -> bool:
    """Every chain and set that a rule or element names is there."""
    text = " ".join(rule for chain in of.chains.values() for rule in chain.rules)
    text += " " + " ".join(value for each in of.sets.values() for value in each.elements.values())
    words = text.replace(",", " ").split()
    chains = {words[at + 1] for at, word in enumerate(words[:-1]) if word in ("goto", "jump")}
    sets = {word.removeprefix("@") for word in words if word.startswith("@")}
    return chains <= set(of.chains) and sets <= set(of.sets)


EVERYTHING = replace(
    WEB,
    external_ips=("192.168.0.50",),
    balancer_ips=("192.168.0.60",),
    source_ranges=("192.168.0.0/24",),
    node_port=30080,
    affinity_seconds=60,
)


@pytest.mark.parametrize(
    "port",
    [
        WEB,
        EVERYTHING,
        replace(EVERYTHING, outside_local_only=True, outside=PODS[:1]),
        replace(EVERYTHING, outside_local_only=True, outside=()),
        replace(EVERYTHING, inside_local_only=True, inside=()),
        replace(EVERYTHING, inside=(), outside=(), has_endpoints=False),
    ],
)
def test_every_rule_leads_somewhere(port: ServicePort) -> None:
    assert reachable(built(port))
    assert all(len(name) < 128 for name in built(port).chains)


def test_a_cluster_address_leads_to_a_random_endpoint_and_its_own_port() -> None:
    made = built(WEB)
    rules = followed(made, verdict(made, "service-addresses", "10.247.0.9 . tcp . 80"))
    assert rules[0] == "ip daddr 10.247.0.9 ip saddr != { 10.0.0.0/16 } jump mark-for-masquerade"
    assert rules[1].startswith("numgen random mod 2 vmap { 0 : goto endpoint-")
    ends = [chain.rules for name, chain in made.chains.items() if name.startswith("endpoint-")]
    assert (
        "ip saddr 10.0.0.1 jump mark-for-masquerade",
        "meta l4proto tcp dnat to 10.0.0.1:8080",
    ) in ends


def test_what_nobody_serves_is_refused_and_what_a_policy_keeps_back_is_dropped() -> None:
    nobody = replace(WEB, inside=(), outside=(), has_endpoints=False, node_port=30080)
    made = built(nobody)
    assert verdict(made, "unserved-addresses", "10.247.0.9 . tcp . 80") == "goto refuse"
    assert verdict(made, "unserved-node-ports", "tcp . 30080") == "goto refuse"
    assert not made.sets["service-addresses"].elements
    kept = built(replace(WEB, inside=(), inside_local_only=True))
    assert verdict(kept, "unserved-addresses", "10.247.0.9 . tcp . 80") == "goto discard"


def test_outside_traffic_gets_the_nodes_source_unless_the_policy_is_local() -> None:
    made = built(replace(WEB, node_port=30080))
    assert followed(made, verdict(made, "service-node-ports", "tcp . 30080"))[0] == "jump mark-for-masquerade"
    local = built(replace(WEB, node_port=30080, outside_local_only=True, outside=PODS[:1]))
    rules = followed(local, verdict(local, "service-node-ports", "tcp . 30080"))
    assert rules[0].startswith("ip saddr { 10.0.0.0/16 } goto external-")
    assert rules[1] == "fib saddr type local jump mark-for-masquerade"
    assert rules[-1].startswith("numgen random mod 1 vmap")
    none = built(replace(WEB, node_port=30080, outside_local_only=True, outside=()))
    assert followed(none, verdict(none, "service-node-ports", "tcp . 30080"))[-1] == "drop"


def test_a_balancers_source_ranges_guard_its_address_only() -> None:
    made = built(EVERYTHING)
    guarded = followed(made, verdict(made, "service-addresses", "192.168.0.60 . tcp . 80"))
    assert guarded[0] == "ip saddr != { 192.168.0.0/24 } drop"
    open_to_all = verdict(made, "service-addresses", "192.168.0.50 . tcp . 80")
    assert open_to_all == guarded[1]


def test_affinity_is_one_state_for_all_addresses_and_changes_name_with_its_timeout() -> None:
    made = built(EVERYTHING)
    names = [name for name in made.sets if name.startswith("affinity-")]
    assert len(names) == 2
    for key in ("10.247.0.9 . tcp . 80", "192.168.0.50 . tcp . 80"):
        rules = followed(made, verdict(made, "service-addresses", key))
        assert sum(f"@{name}" in rule for name in names for rule in rules) == 2
    other = built(replace(EVERYTHING, affinity_seconds=61))
    assert not set(names) & set(other.sets)


def test_addresses_that_the_node_answers_for_are_let_be() -> None:
    made = built(replace(WEB, cluster_ip="10.247.3.10", port=53))
    assert not made.sets["service-addresses"].elements
    assert not made.sets["cluster-addresses"].elements
    assert made.chains["refusals"].rules[0] == "ip daddr { 10.247.3.10 } return"


def test_an_endpoint_that_goes_changes_its_services_chain_and_nothing_else() -> None:
    other = replace(WEB, name="other", cluster_ip="10.247.0.8")
    before, after = built(WEB, other), built(replace(WEB, inside=PODS[:1], outside=PODS[:1]), other)
    changed = [name for name, chain in after.chains.items() if before.chains.get(name) != chain]
    assert [name.split("-")[0] for name in changed] == ["service"]
    assert len(set(before.chains) - set(after.chains)) == 1


def test_ipv6_addresses_are_bracketed() -> None:
    pod = (Endpoint("fd00:2::1", 8080),)
    port = replace(WEB, cluster_ip="fd00::9", inside=pod, outside=pod)
    made = table([port], Surroundings(("fd00:2::/32",), ("fd00::/64",)), v6=True)
    assert reachable(made)
    assert any("dnat to [fd00:2::1]:8080" in rule for chain in made.chains.values() for rule in chain.rules)
    assert made.family == "ip6"
