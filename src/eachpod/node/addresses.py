"""Gives pods addresses out of the node's ranges, lowest free one first, as the host-local IPAM plugin does."""

import ipaddress
from collections.abc import Iterable

# A pod with this annotation ("true") has the address again that the last pod of its name had on this node.
KEEP_ADDRESS = "eachpod.dev/keep-address"


class Addresses:
    """One range per family. The first address of a range is the gateway's. An address may be kept for a name over the
    pod's restarts; it is given to others only when the range is used up."""

    def __init__(self, cidrs: Iterable[str]) -> None:
        self._ranges = [ipaddress.ip_network(cidr) for cidr in cidrs]
        self._used: list[set[int]] = [set() for _ in self._ranges]
        self._next = [2 for _ in self._ranges]
        self._kept: dict[str, tuple[str, ...]] = {}

    def take(self, keep: str = "") -> tuple[str, ...]:
        """An address of each family; () where a range is full. `keep` names what the addresses are kept for."""
        kept = self._kept.get(keep, ()) if keep else ()
        if kept and all(self._free(address) for address in kept):
            found = kept
        else:
            found = tuple(filter(None, (self._lowest(index) for index in range(len(self._ranges)))))
            if len(found) < len(self._ranges):
                return ()
        for address in found:
            self.note(address)
        if keep:
            self._kept[keep] = found
        return found

    def note(self, address: str) -> None:
        """`address` is in use (found so after a restart, too)."""
        for index, offset in self._places(address):
            self._used[index].add(offset)

    def give_back(self, addresses: Iterable[str]) -> None:
        for address in addresses:
            for index, offset in self._places(address):
                self._used[index].discard(offset)

    def forget(self, keep: str) -> None:
        self._kept.pop(keep, None)

    def _free(self, address: str) -> bool:
        return all(offset not in self._used[index] for index, offset in self._places(address))

    def _places(self, address: str) -> list[tuple[int, int]]:
        parsed = ipaddress.ip_address(address)
        return [
            (index, int(parsed) - int(network.network_address))
            for index, network in enumerate(self._ranges)
            if parsed.version == network.version and parsed in network
        ]

    def _lowest(self, index: int) -> str:
        """The next free one after the last given, so that an address rests before it names another pod."""
        network, used = self._ranges[index], self._used[index]
        size = network.num_addresses - 1
        reserved = {self._offset(index, each) for kept in self._kept.values() for each in kept}
        for avoid in (reserved, set[int]()):
            for step in range(size):
                offset = 2 + (self._next[index] - 2 + step) % max(size - 2, 1)
                if offset not in used and offset not in avoid:
                    self._next[index] = offset + 1
                    return str(network[offset])
        return ""

    def _offset(self, index: int, address: str) -> int:
        return next((offset for place, offset in self._places(address) if place == index), -1)
