"""Tables as texts, and the changes between them, carried out as the kernel would."""

from hypothesis import given
from hypothesis import strategies as st

from eachpod.node.network import nftables
from eachpod.node.network.nftables import Chain, Set, Table


def table(chains: dict[str, tuple[str, ...]], elements: dict[str, str] | None = None) -> Table:
    return Table(
        "ip",
        "t",
        {
            name: Chain(rules, "type nat hook output priority 0" if name == "hook" else "")
            for name, rules in chains.items()
        },
        {"m": Set("type x : verdict;", elements or {}, "map")},
    )


def test_a_whole_table_replaces_whatever_was_there() -> None:
    text = nftables.whole(table({"hook": ("jump a",), "a": ("accept",)}, {"1": "goto a"}))
    assert text.splitlines() == [
        "add table ip t",
        "delete table ip t",
        "add table ip t",
        "add chain ip t hook { type nat hook output priority 0; }",
        "add chain ip t a",
        "add map ip t m { type x : verdict; }",
        "add element ip t m { 1 : goto a }",
        "add rule ip t hook jump a",
        "add rule ip t a accept",
    ]


def test_only_what_differs_is_changed_and_what_is_gone_goes_afterwards() -> None:
    old = table({"hook": ("jump a",), "a": ("x",), "b": ("y",)}, {"1": "goto a", "2": "goto b"})
    new = table({"hook": ("jump a",), "a": ("x", "z"), "c": ("w",)}, {"1": "goto a", "3": "goto c"})
    assert nftables.change(old, new).splitlines() == [
        "add chain ip t c",
        "delete element ip t m { 2 }",
        "add element ip t m { 3 : goto c }",
        "flush chain ip t a",
        "add rule ip t a x",
        "add rule ip t a z",
        "add rule ip t c w",
        "flush chain ip t b",
    ]
    assert nftables.leftovers(old, new) == "delete chain ip t b\n"


def test_a_set_that_packets_fill_is_not_touched() -> None:
    filled = {"s": Set("type ipv4_addr; flags dynamic,timeout; timeout 5s;")}
    old, new = Table("ip", "t", {}, filled), Table("ip", "t", {"a": Chain(("x",))}, filled)
    assert " s" not in nftables.change(old, new)
    assert nftables.leftovers(new, Table("ip", "t")) == "delete chain ip t a\ndelete set ip t s\n"


rules = st.lists(st.sampled_from(["x", "y", "z"]), max_size=3).map(tuple)
tables = st.builds(
    table,
    st.dictionaries(st.sampled_from("abcd"), rules),
    st.dictionaries(st.sampled_from("123"), st.sampled_from(["goto a", "goto b"])),
)


class Kernel:
    """What a text leaves behind, by the meaning of its commands."""

    def __init__(self) -> None:
        self.chains: dict[str, list[str]] = {}
        self.elements: dict[str, str] = {}

    def apply(self, text: str) -> None:
        for line in text.splitlines():
            verb, kind, _, _, *rest = line.split(" ")
            match verb, kind:
                case "add", "chain":
                    assert rest[0] not in self.chains
                    self.chains[rest[0]] = []
                case "flush", "chain":
                    self.chains[rest[0]].clear()
                case "delete", "chain":
                    del self.chains[rest[0]]
                case "add", "rule":
                    self.chains[rest[0]].append(" ".join(rest[1:]))
                case "add", "element":
                    pairs = (pair.split(" : ") for pair in line.split("{ ")[1].removesuffix(" }").split(", "))
                    for key, value in pairs:
                        assert key not in self.elements
                        self.elements[key] = value
                case "delete", "element":
                    for key in line.split("{ ")[1].removesuffix(" }").split(", "):
                        del self.elements[key]


@given(tables, tables)
def test_after_a_change_the_kernel_holds_the_new_table(old: Table, new: Table) -> None:
    kernel = Kernel()
    kernel.apply(nftables.whole(old))
    kernel.apply(nftables.change(old, new))
    kernel.apply(nftables.leftovers(old, new))
    assert kernel.chains == {name: list(chain.rules) for name, chain in new.chains.items()}
    assert kernel.elements == new.sets["m"].elements


@given(tables)
def test_an_equal_table_needs_no_change(same: Table) -> None:
    assert nftables.change(same, same) == nftables.leftovers(same, same) == ""
