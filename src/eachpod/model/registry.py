"""The one table of kinds: routes, discovery, OpenAPI, the client and the command line all read it."""

from collections.abc import Iterable, Iterator

from .kind import Kind
from .resource import Resource


class Registry:
    """Kinds by the names that clients use. Custom resources join and leave by `add` and `remove`."""

    def __init__(self, kinds: Iterable[Kind] = ()) -> None:
        self._by_plural: dict[tuple[str, str, str], Kind] = {}
        self._by_kind: dict[tuple[str, str, str], Kind] = {}
        for kind in kinds:
            self.add(kind)

    def add(self, kind: Kind) -> None:
        r = kind.resource
        self._by_plural[r.group, r.version, r.plural] = kind
        self._by_kind[r.group, r.version, r.kind] = kind

    def remove(self, resource: Resource) -> None:
        self._by_plural.pop((resource.group, resource.version, resource.plural), None)
        self._by_kind.pop((resource.group, resource.version, resource.kind), None)

    def __iter__(self) -> Iterator[Kind]:
        return iter(self._by_plural.values())

    def by_plural(self, group: str, version: str, plural: str) -> Kind | None:
        return self._by_plural.get((group, version, plural))

    def by_kind(self, api_version: str, kind: str) -> Kind | None:
        group, _, version = api_version.rpartition("/")
        return self._by_kind.get((group, version, kind))

    def groups(self) -> list[str]:
        """Group names in the order of first registration, each once; "" is the core group."""
        return list(dict.fromkeys(r.resource.group for r in self))
