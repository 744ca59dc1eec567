"""What the index holds under a name: where its records come from, and the answers made from them so far.

An answer is made at the first question and then kept in the node. A change puts a new node into the index instead of
emptying the old one, so a reader in another thread can at worst keep an answer in a node that nobody finds any more.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import permutations
from struct import pack

from . import message
from .message import AAAA, ASKED, CNAME, HEADER, PTR, SRV, A, record

Addresses = Iterable[bytes]
# So many records are kept joined in every order; more are shuffled at each question.
_ORDERED = 3


class Answer:
    """A ready answer for one name and type: records that follow the question, and additional ones that may be left
    out. `orders` holds the joined records in every order where that is few; empty `records` mean NODATA."""

    __slots__ = ("body", "counts", "counts_edns", "more", "orders", "records", "size")

    def __init__(self, records: tuple[bytes, ...], more: tuple[bytes, ...] = (), *, rotate: bool = False) -> None:
        self.records = records
        self.more = more
        self.orders: tuple[bytes, ...] | None = ()  # None: shuffle them at each question
        if rotate and len(records) > 1:
            few = len(records) <= _ORDERED
            self.orders = tuple(b"".join(order) for order in permutations(records)) if few else None
        self.body = b"" if self.orders is None else b"".join(records + more)
        self.size = len(self.body) if self.body else sum(map(len, records))
        # More than these can count never fit into a message.
        few_records, few_more = min(len(records), 0xFFFF), min(len(more), 0xFFFE)
        self.counts = pack("!HHHH", 1, few_records, 0, few_more)
        self.counts_edns = pack("!HHHH", 1, few_records, 0, few_more + 1)


# The one of names in the cluster's zone, which the fast path knows; reverse names have another zone's SOA.
NODATA = Answer(())
REVERSE_NODATA = Answer(())


class Node:
    """A name without records of its own: something exists below it (an empty non-terminal)."""

    __slots__ = ("answers",)

    def __init__(self) -> None:
        self.answers: dict[bytes, Answer] = {}

    def answer(self, type_: int, asked: int) -> Answer:
        """The answer for a type, made now; `asked` is the length of the question section."""
        return NODATA

    def keep(self, type_: int, asked: int) -> Answer:
        """The same, and kept for the fast path under type and class."""
        made = self.answers[pack("!HH", type_, message.IN)] = self.answer(type_, asked)
        return made


class Fixed(Node):
    """Records that are known: type -> (TTL, rdata of each)."""

    __slots__ = ("_records",)

    def __init__(self, records: dict[int, tuple[int, tuple[bytes, ...]]]) -> None:
        super().__init__()
        self._records = records

    def answer(self, type_: int, asked: int) -> Answer:
        found = self._records.get(type_)
        if not found:
            return NODATA
        ttl, rdatas = found
        return Answer(tuple(record(ASKED, type_, ttl, rdata) for rdata in rdatas), rotate=type_ in (A, AAAA))


class Alias(Fixed):
    """An ExternalName Service. Its addresses are asked for anew each time: they are another name's."""

    __slots__ = ("target",)

    def __init__(self, target: bytes, ttl: int) -> None:
        super().__init__({CNAME: (ttl, (target,))})
        self.target = target


class Target:
    """Where an SRV record leads: the name as written, its port and its addresses. `pairs` is how many endpoints it
    stands for, each counted once for each slice."""

    __slots__ = ("addresses", "name", "pairs", "port")

    def __init__(self, name: bytes, port: int, addresses: tuple[bytes, ...], pairs: int = 1) -> None:
        self.name, self.port, self.addresses, self.pairs = name, port, addresses, pairs


class Host(Node):
    """A Service, one of its ports or one of its endpoints: addresses, and SRV records."""

    __slots__ = ("_addresses", "_targets", "_ttl")

    def __init__(
        self, ttl: int, addresses: Callable[[], Addresses], targets: Callable[[], Iterator[Target]] | None = None
    ) -> None:
        super().__init__()
        self._ttl, self._addresses, self._targets = ttl, addresses, targets

    def answer(self, type_: int, asked: int) -> Answer:
        if type_ in (A, AAAA):
            return addresses_answer(self._ttl, self._addresses(), type_)
        if type_ == SRV and self._targets is not None:
            return services(self._ttl, list(self._targets()), HEADER + asked)
        return NODATA


class Reverse(Node):
    """The names of an address, the preferred one first."""

    __slots__ = ("_targets", "_ttl")

    def __init__(self, ttl: int, targets: Iterable[bytes]) -> None:
        super().__init__()
        self._ttl, self._targets = ttl, tuple(targets)

    def answer(self, type_: int, asked: int) -> Answer:
        if type_ != PTR:
            return REVERSE_NODATA
        return Answer(tuple(record(ASKED, PTR, self._ttl, target) for target in self._targets))


def address_records(owner: bytes, ttl: int, addresses: Addresses, type_: int) -> list[bytes]:
    """One record per address of the family. A Service may have thousands, so the common part is made once."""
    size = 4 if type_ == A else 16
    chosen = [address for address in addresses if len(address) == size]
    if len(chosen) <= _ORDERED:
        chosen.sort()
    common = record(owner, type_, ttl, bytes(size))[:-size]
    return [common + address for address in chosen]


def addresses_answer(ttl: int, addresses: Addresses, type_: int) -> Answer:
    records = address_records(ASKED, ttl, addresses, type_)
    return Answer(tuple(records), rotate=True) if records else NODATA


def services(ttl: int, targets: list[Target], start: int) -> Answer:
    """SRV records and the addresses of their targets. The owners of the addresses are pointers to the targets, which
    stand uncompressed in the SRV records (RFC 2782); `start` is where the first record will begin."""
    targets.sort(key=lambda target: (target.name, target.port))
    # As CoreDNS does it: an endpoint counts once for each address and slice, also where it becomes one record.
    weight = max(1, 100 // max(1, sum(target.pairs for target in targets)))
    records: list[bytes] = []
    more: list[bytes] = []
    seen: set[bytes] = set()
    at = start
    for target in targets:
        made = record(ASKED, SRV, ttl, pack("!HHH", 0, weight, target.port) + target.name)
        records.append(made)
        at += len(made)
        if target.name in seen:
            continue
        seen.add(target.name)
        begins = at - len(target.name)
        owner = message.pointer(begins) if begins < 0x4000 else target.name
        for type_ in (A, AAAA):
            more += address_records(owner, ttl, target.addresses, type_)
    return Answer(tuple(records), tuple(more)) if records else NODATA
