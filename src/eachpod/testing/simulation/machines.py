"""The truth about the machines: which containers run, and which pod has which address. The API only hears of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

# Few, and one that was given back is the next to be taken: a name that still points to it would point to another pod.
_ADDRESSES = tuple(f"10.0.0.{number}" for number in range(1, 9))

Fail = Callable[[str], None]


@dataclass(slots=True)
class Machines:
    """Pods by name and uid; all are of one namespace."""

    fail: Fail
    running: dict[str, str] = field(default_factory=dict)  # pod name -> uid whose containers run
    holders: dict[str, str] = field(default_factory=dict)  # address -> pod uid
    held: dict[tuple[str, str], str] = field(default_factory=dict)  # (pod uid, address) ever -> pod name
    _free: list[str] = field(default_factory=lambda: list(reversed(_ADDRESSES)))

    def start(self, name: str, uid: str) -> str:
        """The address that the pod has from now on; "" where none is free."""
        if not self._free:
            return ""
        if name in self.running:
            self.fail(f"two pods called {name} run at once: {self.running[name]} and {uid}")
        address = self._free.pop()
        self.running[name] = uid
        self.holders[address] = uid
        self.held[uid, address] = name
        return address

    def stop(self, name: str, uid: str) -> None:
        """The containers have ended, and the address is free."""
        if self.running.get(name) == uid:
            del self.running[name]
        for address in [address for address, holder in self.holders.items() if holder == uid]:
            del self.holders[address]
            self._free.append(address)

    def names_of(self, address: str) -> set[str]:
        """The names of all pods that have ever had an address."""
        return {name for (_, held), name in self.held.items() if held == address}
