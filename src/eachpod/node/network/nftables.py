"""nftables tables as values: their text, and the text that turns one into another.

The kernel applies a text as one transaction. Only what differs is changed, so that a big table costs little per change,
and sets that packets fill (session affinity) keep what they hold.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Chain:
    """`hook` is the line that ties a base chain to the packet path, "" for a chain that others jump to."""

    rules: tuple[str, ...]
    hook: str = ""


@dataclass(frozen=True, slots=True)
class Set:
    """A set or a map (`kind`), with its definition and the elements that it is given. `elements` maps keys to values;
    values are "" in a set. A set that packets fill has none."""

    definition: str
    elements: Mapping[str, str] = field(default_factory=dict)
    kind: str = "set"


@dataclass(frozen=True, slots=True)
class Table:
    """`family` is ip or ip6. Names of chains and sets tell their whole nature: one that changes its hook, type or
    flags changes its name."""

    family: str
    name: str
    chains: Mapping[str, Chain] = field(default_factory=dict)
    sets: Mapping[str, Set] = field(default_factory=dict)


def whole(table: Table) -> str:
    """The text that makes a table from nothing, whatever there was under its name."""
    where = f"{table.family} {table.name}"
    empty = Table(table.family, table.name)
    return f"add table {where}\ndelete table {where}\nadd table {where}\n{change(empty, table)}"


def change(old: Table, new: Table) -> str:
    """The text that makes `old` into `new` in one transaction, "" where they are equal. Chains and sets that are gone
    stay, unused, until `leftovers`: the kernel still counts them as used by elements deleted in the same breath."""
    lines = [
        *(
            f"add chain {_path(new, name)}{_hook(chain)}"
            for name, chain in new.chains.items()
            if name not in old.chains
        ),
        *(f"add {entry.kind} {_path(new, name)} {{ {entry.definition} }}" for name, entry in _fresh(old, new)),
    ]
    for name, entry in new.sets.items():
        lines += _elements(_path(new, name), old.sets.get(name, Set("")).elements, entry.elements)
    for name, chain in new.chains.items():
        before = old.chains.get(name)
        if before is not None and before.rules == chain.rules:
            continue
        if before is not None:
            lines.append(f"flush chain {_path(new, name)}")
        lines += [f"add rule {_path(new, name)} {rule}" for rule in chain.rules]
    lines += [f"flush chain {_path(new, name)}" for name in old.chains if name not in new.chains]
    return "".join(f"{line}\n" for line in lines)


def leftovers(old: Table, new: Table) -> str:
    """The text that removes what `change` left unused."""
    lines = [f"delete chain {_path(new, name)}" for name in old.chains if name not in new.chains]
    lines += [f"delete {entry.kind} {_path(new, name)}" for name, entry in old.sets.items() if name not in new.sets]
    return "".join(f"{line}\n" for line in lines)


def _fresh(old: Table, new: Table) -> Iterable[tuple[str, Set]]:
    return ((name, entry) for name, entry in new.sets.items() if name not in old.sets)


def _elements(path: str, old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    gone = [key for key, value in old.items() if new.get(key) != value]
    added = [f"{key} : {value}" if value else key for key, value in new.items() if old.get(key) != value]
    lines = []
    if gone:
        lines.append(f"delete element {path} {{ {', '.join(gone)} }}")
    if added:
        lines.append(f"add element {path} {{ {', '.join(added)} }}")
    return lines


def _path(table: Table, name: str) -> str:
    return f"{table.family} {table.name} {name}"


def _hook(chain: Chain) -> str:
    return f" {{ {chain.hook}; }}" if chain.hook else ""


def presence(table: Table) -> str:
    """A text that changes nothing and fails where the table is gone, as after somebody's `nft flush ruleset`."""
    first = next(name for name, chain in table.chains.items() if chain.hook)
    return f"list chain {table.family} {table.name} {first}\n"
