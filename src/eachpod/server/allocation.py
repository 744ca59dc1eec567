"""Addresses and node ports of Services: which are taken, and who gets which.

What is taken follows the stored Services. A request that is under way holds what it chose (`Context.cleanups` lets go
of it), so that two requests at once cannot choose the same; the store then knows.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from eachpod.model import errors
from eachpod.model.fielderrors import FieldError, invalid
from eachpod.model.objects import Object, dig, name, namespace
from eachpod.model.resources import SERVICE
from eachpod.model.services import traits
from eachpod.model.services.families import settle
from eachpod.store.contract import Event, Store

from .context import Context

# Of a bigger IPv6 range only so much is handed out; nobody has that many Services.
_IPV6_LIMIT = 1 << 20


def family(network: IPv4Network | IPv6Network) -> str:
    return f"IPv{network.version}"


def static_band(size: int) -> int:
    """The lower part of a range that dynamic choice leaves to those who name an address, while it can (KEP-3070)."""
    return 0 if size < 16 else min(max(16, size // 16), 256)


class Pool:
    """Numbers 0 to size, with how often each is in use."""

    def __init__(self, size: int, band: int) -> None:
        self.size, self.band = size, band
        self.used: Counter[int] = Counter()

    def free(self, entropy: int) -> int | None:
        """A free number, above the static band while there is one."""
        for low, high in ((self.band, self.size), (0, self.band)):
            width = high - low
            for step in range(width):
                number = low + (entropy + step) % width
                if not self.used[number]:
                    return number
        return None

    def take(self, number: int) -> None:
        self.used[number] += 1

    def release(self, number: int) -> None:
        self.used[number] -= 1
        if self.used[number] <= 0:
            del self.used[number]


class ServiceAllocator:
    """For the Service ranges and node ports of one server."""

    def __init__(self, cidrs: tuple[str, ...], node_ports: tuple[int, int]) -> None:
        networks = [ip_network(cidr) for cidr in cidrs]
        self.networks = {family(network): network for network in networks}
        self.families = tuple(self.networks)
        self._addresses = {name_: Pool(*_shape(network)) for name_, network in self.networks.items()}
        self._first_port, self._last_port = node_ports
        count = self._last_port - self._first_port + 1
        self._ports = Pool(count, static_band(count) and min(max(16, count // 32), 128))

    def follow(self, store: Store) -> None:
        """Take over what is stored, now and from now on."""
        for entry in store.entries(SERVICE.group_resource):
            self._count(entry.object, 1)
        store.subscribe(SERVICE.group_resource, store.revision, self._notice)

    def _notice(self, event: Event) -> None:
        if event.type != "DELETED":
            self._count(event.entry.object, 1)
        if event.previous is not None:
            self._count(event.previous.object, -1)

    def _count(self, service: Object, sign: int) -> None:
        for pool, number in self._held(service.get("spec") or {}):
            if sign > 0:
                pool.take(number)
            else:
                pool.release(number)

    def _held(self, spec: Object) -> Iterator[tuple[Pool, int]]:
        for address in spec.get("clusterIPs") or ():
            if address != traits.NONE:
                pool, number = self._slot(address)
                if pool is not None:
                    yield pool, number
        ports = {port.get("nodePort") for port in spec.get("ports") or ()} | {spec.get("healthCheckNodePort")}
        for port in ports:
            if port and self._first_port <= port <= self._last_port:
                yield self._ports, port - self._first_port

    def _slot(self, address: str) -> tuple[Pool | None, int]:
        """The pool of an address and its number there; None and 0 for an address of no pool."""
        kind = traits.family_of(address)
        network = self.networks.get(kind)
        if network is None or ip_address(address) not in network:
            return None, 0
        number = int(ip_address(address)) - int(network.network_address) - 1
        pool = self._addresses[kind]
        return (pool, number) if 0 <= number < pool.size else (None, 0)

    def allocate(self, new: Object, old: Object | None, context: Context) -> Object:
        """`new` with families, addresses and ports; Invalid for those that cannot be had."""
        new, faults = settle(new, old, self.families)
        if faults:
            raise errors.invalid(SERVICE, name(new), faults)
        spec = dict(new["spec"])
        before = (old or {}).get("spec") or {}
        grip = _Grip(context)
        if traits.needs_cluster_ip(spec) and not traits.is_headless(spec):
            self._addresses_of(spec, before, new, grip)
        if traits.needs_node_ports(spec):
            self._node_ports_of(spec, before, new, grip)
        if traits.needs_health_check_port(spec):
            self._health_port_of(spec, before, new, grip)
        return {**new, "spec": spec}

    def _addresses_of(self, spec: Object, before: Object, new: Object, grip: "_Grip") -> None:
        held = set(before.get("clusterIPs") or ()) if traits.needs_cluster_ip(before) else set()
        addresses = list(spec.get("clusterIPs") or ())
        for address in addresses:
            if address not in held:
                self._claim(address, addresses, new, grip)
        missing = (spec.get("ipFamilies") or ())[len(addresses) :]
        addresses += [self._choose(kind, new, grip) for kind in missing]
        if addresses:
            spec["clusterIP"], spec["clusterIPs"] = addresses[0], addresses

    def _claim(self, address: str, addresses: list[str], new: Object, grip: "_Grip") -> None:
        pool, number = self._slot(address)
        if pool is None:
            network = self.networks.get(traits.family_of(address))
            why = f"the provided IP ({address}) is not in the valid range. The range of valid IPs is {network}"
        elif pool.used[number]:
            why = "provided IP is already allocated"
        else:
            grip.take(pool, number)
            return
        _refuse(new, invalid("spec.clusterIPs", addresses, f"failed to allocate IP {address}: {why}"))

    def _choose(self, kind: str, new: Object, grip: "_Grip") -> str:
        pool, network = self._addresses[kind], self.networks[kind]
        number = pool.free(grip.chance())
        if number is None:
            where = f'Service "{name(new)}" in namespace "{namespace(new)}"'
            raise errors.InternalError(
                f"Internal error occurred: failed to allocate a serviceIP for {where}: range is full"
            )
        grip.take(pool, number)
        return str(network.network_address + 1 + number)

    def _node_ports_of(self, spec: Object, before: Object, new: Object, grip: "_Grip") -> None:
        held = {port.get("nodePort") for port in before.get("ports") or ()} | {before.get("healthCheckNodePort")}
        # TCP and UDP of one port may share a node port.
        mine: dict[int, str] = {}
        chosen: dict[int, int] = {}
        ports = []
        for index, port in enumerate(spec.get("ports") or ()):
            wanted = port.get("nodePort")
            if not wanted:
                wanted = chosen.get(port.get("port")) or self._free_port(new, grip)
                port = {**port, "nodePort": wanted}
            elif wanted not in held and wanted not in mine:
                self._claim_port(wanted, f"spec.ports[{index}].nodePort", new, grip)
            mine[wanted] = port.get("protocol") or ""
            chosen.setdefault(port.get("port"), wanted)
            ports.append(port)
        if ports:
            spec["ports"] = ports

    def _health_port_of(self, spec: Object, before: Object, new: Object, grip: "_Grip") -> None:
        wanted = spec.get("healthCheckNodePort")
        if not wanted:
            spec["healthCheckNodePort"] = self._free_port(new, grip)
        elif wanted != before.get("healthCheckNodePort"):
            self._claim_port(wanted, "spec.healthCheckNodePort", new, grip)

    def _claim_port(self, port: int, path: str, new: Object, grip: "_Grip") -> None:
        low, high = self._first_port, self._last_port
        if not low <= port <= high:
            text = f"provided port is not in the valid range. The range of valid ports is {low}-{high}"
            _refuse(new, invalid(path, port, text))
        if self._ports.used[port - low]:
            _refuse(new, invalid(path, port, "provided port is already allocated"))
        grip.take(self._ports, port - low)

    def _free_port(self, new: Object, grip: "_Grip") -> int:
        number = self._ports.free(grip.chance())
        if number is None:
            raise errors.InternalError("Internal error occurred: failed to allocate a nodePort: range is full")
        grip.take(self._ports, number)
        return self._first_port + number


class _Grip:
    """What one request holds until it has ended, and its chance."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._entropy = int.from_bytes(context.entropy[24:32])

    def chance(self) -> int:
        self._entropy = (self._entropy * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        return self._entropy >> 20

    def take(self, pool: Pool, number: int) -> None:
        pool.take(number)
        release: Callable[[], None] = lambda: pool.release(number)  # noqa: E731
        self._context.cleanups.append(release)


def _shape(network: IPv4Network | IPv6Network) -> tuple[int, int]:
    """How many addresses can be given out (neither the network's own nor IPv4's broadcast), and the static band."""
    size = min(network.num_addresses - (2 if network.version == 4 else 1), _IPV6_LIMIT)
    return max(size, 1), static_band(network.num_addresses)


def _refuse(service: Object, fault: FieldError) -> None:
    raise errors.invalid(SERVICE, dig(service, "metadata", "name", default=""), [fault])
