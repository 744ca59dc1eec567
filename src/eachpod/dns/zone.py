"""The index: every name that the cluster has, kept equal to its Services, EndpointSlices, Namespaces and Pods.

It changes only by `put` and `remove`, one object at a time, and each touches only the names of that object. The rules
are those of the specification of DNS for Kubernetes, version 1.1.0.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

from eachpod.model import objects
from eachpod.model.objects import Object
from eachpod.model.podphase import is_finished
from eachpod.model.resource import Resource
from eachpod.model.resources import ENDPOINTSLICE, NAMESPACE, POD, SERVICE

from . import name, records
from .message import AAAA, SOA, TXT, A, record
from .node import Fixed, Node, Reverse
from .records import Slice
from .service import Names, PtrTarget, ServiceNames

VERSION = "1.1.0"
_VERSION_TTL = 28800
REVERSE_ZONES = (name.encode("in-addr.arpa"), name.encode("ip6.arpa"))
_REFRESH, _RETRY, _EXPIRE = 7200, 1800, 86400


@dataclass(frozen=True, slots=True)
class ZoneOptions:
    """`pods` is how names of addresses are answered: `insecure` (any address), `verified` (one that a pod of that
    namespace has) or `disabled`. `addresses` are those of the DNS Service. With `ptr_hostnames_only` an address that
    has a hostname has no other names. `forwarding` says that other names are asked of somebody else."""

    domain: str = "cluster.local"
    ttl: int = 5
    pods: str = "insecure"
    addresses: tuple[str, ...] = ()
    ptr_hostnames_only: bool = False
    forwarding: bool = False
    packed: tuple[bytes, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        packed = tuple(p for text in self.addresses if (p := name.pack(text)) is not None)
        object.__setattr__(self, "packed", packed)


class Index:
    """`names` is all that a question needs: wire name in small letters -> node."""

    def __init__(self, options: ZoneOptions) -> None:
        self.options = options
        self.zone = name.encode(options.domain).lower()
        self.names: dict[bytes, Node] = {}
        self.synced = False
        self.serial = 0
        self._denial = (-1, b"")
        self._suffix = name.label("svc") + self.zone
        self._services: dict[tuple[str, str], ServiceNames] = {}
        self._by_namespace: dict[str, dict[str, ServiceNames]] = {}
        self._namespaces: set[str] = set()
        self._slices: dict[tuple[str, str], Slice] = {}
        self._reverse: dict[bytes, tuple[PtrTarget, ...]] = {}
        self._pods: dict[tuple[str, str], tuple[str, bytes]] = {}
        self._pod_addresses: dict[tuple[bytes, bytes], int] = {}
        self._statics()

    def put(self, resource: Resource, obj: Object, now: float) -> None:
        """An object as it is now, new or changed."""
        if resource is ENDPOINTSLICE:
            self._put_slice(objects.namespace(obj), objects.name(obj), records.endpoint_slice(obj), now)
        elif resource is SERVICE:
            self._put_service(objects.namespace(obj), objects.name(obj), records.service(obj), now)
        elif resource is NAMESPACE:
            self._put_namespace(objects.name(obj), True, now)
        elif resource is POD:
            self._put_pod(obj, records.pod_address(obj))

    def remove(self, resource: Resource, namespace: str, own: str, now: float) -> None:
        """An object is gone."""
        if resource is ENDPOINTSLICE:
            self._put_slice(namespace, own, None, now)
        elif resource is SERVICE:
            self._put_service(namespace, own, None, now)
        elif resource is NAMESPACE:
            self._put_namespace(own, False, now)
        elif resource is POD:
            self._drop_pod((namespace, own))

    def has_pod(self, namespace: bytes, address: bytes) -> bool:
        """Whether some pod of the namespace (in small letters) has the address."""
        return (namespace, address) in self._pod_addresses

    def soa(self, zone: bytes, minimum: int | None = None) -> tuple[int, bytes]:
        """TTL and rdata of a zone's SOA. The serial is the time of the last change, 0 before the first state is in.
        A denial may be kept for the shorter of TTL and `minimum` (RFC 2308, section 5), which is the TTL by itself."""
        ttl = self.options.ttl
        numbers = struct.pack(
            "!5I", self.serial if self.synced else 0, _REFRESH, _RETRY, _EXPIRE, ttl if minimum is None else minimum
        )
        ns, mailbox = name.label("ns") + name.label("dns"), name.label("hostmaster")
        return min(ttl, 300), ns + zone + mailbox + zone + numbers

    @property
    def denial(self) -> bytes:
        """The SOA record of a denial in the cluster's zone, without its owner."""
        serial, made = self._denial
        if serial != self.serial:
            serial = self.serial
            ttl, rdata = self.soa(self.zone)
            made = record(b"", SOA, ttl, rdata)
            self._denial = (serial, made)
        return made

    def name_server(self) -> tuple[bytes, list[bytes]]:
        """The DNS Service's own name, as its address says, and its addresses."""
        packed = self.options.packed
        for address in packed:
            for rank, target in self._reverse.get(address, ()):
                if rank == 0:
                    return target, list(packed)
        return name.encode("ns.dns")[:-1] + self.zone, list(packed)

    def _statics(self) -> None:
        """Names that exist before the first state is in."""
        ttl, zone = self.options.ttl, self.zone
        self.names[zone] = Apex(self)
        for below in ("svc", "pod", "dns"):
            self.names[name.label(below) + zone] = Node()
        version = bytes((len(VERSION),)) + VERSION.encode()
        self.names[name.label("dns-version") + zone] = Fixed({TXT: (_VERSION_TTL, (version,))})
        by_type = {
            type_: (ttl, tuple(a for a in self.options.packed if len(a) == size))
            for type_, size in ((A, 4), (AAAA, 16))
        }
        self.names[name.label("ns") + name.label("dns") + zone] = Fixed({t: r for t, r in by_type.items() if r[1]})
        self.statics = frozenset(self.names)

    def _put_namespace(self, own: str, exists: bool, now: float) -> None:
        if not name.is_label(own) or (own in self._namespaces) == exists:
            return
        (self._namespaces.add if exists else self._namespaces.discard)(own)
        label = name.label(own.lower())
        kinds = ("svc", "pod") if self.options.pods != "disabled" else ("svc",)
        names: Names = {label + name.label(kind) + self.zone: Node() if exists else None for kind in kinds}
        self._apply(names, now)
        for service in list(self._by_namespace.get(own, {}).values()):
            self._finish(service, service.set_spec(service.spec, visible=exists), now)

    def _put_service(self, namespace: str, own: str, spec: records.ServiceSpec | None, now: float) -> None:
        key = (namespace, own)
        service = self._services.get(key)
        if service is None:
            if spec is None:
                return
            service = self._service(key)
        self._finish(service, service.set_spec(spec, visible=namespace in self._namespaces), now)
        self._forget_if_empty(key, service)

    def _put_slice(self, namespace: str, own: str, new: Slice | None, now: float) -> None:
        title = (namespace, own)
        old = self._slices.pop(title, None)
        if new is not None:
            self._slices[title] = new
        if old is not None and (new is None or new.service != old.service):
            service = self._service((namespace, old.service))
            self._finish(service, service.set_slice(own, None), now)
            self._forget_if_empty((namespace, old.service), service)
        if new is not None:
            service = self._service((namespace, new.service))
            self._finish(service, service.set_slice(own, new), now)

    def _service(self, key: tuple[str, str]) -> ServiceNames:
        found = self._services.get(key)
        if found is None:
            found = self._services[key] = ServiceNames(*key, self._suffix, self.options.ttl)
            self._by_namespace.setdefault(key[0], {})[key[1]] = found
        return found

    def _forget_if_empty(self, key: tuple[str, str], service: ServiceNames) -> None:
        if service.spec is None and not service.slices:
            self._services.pop(key, None)
            siblings = self._by_namespace.get(key[0], {})
            siblings.pop(key[1], None)
            if not siblings:
                self._by_namespace.pop(key[0], None)

    def _finish(self, service: ServiceNames, names: Names, now: float) -> None:
        changes, service.reversed = service.reversed, []
        for address in self._count_reverse(changes):
            names[name.reverse(address)] = self._reverse_node(address)
        self._apply(names, now)

    def _count_reverse(self, changes: Iterable[tuple[bytes, PtrTarget, int]]) -> set[bytes]:
        touched = set()
        for address, target, sign in changes:
            touched.add(address)
            held = list(self._reverse.get(address, ()))
            if sign > 0:
                held.append(target)
            elif target in held:
                held.remove(target)
            if held:
                self._reverse[address] = tuple(sorted(held))
            else:
                self._reverse.pop(address, None)
        return touched

    def _reverse_node(self, address: bytes) -> Node | None:
        held = self._reverse.get(address)
        if not held:
            return None
        best = held[0][0]
        if best == 0:
            chosen = [held[0]]  # a Service's own address has one name
        elif self.options.ptr_hostnames_only:
            chosen = [entry for entry in held if entry[0] == best]
        else:
            chosen = list(held)
        return Reverse(self.options.ttl, dict.fromkeys(target for _, target in chosen))

    def _apply(self, names: Names, now: float) -> None:
        for wire, node in names.items():
            if node is None:
                self.names.pop(wire, None)
            else:
                self.names[wire] = node
        if names:
            self.serial = int(now)

    def _put_pod(self, obj: Object, address: bytes | None) -> None:
        key = (objects.namespace(obj), objects.name(obj))
        self._drop_pod(key)
        if address is None or is_finished(obj):
            return
        held = (key[0], address)
        self._pods[key] = held
        place = (held[0].lower().encode(), address)
        self._pod_addresses[place] = self._pod_addresses.get(place, 0) + 1

    def _drop_pod(self, key: tuple[str, str]) -> None:
        held = self._pods.pop(key, None)
        if held is None:
            return
        place = (held[0].lower().encode(), held[1])
        self._pod_addresses[place] -= 1
        if not self._pod_addresses[place]:
            del self._pod_addresses[place]


class Apex(Node):
    """The zone's own name: SOA, and NS with the address beside it. Never kept, since both follow other objects."""

    __slots__ = ("_index",)

    def __init__(self, index: Index) -> None:
        super().__init__()
        self._index = index
