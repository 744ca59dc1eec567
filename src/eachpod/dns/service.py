"""The names of one Service: kept up to date slice by slice, so that a change of one endpoint costs work for its own
names and not for the thousands beside it.

Everything that several slices may say is counted: an address stays until the last slice that holds it lets it go.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from . import message, name
from .message import AAAA, SRV, A
from .node import NODATA, Alias, Answer, Host, Node, Target, addresses_answer, services
from .records import Endpoint, Port, ServiceSpec, Slice

# Names to publish; None withdraws.
Names = dict[bytes, Node | None]
_PTR_CLUSTER_IP, _PTR_HOSTNAME, _PTR_OTHER = 0, 1, 2
PtrTarget = tuple[int, bytes]
_T = TypeVar("_T")


class EndpointName(Node):
    """A label below a Service. One object per endpoint, so it is kept small."""

    __slots__ = ("addresses", "label", "owner")

    def __init__(self, owner: "ServiceNames", label: bytes, addresses: tuple[bytes, ...]) -> None:
        super().__init__()
        self.owner, self.label, self.addresses = owner, label, addresses

    def answer(self, type_: int, asked: int) -> Answer:
        if type_ in (A, AAAA):
            return addresses_answer(self.owner.ttl, set(self.addresses), type_)
        if type_ == SRV:
            mine = (t for t in self.owner.targets() if t.name.lower() == self.label + self.owner.wire_lower)
            return services(self.owner.ttl, list(mine), message.HEADER + asked)
        return NODATA


class ServiceNames:
    """A Service and its slices. `publish` says which names to set; `reversed` which PTR targets came or went."""

    def __init__(self, namespace: str, own: str, suffix: bytes, ttl: int) -> None:
        self.ttl = ttl
        self.wire = name.label(own) + name.label(namespace) + suffix
        self.wire_lower = self.wire.lower()
        self.spec: ServiceSpec | None = None
        self.slices: dict[str, Slice] = {}
        self._heads: dict[bytes, Node] = {}
        self._visible = False
        self._addresses: dict[bytes, int] = {}
        self._labels: dict[bytes, EndpointName] = {}
        self._ports: dict[tuple[str, str], dict[tuple[str, int], int]] = {}
        self.reversed: list[tuple[bytes, PtrTarget, int]] = []

    def set_spec(self, spec: ServiceSpec | None, *, visible: bool) -> Names:
        """The Service as it is now. Everything under it is made anew: its kind may have changed altogether."""
        if spec == self.spec and visible == self._visible:
            return {}
        touched = self._all_slices(-1)
        self._own_addresses(-1)
        self.spec, self._visible = spec, visible and spec is not None
        touched |= self._all_slices(+1)
        self._own_addresses(+1)
        return self._publish(touched)

    def set_slice(self, title: str, new: Slice | None) -> Names:
        old = self.slices.pop(title, None)
        if new is not None:
            self.slices[title] = new
        if old == new or not self._shows_slices():
            return {}
        none: frozenset[Endpoint] = frozenset()
        before, after = (old.endpoints if old else none), (new.endpoints if new else none)
        ports_before, ports_after = (old.ports if old else frozenset()), (new.ports if new else frozenset())
        same = before & after if ports_before == ports_after else none
        touched = self._count(before - same, ports_before, -1)
        touched |= self._count(after - same, ports_after, +1)
        return self._publish(touched)

    def addresses(self) -> Iterable[bytes]:
        if self.spec is not None and not self.spec.headless:
            return self.spec.addresses
        return list(self._addresses)

    def targets(self, protocol: str = "", port: str | None = None) -> Iterator[Target]:
        """Where SRV records lead: for one port, or for all, unnamed ones included."""
        if self.spec is not None and not self.spec.headless:
            for own in self.spec.ports:
                if port is None or (own.name, own.protocol) == (port, protocol):
                    yield Target(self.wire, own.number, self.spec.addresses, len(self.spec.addresses))
            return
        chosen = list(self._ports.items())
        for (its_protocol, its_name), ends in chosen:
            if port is not None and (its_name, its_protocol) != (port, protocol):
                continue
            for (label, number), pairs in list(ends.items()):
                node = self._labels.get(name.label(label.lower()))
                yield Target(name.label(label) + self.wire, number, tuple(set(node.addresses)) if node else (), pairs)

    def _shows_slices(self) -> bool:
        return self._visible and self.spec is not None and not self.spec.external

    def _all_slices(self, sign: int) -> set[bytes]:
        touched: set[bytes] = set()
        if self._shows_slices():
            for one in self.slices.values():
                touched |= self._count(one.endpoints, one.ports, sign)
        return touched

    def _own_addresses(self, sign: int) -> None:
        if self._visible and self.spec is not None:
            self.reversed += [(address, (_PTR_CLUSTER_IP, self.wire), sign) for address in self.spec.addresses]

    def _count(self, endpoints: Iterable[Endpoint], ports: Iterable[Port], sign: int) -> set[bytes]:
        """Add or take away endpoints; returns the labels that changed."""
        touched = set()
        headless = self.spec is not None and self.spec.headless
        for label, address, hostname in endpoints:
            key = name.label(label.lower())
            touched.add(key)
            _step(self._addresses, address, sign)
            self._step_label(key, address, sign)
            rank = _PTR_HOSTNAME if hostname and headless else _PTR_OTHER
            self.reversed.append((address, (rank, name.label(label) + self.wire), sign))
            for port in ports:
                ends = self._ports.setdefault((port.protocol, port.name), {})
                _step(ends, (label, port.number), sign)
                if not ends:
                    del self._ports[port.protocol, port.name]
        return touched

    def _step_label(self, key: bytes, address: bytes, sign: int) -> None:
        node = self._labels.get(key)
        held = list(node.addresses) if node else []
        if sign > 0:
            held.append(address)
        elif address in held:
            held.remove(address)
        if held:
            self._labels[key] = EndpointName(self, key, tuple(held))
        else:
            self._labels.pop(key, None)

    def _publish(self, touched: set[bytes]) -> Names:
        heads = self._make_heads()
        names: Names = {wire: None for wire in self._heads if wire not in heads}
        self._heads = heads
        for key in touched:
            wire = key + self.wire_lower
            if wire not in heads:
                names[wire] = self._labels.get(key)
        return {**names, **heads}

    def _make_heads(self) -> dict[bytes, Node]:
        """The Service's own name and those of its ports."""
        spec = self.spec
        if spec is None or not self._visible:
            return {}
        if spec.external:
            return self._alias(spec.external)
        if spec.headless and not self._addresses:
            return {}  # no ready endpoint: the name does not exist (specification 2.4.1)
        heads: dict[bytes, Node] = {self.wire_lower: Host(self.ttl, self.addresses, self.targets)}
        own = [(port.protocol, port.name) for port in spec.ports]
        for protocol, title in self._ports if spec.headless else own:
            if not title:
                continue  # an unnamed port has no name of its own
            below = name.label("_" + protocol) + self.wire_lower
            heads.setdefault(below, Node())
            if name.is_label("_" + title):
                wire = name.label("_" + title.lower()) + below
                heads[wire] = Host(self.ttl, self.addresses, _bound(self, protocol, title))
        return heads

    def _alias(self, external: str) -> dict[bytes, Node]:
        if name.pack(external) is not None:
            return {}  # an address is no name to point to
        try:
            return {self.wire_lower: Alias(name.encode(external), self.ttl)}
        except name.BadName:
            return {}


def _bound(owner: ServiceNames, protocol: str, title: str) -> Callable[[], Iterator[Target]]:
    return lambda: owner.targets(protocol, title)


def _step(counts: dict[_T, int], key: _T, sign: int) -> None:
    left = counts.get(key, 0) + sign
    if left > 0:
        counts[key] = left
    else:
        counts.pop(key, None)
