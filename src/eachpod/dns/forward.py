"""Deciding for names that are not the cluster's: which resolvers to ask, and how long an answer may be kept."""

from . import message

MAX_KEPT = 2000
MAX_LIFE = 30.0


def resolvers(resolv_conf: str, own: frozenset[str]) -> tuple[str, ...]:
    """The name servers of a resolv.conf, without ourselves: asking those would go round for ever."""
    found = []
    for line in resolv_conf.splitlines():
        words = line.split("#")[0].split(";")[0].split()
        if len(words) >= 2 and words[0] == "nameserver" and words[1] not in own:
            found.append(words[1])
    return tuple(dict.fromkeys(found))


class Kept:
    """Answers of other resolvers, for as long as their records allow. Names of the cluster never come here."""

    def __init__(self) -> None:
        self._replies: dict[tuple[bytes, int], tuple[float, bytes]] = {}

    def get(self, name: bytes, type_: int, now: float) -> bytes | None:
        found = self._replies.get((name, type_))
        return found[1] if found is not None and found[0] > now else None

    def put(self, name: bytes, type_: int, reply: bytes, now: float) -> None:
        life = message.least_ttl(reply)
        if not life or message.rcode_of(reply) not in (message.NOERROR, message.NXDOMAIN):
            return
        if len(self._replies) >= MAX_KEPT:
            self._replies = {key: kept for key, kept in self._replies.items() if kept[0] > now}
            if len(self._replies) >= MAX_KEPT:
                self._replies.clear()
        self._replies[name, type_] = (now + min(life, MAX_LIFE), reply)


def matches(query: bytes, reply: bytes) -> bool:
    """Whether a datagram answers our question: same id and name, a response."""
    if len(reply) < message.HEADER or reply[:2] != query[:2] or not reply[2] & 0x80:
        return False
    end, asked = message.name_end(reply, message.HEADER), message.name_end(query, message.HEADER)
    if end is None or asked is None or len(reply) < end + 4:
        return False
    own = query[message.HEADER : asked + 4]
    return reply[message.HEADER : end + 4].lower() == own.lower()
